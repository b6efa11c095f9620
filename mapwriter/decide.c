// SPDX-License-Identifier: BSD-3-Clause
/*
 * decide: compares the ids that are asked for with what the database grants.
 *
 * MUST: the default is to refuse. The ids that must be granted are a set; each line of
 * the caller removes ids from it; the map is refused if any are left at the end.
 *
 * Memory does not grow with the database. Each line may split a range of the set in two,
 * up to DECIDE_RANGES ranges. A line that would exceed this is applied in a later pass,
 * after other lines have removed their ids.
 */
#include <errno.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/owner.h"
#include "mapwriter/decide.h"

#ifndef DECIDE_RANGES /* a test sets fewer */
#define DECIDE_RANGES (16 * LIMIT_EXTENTS)
#endif

/* Most maps take no memory. */
#define DECIDE_FEW 8

/* At most so many other login names of the caller are found. */
#define DECIDE_NAMES 16

struct decision_search {
	const struct idmap *map;
	const struct lookup *lookup;
	struct owner owner; /* the caller */
	uint32_t own_id;
	struct scan scan;
	struct range_set left;
	/* As in struct decision. */
	bool owns;
	int name_service;
};

static void decision_search_cleanup(struct decision_search *search)
{
	scan_end(&search->scan);
	range_set_clear(&search->left);
	owner_cleanup(&search->owner);
}

/* Removes what the caller's lines grant from the set. Stops reading when it is empty. */
static int take_own_lines(struct decision_search *search)
{
	bool again, progress;
	struct entry entry;
	int r = 0;

	do {
		again = progress = false;
		scan_rewind(&search->scan);
		while (search->left.n > 0 &&
		       (r = owner_next_entry(&search->owner, &search->scan, &entry)) >
			       0) {
			search->owns = true;
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

/* Decides by the ids that are left. @asked: some ids had to be granted. */
static int conclude(const struct decision_search *search, bool asked,
		    struct decision *ret_decision)
{
	const struct extent *extents = search->map->extents;
	struct decision decision = {
		.delegated = asked && search->left.n == 0,
		.owns = search->owns,
		.name_service = search->name_service,
	};
	int r = idmap_decide(search->map, search->own_id, &search->left,
			     &decision.refused);

	if (r && extents[decision.refused].count > 0)
		range_set_intersect(&search->left,
				    extent_outer(&extents[decision.refused]),
				    &decision.missing);
	*ret_decision = decision;
	return r ? DECIDE_REFUSED : 0;
}

/* The first id that is missing so far, in the order of the extents. */
static struct range first_missing(const struct decision_search *search)
{
	struct range first = search->left.ranges[0];
	struct decision decision;

	/* The caller's own id, if it is the only extent, is refused in no case. */
	if (conclude(search, true, &decision) && decision.missing.end > 0)
		first = decision.missing;
	first.end = first.start + 1;
	return first;
}

/*
 * Looks up whether the owner of a line is the caller, and adds the name if so. The yes
 * must be certain, see nss_user_certain(). Returns 1, 0 or -ENOMEM.
 */
static int ask_owner(struct decision_search *search, const struct entry *entry)
{
	char name[LIMIT_OWNER_BYTES + 1];
	struct account account;
	int r;

	if (entry->by_id || search->owner.n == DECIDE_NAMES ||
	    owner_is(entry, &search->owner))
		return 0;
	memcpy(name, entry->owner, entry->owner_len);
	name[entry->owner_len] = '\0';
	r = lookup_name(search->lookup, name, &account);
	if (r < 0)
		search->name_service = -r;
	if (r || account.uid != search->owner.account.uid)
		return 0;
	r = owner_add_name(&search->owner, entry->owner, entry->owner_len);
	return r ? r : 1;
}

/*
 * Looks for another login name of the caller.
 *
 * The name service is asked only about lines that contain the first missing id: if none
 * of their owners is the caller, the map is refused in any case.
 * Returns 1 if a name was found, 0 or -errno.
 */
static int find_alias(struct decision_search *search)
{
	struct range first = first_missing(search);
	struct scan_line line;
	struct entry entry;
	int r;

	scan_rewind(&search->scan);
	while ((r = scan_next(&search->scan, &line)) > 0) {
		if (!entry_may_overlap(line.text, line.len, first) ||
		    entry_parse(line.text, line.len, &entry) ||
		    !range_overlaps(entry.range, first))
			continue;
		r = ask_owner(search, &entry);
		if (r)
			return r;
	}
	return r;
}

static int take_granted(struct decision_search *search, const struct dbfile *file)
{
	int r;

	scan_start(&search->scan, file->fd);
	do {
		r = take_own_lines(search);
		if (r || search->left.n == 0)
			return r;
		r = find_alias(search);
	} while (r > 0);
	return r;
}

/* Removes what the database grants from the set; after a read error it grants no more. */
static int take_from(struct dbfile *file, struct decision_search *search)
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
 * Decides about a map that idmap_parse() accepted.
 *
 * lookup: how to look up owners. account: the caller. own_id: the caller's real uid or
 * gid, by @kind.
 * file: opened, not checked yet; it is not needed for a map of only the caller's own id.
 * Returns 0 (granted), DECIDE_REFUSED, DECIDE_NO_DATABASE or -ENOMEM; the map may be
 * written only after 0. *ret_decision says more about 0 and DECIDE_REFUSED.
 */
int decide(const struct kind *kind, const struct idmap *map, const struct lookup *lookup,
	   const struct account *account, uint32_t own_id, struct dbfile *file,
	   struct decision *ret_decision)
{
	struct range few[DECIDE_FEW];
	CLEANUP(decision_search_cleanup)
	struct decision_search search = {
		.map = map,
		.lookup = lookup,
		.own_id = own_id,
		.left = RANGE_SET_IN(few, DECIDE_RANGES),
	};
	bool asked;
	int r;

	r = idmap_request(map, own_id, kind->group, &search.left);
	if (r)
		return r < 0 ? r : -ENOMEM;
	asked = search.left.n > 0;
	if (asked) {
		owner_set(&search.owner, account);
		r = take_from(file, &search);
		if (r && !idmap_is_own(map, own_id))
			return r;
	}
	return conclude(&search, asked, ret_decision);
}

/*
 * Decides as decide() does, by ranges that another source grants to the caller. They must
 * be of one source, since they are combined.
 *
 * denied: extents that the source does not grant, whatever its ranges are.
 * Returns 0 (granted), DECIDE_REFUSED or -ENOMEM.
 */
int decide_granted(const struct kind *kind, const struct idmap *map, uint32_t own_id,
		   const struct range_set *granted, const struct range_set *denied,
		   struct decision *ret_decision)
{
	CLEANUP(decision_search_cleanup)
	struct decision_search search = {
		.map = map,
		.own_id = own_id,
		.left = RANGE_SET(2 * LIMIT_EXTENTS + LIMIT_PLUGIN_ANSWER),
	};
	bool asked;
	int r;

	r = idmap_request(map, own_id, kind->group, &search.left);
	if (r)
		return r < 0 ? r : -ENOMEM;
	asked = search.left.n > 0;
	for (size_t i = 0; i < granted->n; i++) {
		r = range_set_subtract(&search.left, granted->ranges[i]);
		if (r)
			return r < 0 ? r : -ENOMEM;
	}
	for (size_t i = 0; i < denied->n; i++) {
		r = range_set_add(&search.left, denied->ranges[i]);
		if (r)
			return r < 0 ? r : -ENOMEM;
	}
	return conclude(&search, asked, ret_decision);
}
