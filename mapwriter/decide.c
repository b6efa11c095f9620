// SPDX-License-Identifier: BSD-3-Clause
/*
 * decide: compares the ids that are asked for with what the database grants.
 *
 * MUST: the default is to refuse. The ids that must be granted are a set; a line takes
 * ids out of it; whatever is left when the database ends is refused.
 *
 * Memory does not grow with the database. The set may split in two with each line, up to
 * DECIDE_RANGES; a line that would split it further is left for another pass, which
 * begins where the earlier lines have already taken theirs away.
 */
#include <errno.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/scan.h"
#include "mapwriter/decide.h"

#ifndef DECIDE_RANGES /* a test takes fewer */
#define DECIDE_RANGES (16 * LIMIT_EXTENTS)
#endif

struct search {
	const struct account *account;
	struct scan scan;
	struct range_set left;
	int name_service; /* as in struct decision */
};

static void search_cleanup(struct search *search)
{
	scan_end(&search->scan);
	range_set_clear(&search->left);
}

/*
 * Steps to the next line that is an entry of the caller's by login name or uid. Most
 * lines are somebody else's, which their first bytes tell: they are not parsed.
 */
static int next_own_entry(struct search *search, struct entry *ret_entry)
{
	struct scan_line line;
	int r;

	while ((r = scan_next(&search->scan, &line)) > 0)
		if (account_begins(search->account, line.text, line.len) &&
		    entry_parse(line.text, line.len, ret_entry) == 0)
			return 1;
	return r;
}

/*
 * Takes away what lines with the caller's login name or uid grant. As soon as nothing is
 * left the rest of the file is not read.
 */
static int take_own_lines(struct search *search)
{
	bool again, progress;
	struct entry entry;
	int r;

	do {
		again = progress = false;
		r = scan_rewind(&search->scan);
		if (r)
			return r;
		while (search->left.n > 0 && (r = next_own_entry(search, &entry)) > 0) {
			if (!range_set_overlaps(&search->left, entry.range))
				continue;
			r = range_set_subtract(&search->left, entry.range);
			if (r < 0)
				return r;
			again |= r == RANGE_SET_FULL;
			progress |= r == 0;
		}
		if (r < 0)
			return r;
	} while (again && progress && search->left.n > 0);
	return 0;
}

/*
 * Steps to the next line that is an entry with the lowest id that is left. Returns 1, 0
 * at the end, or -errno.
 */
static int next_candidate(struct search *search, struct entry *ret_entry)
{
	uint64_t lowest = search->left.ranges[0].start;
	struct scan_line line;
	int r;

	while ((r = scan_next(&search->scan, &line)) > 0)
		if (entry_may_contain(line.text, line.len, lowest) &&
		    entry_parse(line.text, line.len, ret_entry) == 0)
			return 1;
	return r;
}

/*
 * Takes away what lines with other login names of the caller's uid grant.
 *
 * The name service is asked only about lines that contain the lowest id that is left:
 * if none of their owners is the caller, the answer is no, whatever the others are.
 */
static int take_alias_lines(struct search *search)
{
	struct entry entry;
	bool progress;
	int r;

	do {
		progress = false;
		r = scan_rewind(&search->scan);
		if (r)
			return r;
		while (search->left.n > 0 && (r = next_candidate(search, &entry)) > 0) {
			if (entry.by_id)
				continue;
			r = account_name_is_uid(entry.owner, entry.owner_len,
						search->account->uid);
			if (r < 0)
				search->name_service = r;
			if (r <= 0)
				continue;
			/* Takes away from the lower end: the set does not split. */
			r = range_set_subtract(&search->left, entry.range);
			if (r < 0)
				return r;
			progress = r == 0;
		}
		if (r < 0)
			return r;
	} while (progress && search->left.n > 0);
	return 0;
}

static int take_granted(struct search *search, const struct dbfile *file)
{
	int r = scan_start(&search->scan, file->fd);

	if (r)
		return r;
	r = take_own_lines(search);
	if (r || search->left.n == 0)
		return r;
	return take_alias_lines(search);
}

/*
 * Takes away what the database grants. One that cannot be used, from its begin or from
 * the middle on, grants nothing (more).
 */
static int take_from(struct dbfile *file, struct search *search)
{
	int r;

	if (dbfile_vet(file))
		return DECIDE_NO_DATABASE;
	r = take_granted(search, file);
	if (r == 0)
		return 0;
	file->fault = DBFILE_UNREADABLE;
	file->error = -r;
	return DECIDE_NO_DATABASE;
}

/*
 * Decides about a map that idmap_parse() took.
 *
 * account: the caller. own_id: the caller's real uid or gid, by @kind.
 * file: opened, not yet judged; a map of nothing but the caller's own id needs none.
 * Returns 0 (granted), DECIDE_REFUSED, DECIDE_NO_DATABASE or -ENOMEM: only 0 may be
 * followed by a write.
 */
int decide(const struct kind *kind, const struct idmap *map,
	   const struct account *account, uint32_t own_id, struct dbfile *file,
	   struct decision *ret_decision)
{
	CLEANUP(search_cleanup)
	struct search search = {
		.account = account,
		.left = RANGE_SET(DECIDE_RANGES),
	};
	bool own = idmap_is_own(map, own_id);
	int r;

	r = idmap_request(map, own_id, kind->group, &search.left);
	if (r)
		return r;
	if (search.left.n > 0) {
		r = take_from(file, &search);
		if (r && !own)
			return r;
	}
	ret_decision->name_service = search.name_service;
	if (idmap_decide(map, own_id, &search.left, &ret_decision->refused)) {
		const struct extent *extent = &map->extents[ret_decision->refused];

		if (extent->count == 0 ||
		    !range_set_intersect(&search.left, extent_outer(extent),
					 &ret_decision->missing))
			ret_decision->missing = (struct range){ 0 };
		return DECIDE_REFUSED;
	}

	ret_decision->from_database = !own || (kind->group && search.left.n == 0);
	return 0;
}
