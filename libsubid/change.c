// SPDX-License-Identifier: BSD-3-Clause
/*
 * change: begin, allocate, for both kinds or one.
 *
 * MUST: what is allocated for both kinds is given in both or in none.
 */
#include <errno.h>
#include <stdint.h>

#include "libsubid/allot.h"
#include "libsubid/change.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/etc.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/source.h"

static const unsigned int all_kinds[] = { CHANGE_UID, CHANGE_GID };

/*
 * Begins a transaction on the databases of this system or, with @root not NULL, of the
 * one below it, which are not made where they do not exist.
 *
 * Returns 0, CHANGE_NOT_FILES, a condition of db_load() or -errno. End with db_end() in
 * any case.
 */
int change_begin(struct db *db, const char *root, unsigned int kinds)
{
	struct source_list sources;
	CLEANUP(fd_cleanup) int folder = etc_folder(root, SYSCONFDIR);
	int r;

	if (folder < 0)
		return folder;
	r = db_begin(db, folder, root ? DB_ROOT : DB_LIVE);
	if (r)
		return r;
	if (!root) {
		db_use_own_service(db);
		source_find(&db->nsswitch, PLUGINDIR, &sources);
		if (!source_has(&sources, SOURCE_FILES))
			return CHANGE_NOT_FILES;
	}
	for (size_t i = 0; r == 0 && i < 2; i++)
		if (kinds & all_kinds[i])
			r = db_load(db, change_kind(all_kinds[i]), false);
	return r;
}

/* What is asked for and what login.defs(5) says, for one kind. */
static struct alloc_request one_request(const struct settings *settings,
					const struct kind *kind,
					const struct change_request *asked)
{
	struct alloc_request request = settings->requests[kind->group];

	if (asked->count)
		request.count = asked->count;
	if (asked->bounds.end)
		request.bounds = asked->bounds;
	request.align = asked->align;
	return request;
}

/* One request for all kinds. Returns 0 or DB_FULL: no range can satisfy all. */
static int join_requests(const struct settings *settings, unsigned int kinds,
			 const struct change_request *asked,
			 struct alloc_request *ret_request)
{
	struct alloc_request uid = one_request(settings, &kind_uid, asked);
	struct alloc_request gid = one_request(settings, &kind_gid, asked);

	*ret_request = kinds & CHANGE_UID ? uid : gid;
	if (kinds == (CHANGE_UID | CHANGE_GID) &&
	    (uid.count != gid.count ||
	     !range_intersect(uid.bounds, gid.bounds, &ret_request->bounds)))
		return DB_FULL;
	return 0;
}

/* Where each uid has its place nobody gets another one, nor one of another size. */
static int place_deterministically(const struct settings *settings, unsigned int kinds,
				   const struct alloc_request *request,
				   const struct owner *owner, struct range *ret_range)
{
	for (size_t i = 0; i < 2; i++)
		if ((kinds & all_kinds[i]) &&
		    settings->requests[i].count != request->count)
			return DB_FULL;
	if (!owner_has_account(owner))
		return DB_FULL;
	return alloc_deterministic(request, owner->account.uid, settings->uid_min,
				   ret_range) ?
		       DB_FULL :
		       0;
}

static int grant_both(struct db *db, struct db_grant *grant, struct range range)
{
	struct table *table = &db->sides[kind_uid.group].table;
	const struct table_mark mark = table_mark(table);
	int r;

	r = db_grant(db, &kind_uid, grant, range);
	if (r == 0)
		r = db_grant(db, &kind_gid, grant, range);
	if (r)
		table_take_back(table, mark);
	return r;
}

/*
 * Gives the owner a range that nobody has, in memory; with both kinds the same in each.
 *
 * Returns 0, DB_FULL, DB_CONFLICT (see grant->conflicts) or -errno: nothing was given.
 */
int change_allocate(struct db *db, unsigned int kinds, struct db_grant *grant,
		    const struct settings *settings, const struct change_request *request,
		    struct range *ret_range)
{
	struct alloc_request joined;
	struct range range;
	int r;

	r = join_requests(settings, kinds, request, &joined);
	if (r)
		return r;
	if (joined.count == 0)
		return -EINVAL;
	if (settings->deterministic && request->bounds.end == 0)
		r = place_deterministically(settings, kinds, &joined, grant->owner,
					    &range);
	else
		r = db_find_free(db, kinds & CHANGE_UID, kinds & CHANGE_GID, &joined,
				 &range);
	if (r)
		return r;
	r = kinds == (CHANGE_UID | CHANGE_GID) ?
		    grant_both(db, grant, range) :
		    db_grant(db, change_kind(kinds), grant, range);
	if (r == 0)
		*ret_range = range;
	return r;
}

/*
 * Adds the owner's ranges to @ranges as the transaction has them, in the order of the
 * lines; freed with query_ranges_cleanup(). Returns 0 or -ENOMEM.
 */
int change_ranges(const struct db *db, const struct kind *kind, struct owner *owner,
		  struct query_ranges *ranges)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(&db->sides[kind->group].table, &cursor, &line))
		if (line.fault == 0 && owner_is(&line.entry, owner))
			r = query_ranges_put(ranges, line.entry.range);
	return r;
}
