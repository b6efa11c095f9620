/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idnames: finds the name of a user or group by its id.
 */
#ifndef SUBID_IDNAMES_H
#define SUBID_IDNAMES_H

#include <stdint.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/passwd-file.h"
#include "subid/verb/owners.h"

/* Number of cached answers of the name service. */
#define IDNAMES_KEPT 256

struct idnames_answer {
	bool kept;
	bool silent; /* the name service did not answer */
	uint32_t id;
	char name[LIMIT_OWNER_BYTES + 1]; /* empty: the id has no name */
};

struct idnames {
	const struct kind *kind;
	struct owners *owners; /* asks the name service */
	struct accounts local;
	struct idnames_answer *answers;
};

#define IDNAMES_NONE         \
	{                    \
		.kind = NULL \
	}

int idnames_start(struct idnames *names, struct owners *owners, const struct kind *kind);
const char *idnames_find(struct idnames *names, uint32_t id);
bool idnames_is_unknown(struct idnames *names, uint32_t id);
void idnames_cleanup(struct idnames *names);

#endif
