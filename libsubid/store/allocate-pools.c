// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-pools: the pools of subid.d(5): which of their ids may be given, and the
 * places in them that follow from uids.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"

static const struct policy_pool *pool_of(const struct allocate_work *work, size_t i)
{
	const struct policy_assign *assign = work->allocate->items[i].assign;

	return assign ? &work->policy->pools[assign->pool] : NULL;
}

/* Returns the smallest range with all ids that may be given. */
struct range allocate_span(const struct allocate_work *work, size_t k)
{
	struct range span = work->allocate->settings.requests[k].bounds;

	for (size_t i = 0;
	     work->policy && !work->allocate->fixed && i < work->allocate->n; i++)
		if (pool_of(work, i))
			span = range_span(span, pool_of(work, i)->ids);
	return span;
}

/* Collects all ids that may be given. Returns 0 or -errno. */
int allocate_bounds(const struct allocate_work *work, size_t k, struct range_set *set)
{
	int r = range_set_add(set, work->allocate->settings.requests[k].bounds);

	for (size_t i = 0; work->policy && r == 0 && i < work->allocate->n; i++)
		if (pool_of(work, i))
			r = range_set_add(set, pool_of(work, i)->ids);
	return r;
}

/*
 * Returns which ids may be given of the pool at work. Bounds of the caller hold, too; a
 * request without ids means that there are none.
 */
struct alloc_request allocate_request(const struct allocate_work *work, size_t k)
{
	struct alloc_request request = work->allocate->settings.requests[k];
	const struct policy_pool *pool;

	if (work->pool == 0)
		return request;
	pool = &work->policy->pools[work->pool - 1];
	if (request.align <= 1)
		request.align = pool->align;
	if (!work->allocate->bounded)
		request.bounds = pool->ids;
	else if (!range_intersect(request.bounds, pool->ids, &request.bounds))
		request.bounds = (struct range){ pool->ids.start, pool->ids.start };
	return request;
}

/* Finds the end of the highest range that begins within @bounds. */
static uint64_t top_of(const struct allocated_ids *used, struct range bounds)
{
	uint64_t top = 0;

	for (size_t i = 0; i < used->n; i++)
		if (range_overlaps(used->ranges[i], bounds) && used->ranges[i].end > top)
			top = used->ranges[i].end;
	return top;
}

/* Finds the tops of all pools, before other ids than those of lines are in use. */
int allocate_find_tops(struct allocate_work *work, size_t k)
{
	const struct allocate *allocate = work->allocate;
	const struct allocated_ids *used = &work->used[k];

	if (!work->policy)
		return 0;
	work->tops[k] = calloc(work->policy->n_pools + 1, sizeof(*work->tops[k]));
	if (!work->tops[k])
		return -ENOMEM;
	work->tops[k][0] = top_of(used, allocate->settings.requests[k].bounds);
	for (size_t i = 0; i < allocate->n; i++) {
		size_t pool = allocate_pool_of(&allocate->items[i]);

		if (pool > 0 && work->tops[k][pool] == 0)
			work->tops[k][pool] =
				top_of(used, work->policy->pools[pool - 1].ids);
	}
	return 0;
}

/* Places the range of one item by the uid. Returns 0 or DB_FULL. */
static int place_in_pool(struct allocate_work *work, size_t i, size_t k)
{
	struct allocate_item *item = &work->allocate->items[i];
	int r = 0;

	work->pool = allocate_pool_of(item);
	if (allocate_wish_of(work, item, k) != item->assign->count)
		r = ALLOCATE_SIZE;
	else if (policy_place_by_uid(work->policy, item->assign,
				     work->allocate->people->items[i].uid,
				     &item->ranges[k]))
		r = ALLOCATE_OUTSIDE;
	if (r)
		r = allocate_fail_full(work, k, i, r);
	work->pool = 0;
	return r;
}

/* Places the ranges that follow from uids by the policy. Returns 0 or DB_FULL. */
int allocate_place_by_policy(struct allocate_work *work)
{
	int r = 0;

	for (size_t i = 0; work->policy && i < work->allocate->n; i++) {
		struct allocate_item *item = &work->allocate->items[i];

		if (!item->assign || !item->assign->by_uid)
			continue;
		/* The name service is asked when conflicts are. */
		item->asked = true;
		for (size_t k = 0; r == 0 && k < 2; k++)
			if (allocate_is_missing(item, k))
				r = place_in_pool(work, i, k);
	}
	return r;
}
