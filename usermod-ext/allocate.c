// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate: the next free range of both kinds, the same in both where that is possible,
 * within the bounds of login.defs(5). A kind of which the user holds a range already is
 * left alone, so that running it twice does no more than once.
 */
#include "usermod-ext/allocate.h"
#include "libsubid/core/cleanup.h"

/*
 * Allocates what the user does not have, in memory.
 *
 * Returns 0, DB_FULL, DB_CONFLICT or -errno.
 */
int allocate(struct db *db, struct db_grant *grant, const struct settings *settings,
	     struct allotment *ret_allotted)
{
	CLEANUP(people_cleanup) struct people people = { 0 };
	struct allot allot = {
		.people = &people,
		.items = ret_allotted,
		.n = 1,
		.settings = *settings,
		.kinds = { true, true },
		.if_missing = true,
	};
	int r;

	*ret_allotted = (struct allotment){ 0 };
	r = people_add_owner(&people, grant->owner);
	return r ? r : allot_ranges(db, &allot, grant);
}
