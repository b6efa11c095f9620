// SPDX-License-Identifier: BSD-3-Clause
/*
 * change: begins transactions and allocates, for one kind or both.
 *
 * MUST: an allocation for both kinds changes both databases or neither.
 */
#include <errno.h>
#include <stdint.h>

#include "libsubid/api/change.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"

static const unsigned int all_kinds[] = { CHANGE_UID, CHANGE_GID };

/*
 * Begins a transaction on the databases of this system, or with @root not NULL of the one
 * below it. Missing databases are not created.
 *
 * Returns 0, DB_NOT_FILES, a result of db_load() or -errno. Always end with
 * db_end().
 */
int change_begin(struct db *db, const char *root, unsigned int kinds)
{
	struct source_list sources;
	CLEANUP(fd_cleanup) int directory = etc_open_directory(root, SYSCONFDIR);
	int r;

	if (directory < 0)
		return directory;
	db->root = root;
	r = db_begin(db, directory, root ? DB_ROOT : DB_LIVE);
	if (r)
		return r;
	if (!root) {
		db_use_own_service(db);
		source_find(&db->nsswitch, PLUGINDIR, &sources);
		if (!source_has(&sources, SOURCE_FILES))
			return DB_NOT_FILES;
	}
	for (size_t i = 0; r == 0 && i < 2; i++)
		if (kinds & all_kinds[i])
			r = db_load(db, change_kind(all_kinds[i]), false);
	return r;
}

/*
 * Allocates a range for the owner, in memory; for both kinds the same.
 *
 * request: overrides login.defs(5).
 * allocate: with settings and policy; see allocate_ranges() for the rest.
 * Returns 0, DB_FULL, DB_CONFLICT (see allocate->conflicts) or -errno; changes only with
 * 0.
 */
int change_allocate(struct db *db, unsigned int kinds, const struct owner *owner,
		    const struct change_request *request, struct allocate *allocate,
		    struct range *ret_range)
{
	struct allocate_item item = { .count = request->count };
	uint64_t any_count = request->count;
	int r;

	for (size_t k = 0; k < 2; k++) {
		allocate->kinds[k] = kinds & all_kinds[k];
		if (allocate->kinds[k])
			any_count |= allocate->settings.requests[k].count;
		allocate->settings.requests[k].align = request->align;
		if (request->bounds.end)
			allocate->settings.requests[k].bounds = request->bounds;
		allocate->bounded = request->bounds.end > 0;
	}
	if (any_count == 0)
		return -EINVAL;
	allocate->settings.deterministic &= request->bounds.end == 0;
	allocate->items = &item;
	allocate->n = 1;
	allocate->together = true;
	r = allocate_for_owner(db, allocate, owner);
	allocate->items = NULL;
	if (r == 0)
		*ret_range = item.ranges[allocate->kinds[0] ? 0 : 1];
	return r;
}

/*
 * Adds the owner's ranges in the transaction to @ranges, in the order of the lines; free
 * with query_ranges_cleanup(). Returns 0 or -ENOMEM.
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
