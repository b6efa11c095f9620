/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * retired: retires ids in a transaction: lines get an owner that is no user, so that no
 * program that allocates gives their ids to a user. The former owners are recorded beside
 * the databases.
 *
 *	retired_take	in memory: lines of an owner become lines of retired ids
 *	retired_free	in memory: the reverse; the ids are then free
 *	retired_write	the records; before db_commit(), so that a crash between both
 *			leaves a record without retired line, which has no effect
 */
#ifndef SUBID_RETIRED_H
#define SUBID_RETIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/owner-records.h"
#include "libsubid/store/db.h"

/* What a transaction retires. */
struct retired {
	struct owner_records records; /* the new ones */
	uint64_t epoch;
	const char *note; /* why, for the records */
};

uint64_t retired_clock(void);
int retired_read(const char *root, struct owner_records *ret_records);
bool retired_are_any(const struct table *table);
int retired_take(struct db *db, const struct kind *kind, struct owner *owner,
		 struct range range, struct retired *retired);
int retired_put_free(struct db *db, const struct kind *kind,
		     const struct account *account, struct range range,
		     struct retired *retired);
int retired_free(struct db *db, const struct kind *kind, struct range range);
int retired_held(const struct db *db, const struct kind *kind, struct range range,
		 struct range_set *set);
int retired_write(const struct db *db, const struct retired *retired);

static inline void retired_cleanup(struct retired *retired)
{
	owner_records_cleanup(&retired->records);
}

/* A table_match_fn: returns whether a line is of retired ids. */
static inline bool retired_is(const struct entry *entry, void *context)
{
	(void)context;
	return entry_owner_is_retired(entry->owner, entry->owner_len);
}

#endif
