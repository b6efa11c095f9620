/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owner-records: who has, or had, ranges, besides what the databases say. A line is
 *
 *	KIND FIRST COUNT OWNER UID EPOCH NOTE
 *
 * with `\ooo` for a space, a backslash or a control character of OWNER, and `-` for an
 * unknown UID. The ids themselves are protected by lines of the databases alone: a lost
 * record loses a name.
 */
#ifndef SUBID_OWNER_RECORDS_H
#define SUBID_OWNER_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"

struct owner_record {
	struct range range;
	uint64_t epoch; /* seconds since 1970, UTC */
	size_t owner;	/* see owner_records_text() */
	size_t note;	/* the same */
	uint32_t uid;	/* ID_NONE: unknown */
	bool group;	/* a range of gids */
};

struct owner_records {
	struct owner_record *items; /* the oldest first */
	size_t n;
	size_t allocated;
	char *text;
	size_t len;
	size_t text_allocated;
	uint64_t skipped; /* lines that are no records */
	uint32_t *order;  /* after owner_records_sort(): indices by kind and first id */
	uint64_t *reach;  /* the highest end of items of the kind up to here */
};

int owner_records_parse(struct owner_records *records, const char *text, size_t len);
int owner_records_add(struct owner_records *records, struct owner_record record,
		      const char *owner, size_t owner_len, const char *note);
int owner_records_sort(struct owner_records *records);
const struct owner_record *owner_records_find(const struct owner_records *records,
					      bool group, uint64_t id,
					      const struct entry *entry);
const struct owner_record *owner_records_find_exact(const struct owner_records *records,
						    bool group, struct range range,
						    const char *owner);
int owner_records_format(const struct owner_records *records, char **ret_text,
			 size_t *ret_len);
void owner_records_cleanup(struct owner_records *records);

/* Returns the owner or the note of a record; valid until one is added. */
static inline const char *owner_records_text(const struct owner_records *records,
					     size_t offset)
{
	return records->text ? records->text + offset : "";
}

/*
 * The owner of a line of retired ids: `~` and the former owner, if that fits.
 */

#define RETIRED_NAME_BYTES (LIMIT_OWNER_BYTES + 1)

size_t retired_name(const char *owner, size_t len,
		    char ret_name[static RETIRED_NAME_BYTES]);

#endif
