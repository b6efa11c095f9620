// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-place: places new ranges.
 *
 * An owner gets the same range in both databases if possible, else one of each; of the
 * pool that the policy assigns, or outside all pools. In a user
 * namespace in which not every id is mapped, ranges of mapped ids are preferred.
 */
#include <errno.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/userns.h"

/* Adds the ranges placed in the databases of @kinds. */
static int put_placed(const struct allocate_work *work, const bool kinds[static 2],
		      struct allocated_ids *used)
{
	int r = 0;

	for (size_t i = 0; i < work->allocate->n; i++) {
		const struct allocate_item *item = &work->allocate->items[i];

		for (size_t k = 0; r == 0 && k < 2; k++)
			if (kinds[k] && allocate_is_placed(item, k))
				r = allocated_ids_put(used, item->ranges[k]);
	}
	return r;
}

/* A user without a pool gets no ids of one. */
static int put_pools(const struct allocate_work *work, struct allocated_ids *used)
{
	int r = 0;

	for (size_t i = 0;
	     work->policy && work->pool == 0 && r == 0 && i < work->policy->n_pools; i++)
		r = allocated_ids_put(used, work->policy->pools[i].ids);
	return r;
}

/*
 * Collects the ids that are now in use in any of the databases of @kinds; of those that
 * users with another pool than the one at work get, only some.
 */
static int fill_set(const struct allocate_work *work, const bool kinds[static 2],
		    struct range_set *set, uint64_t *ret_top)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids all = { 0 };
	int r = put_placed(work, kinds, &all);

	for (size_t k = 0; r == 0 && k < 2; k++) {
		const struct allocated_ids *used = &work->used[k];
		uint64_t top;

		for (size_t i = 0; kinds[k] && r == 0 && i < used->n; i++)
			r = allocated_ids_put(&all, used->ranges[i]);
		top = work->tops[k] ? work->tops[k][work->pool] : used->top;
		if (kinds[k] && top > all.top)
			all.top = top;
	}
	for (size_t k = 0; k < 2 && work->existing_only; k++)
		for (size_t i = 0; kinds[k] && r == 0 && i < work->absent[k].n; i++)
			r = allocated_ids_put(&all, work->absent[k].ranges[i]);
	if (r == 0)
		r = put_pools(work, &all);
	*ret_top = all.top;
	return r ? r : range_set_fill(set, all.ranges, all.n);
}

static int make_space(const struct allocate_work *work, const bool kinds[static 2],
		      const struct alloc_request *request, struct alloc_space *ret_space)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_FILE_RANGES);
	uint64_t top;
	int r = fill_set(work, kinds, &set, &top);

	return r ? r :
		   alloc_space_init(ret_space, request, &set,
				    work->allocate->above ? top : 0);
}

static bool wants_pair(const struct allocate_work *work, const struct allocate_item *item)
{
	return allocate_is_missing(item, 0) && allocate_is_missing(item, 1) &&
	       allocate_count_of(work, item, 0) == allocate_count_of(work, item, 1);
}

/* Assigns the same free range in both databases to each item, where possible. */
static int place_pairs(struct allocate_work *work)
{
	static const bool both[] = { true, true };
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	struct alloc_request request = allocate_request(work, 0);
	int r = 0;

	if (!range_intersect(request.bounds, allocate_request(work, 1).bounds,
			     &request.bounds))
		return 0;
	for (size_t i = 0; r == 0 && i < work->allocate->n; i++) {
		struct allocate_item *item = &work->allocate->items[i];
		struct range range;

		if (!allocate_is_turn(work, item) || !wants_pair(work, item))
			continue;
		if (!space.gaps)
			r = make_space(work, both, &request, &space);
		if (r == 0)
			r = alloc_space_take(&space, allocate_count_of(work, item, 0),
					     &range);
		if (r == 0)
			item->ranges[0] = item->ranges[1] = range;
		else if (r == ALLOC_NONE)
			r = 0;
	}
	return r;
}

/* Stores why item @i gets no range of kind @k, if it is the first one. Returns DB_FULL.
 */
int allocate_fail_full(struct allocate_work *work, size_t k, size_t i, int why)
{
	const struct owner_set *people = work->allocate->people;

	if (work->is_full)
		return DB_FULL;
	work->is_full = true;
	work->allocate->full = (struct allocate_full){
		.why = why,
		.pool = work->pool ? &work->policy->pools[work->pool - 1] : NULL,
		.kind = kind_all[k],
		.item = i,
		.uid = people->items[i].uid,
		.count = allocate_count_of(work, &work->allocate->items[i], k),
	};
	return db_fail(work->db, kind_all[k], DB_FULL);
}

static bool needs_both(const struct allocate_item *item)
{
	return item->needed[0] && item->needed[1];
}

/* Assigns a free range in database @k to each item that has none yet; one without a place
 * sets work->is_full. */
static int place_singles(struct allocate_work *work, size_t k)
{
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	const struct alloc_request request = allocate_request(work, k);
	const bool kinds[] = { k == 0, k == 1 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < work->allocate->n; i++) {
		struct allocate_item *item = &work->allocate->items[i];
		uint64_t count = allocate_count_of(work, item, k);
		bool pair_only = work->allocate->together && needs_both(item);

		if (!allocate_is_turn(work, item) || !allocate_is_missing(item, k) ||
		    (pair_only && work->existing_only))
			continue;
		if (pair_only) {
			allocate_fail_full(work, k, i,
					   work->pool ? ALLOCATE_POOL : ALLOC_NONE);
			continue;
		}
		if (!space.gaps)
			r = make_space(work, kinds, &request, &space);
		if (r == 0)
			r = alloc_space_take(&space, count, &item->ranges[k]);
		if (r == ALLOC_NONE && !work->existing_only)
			allocate_fail_full(work, k, i,
					   work->pool		       ? ALLOCATE_POOL :
					   count > alloc_ids(&request) ? ALLOC_COUNT :
									 ALLOC_NONE);
		if (r == ALLOC_NONE)
			r = 0;
	}
	return r;
}

/* Returns whether @range is free and within the bounds of database @k. */
static bool fits(const struct allocate_work *work, size_t k, const struct range_set *set,
		 struct range range)
{
	struct range bounds = allocate_request(work, k).bounds;

	return bounds.start <= range.start && range.end <= bounds.end &&
	       range.end <= ID_NONE && !range_set_overlaps(set, range);
}

/*
 * Assigns to an owner with ranges of only the other kind the same range of this kind, if
 * it is free and has the wanted size.
 */
static int place_mirrors(struct allocate_work *work, size_t k)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_FILE_RANGES);
	const struct allocated_ids *other = &work->used[!k];
	const bool kinds[] = { k == 0, k == 1 };
	uint64_t top;
	int r = 0;

	for (size_t i = 0; r == 0 && i < other->n_holdings; i++) {
		struct allocate_item *item =
			&work->allocate->items[other->holdings[i].person];
		struct range range = other->holdings[i].range;

		if (!allocate_is_turn(work, item) || !allocate_is_missing(item, k) ||
		    item->needed[!k] ||
		    range_count(range) != allocate_count_of(work, item, k))
			continue;
		if (set.n == 0)
			r = fill_set(work, kinds, &set, &top);
		if (r == 0 && fits(work, k, &set, range)) {
			item->ranges[k] = range;
			r = range_set_add(&set, range);
		}
	}
	return r;
}

static int place_of_pool(struct allocate_work *work)
{
	int r = 0;

	for (size_t k = 0; r == 0 && work->allocate->mirror && k < 2; k++)
		r = place_mirrors(work, k);
	if (r == 0)
		r = place_pairs(work);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = place_singles(work, k);
	return r;
}

/* Places for the users without a pool, unless their ranges follow from the uids, and for
 * those of each pool. */
static int place_all(struct allocate_work *work)
{
	const struct allocate *allocate = work->allocate;
	CLEANUP(cleanup_free) bool *done = NULL;
	int r = 0;

	work->pool = 0;
	if (!allocate->settings.deterministic)
		r = place_of_pool(work);
	if (r || !work->policy)
		return r;
	done = calloc(work->policy->n_pools + 1, sizeof(*done));
	if (!done)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < allocate->n; i++) {
		work->pool = allocate_pool_of(&allocate->items[i]);
		if (work->pool > 0 && !done[work->pool])
			r = place_of_pool(work);
		done[work->pool] = true;
	}
	work->pool = 0;
	return r;
}

/* Clears the ranges of items of which only one was placed. */
static void take_back_halves(struct allocate_work *work)
{
	for (size_t i = 0; i < work->allocate->n; i++) {
		struct allocate_item *item = &work->allocate->items[i];

		if (allocate_is_missing(item, 0) || allocate_is_missing(item, 1))
			item->ranges[0] = item->ranges[1] = (struct range){ 0 };
	}
}

/*
 * Finds the ids that are not mapped in this user namespace, unless the databases are
 * those of another system. If this is unknown, for example without /proc, all ids count
 * as mapped.
 * Returns 0 or -ENOMEM.
 */
int allocate_find_absent(struct allocate_work *work)
{
	int r = 0;

	for (size_t k = 0; k < 2; k++)
		work->absent[k].max = SIZE_MAX;
	for (size_t k = 0; r == 0 && k < 2 && work->db->place == DB_LIVE; k++)
		r = userns_absent(kind_all[k], &work->absent[k]);
	return r == -ENOMEM ? r : 0;
}

/* Assigns free ranges to all items that need one. Returns 0, DB_FULL or -ENOMEM. */
int allocate_place_free(struct allocate_work *work)
{
	int r = 0;

	if (work->absent[0].n > 0 || work->absent[1].n > 0) {
		work->existing_only = true;
		r = place_all(work);
		work->existing_only = false;
		take_back_halves(work);
	}
	if (r == 0)
		r = place_all(work);
	return r == 0 && work->is_full ? DB_FULL : r;
}

/* Returns whether an owner has the wanted total with the placed range, or -errno. */
static int is_total_reached(const struct allocate_work *work, size_t i, size_t k)
{
	CLEANUP(range_set_cleanup)
	struct range_set missing = RANGE_SET(LIMIT_FILE_RANGES);
	const struct allocate_item *item = &work->allocate->items[i];
	int r = allocated_ids_find_not_held(&work->used[k], i, item->ranges[k], &missing);
	uint64_t total = item->held[k];

	for (size_t j = 0; j < missing.n; j++)
		total += range_count(missing.ranges[j]);
	return r < 0 ? r : total >= allocate_wish_of(work, item, k);
}

/*
 * Places the deterministic range of the uid; a range of another size is refused, except
 * one that has at least the ids that are missing.
 */
static int place_by_uid(const struct allocate_work *work, size_t i, size_t k)
{
	const struct settings *settings = &work->allocate->settings;
	struct allocate_item *item = &work->allocate->items[i];
	uid_t uid = work->allocate->people->items[i].uid;
	uint64_t count = allocate_count_of(work, item, k);
	int r;

	if (work->allocate->at_least && count < settings->requests[k].count)
		count = settings->requests[k].count;
	if (uid == OWNER_SET_NO_UID)
		return ALLOC_NONE;
	if (count != settings->requests[k].count)
		return work->allocate->at_least ? ALLOCATE_TOTAL : ALLOC_NONE;
	r = alloc_deterministic(&settings->requests[k], uid, settings->uid_min,
				&item->ranges[k]);
	if (r || !work->allocate->at_least)
		return r;
	r = is_total_reached(work, i, k);
	return r > 0 ? 0 : r < 0 ? r : ALLOCATE_TOTAL;
}

/* The same; a range with ids of a pool is refused to users without one. */
static int place_outside_pools(struct allocate_work *work, size_t i, size_t k)
{
	const struct policy_pool *pool = NULL;
	int r = place_by_uid(work, i, k);

	if (r == 0 && work->policy)
		pool = policy_pool_in(work->policy, work->allocate->items[i].ranges[k]);
	if (pool) {
		allocate_fail_full(work, k, i, ALLOCATE_OF_POOL);
		work->allocate->full.pool = pool;
		return DB_FULL;
	}
	return r > 0 ? allocate_fail_full(work, k, i, r) : r;
}

/* Places the deterministic ranges of all items without a pool. Returns 0, DB_FULL or
 * -ENOMEM. */
int allocate_place_deterministically(struct allocate_work *work)
{
	for (size_t k = 0; work->allocate->at_least && k < 2; k++)
		allocated_ids_sort_holdings(&work->used[k]);
	for (size_t i = 0; i < work->allocate->n; i++) {
		struct allocate_item *item = &work->allocate->items[i];
		int r = 0;

		if (item->assign)
			continue;
		/* The name service is asked when conflicts are. */
		item->asked = true;
		for (size_t k = 0; r == 0 && k < 2; k++)
			if (allocate_is_missing(item, k))
				r = place_outside_pools(work, i, k);
		if (r)
			return r;
		if (work->allocate->together && needs_both(item) &&
		    !range_equals(item->ranges[0], item->ranges[1]))
			return allocate_fail_full(work, 0, i, ALLOC_NONE);
	}
	return 0;
}
