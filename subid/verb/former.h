/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * former: who had the ids that are retired, for verbs that show.
 * The records are read at the first question.
 */
#ifndef SUBID_FORMER_H
#define SUBID_FORMER_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/owner-records.h"

struct former {
	struct owner_records records;
	const char *root; /* the directory of an image, or NULL */
	bool read;
};

/* A former owner. */
struct former_owner {
	const char *name; /* of a line, as long as the line, or of a record */
	uint32_t uid;	  /* ID_NONE: unknown */
	uint64_t epoch;	  /* when the ids were retired; 0: unknown */
	const char *why;  /* NULL: unknown */
};

#define FORMER_DATE_BYTES 16

void former_find(struct former *former, const struct kind *kind, uint64_t id,
		 const char *owner, struct former_owner *ret_owner);
void former_find_uid(struct former *former, uint32_t uid, struct former_owner *ret_owner);
const char *former_date(uint64_t epoch, char ret_text[static FORMER_DATE_BYTES]);
void former_cleanup(struct former *former);

#endif
