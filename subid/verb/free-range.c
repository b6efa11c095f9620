// SPDX-License-Identifier: BSD-3-Clause
/*
 * free-range: what the commands need that change a user's ranges: a free range, the one
 * that a grant would choose now, and whether ids are in use. Nothing is locked or
 * written.
 */
#include "subid/verb/free-range.h"
#include "explain/busy.h"
#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/settings.h"

/*
 * Reads the databases of @kinds. Returns 0, an enum of db.h or -errno; end with db_end()
 * in any case.
 *
 * service: in use until then.
 */
int free_range_load(struct db *db, int directory, enum db_place place,
		    const struct name_service *service, const bool kinds[static 2])
{
	int r;

	db->read_only = true;
	r = db_begin(db, directory, place);
	if (r)
		return r;
	db_use_service(db, service);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (kinds[k])
			r = db_load(db, kind_all[k], true);
	return r;
}

/* Whether a process that the user can see uses an id of the range. */
bool free_range_is_in_use(const struct kind *kind, struct range range)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(1);

	return range_set_add(&ids, range) == 0 && busy_uses(kind, &ids);
}

static void set_wish(const struct free_range_wish *wish, struct settings *settings)
{
	/* The range that follows from the uid is elsewhere. */
	if (wish->bounds.end > 0 || wish->align > 0)
		settings->deterministic = false;
	for (size_t k = 0; k < 2; k++) {
		settings->requests[k].align = wish->align;
		if (wish->bounds.end > 0)
			settings->requests[k].bounds = wish->bounds;
	}
}

static int place_wish(struct db *db, const struct owner *owner, int directory,
		      const struct free_range_wish *wish, struct range *ret_range)
{
	struct allocate_item item = { .count = wish->count };
	CLEANUP(allocate_cleanup)
	struct allocate work = {
		.items = &item,
		.n = 1,
		.kinds = { wish->kinds[0], wish->kinds[1] },
		.together = wish->count > 0,
		.above = true,
	};
	struct settings_error error;
	struct range found;
	int r;

	if (settings_read(directory, &work.settings, &error))
		return FACTS_GRANT_WRONG;
	set_wish(wish, &work.settings);
	r = allocate_for_owner(db, &work, owner);
	if (r == DB_FULL)
		return work.full.pool ? FACTS_GRANT_POOL : FACTS_GRANT_FULL;
	if (r)
		return r == DB_POLICY ? FACTS_GRANT_WRONG : FACTS_GRANT_UNKNOWN;
	found = item.ranges[wish->kinds[0] ? 0 : 1];
	if (found.end == 0)
		return FACTS_GRANT_COUNT;
	if (work.absent.end > 0)
		return FACTS_GRANT_FULL;
	*ret_range = found;
	return 0;
}

/*
 * Finds a range that is free in all wanted databases, and which a grant gives the user.
 *
 * directory: of the databases. service: NULL: none is asked.
 * Returns 0 or an enum facts_no_grant.
 */
int free_range_find(const struct account *account, int directory, enum db_place place,
		    const struct name_service *service,
		    const struct free_range_wish *wish, struct range *ret_range)
{
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	struct db db = DB_NONE;
	int r = FACTS_GRANT_UNKNOWN;

	if (owner_init(&owner, account, directory) == 0 &&
	    free_range_load(&db, directory, place, service, wish->kinds) == 0)
		r = place_wish(&db, &owner, directory, wish, ret_range);
	db_end(&db);
	return r;
}
