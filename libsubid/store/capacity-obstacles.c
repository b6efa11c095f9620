// SPDX-License-Identifier: BSD-3-Clause
/*
 * capacity-obstacles: which ids within the bounds cannot be given, and why; also ids that
 * can be given but are a risk.
 */
#include <stdlib.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/capacity.h"

/* Adds an obstacle of one kind; the same one of both kinds is one. */
static int put_obstacle(struct capacity *capacity, size_t k,
			struct capacity_obstacle obstacle)
{
	int r;

	if (obstacle.count == 0)
		obstacle.count = range_count(obstacle.ids);
	for (size_t i = 0; k == 1 && i < capacity->n_obstacles; i++) {
		struct capacity_obstacle *other = &capacity->obstacles[i];

		if (!other->kinds[1] && other->what == obstacle.what &&
		    range_equals(other->ids, obstacle.ids) &&
		    other->count == obstacle.count && other->rule == obstacle.rule) {
			other->kinds[1] = true;
			return 0;
		}
	}
	r = ARRAY_RESERVE(capacity->obstacles, capacity->n_obstacles,
			  capacity->allocated);
	obstacle.kinds[k] = true;
	if (r == 0)
		capacity->obstacles[capacity->n_obstacles++] = obstacle;
	return r;
}

static int put_reserved(struct capacity *capacity, size_t k, struct range bounds,
			const struct policy *policy)
{
	struct capacity_obstacle found = { .what = CAPACITY_RESERVED };
	int r = 0;

	while (r == 0 &&
	       (found.reserved = reserved_next(bounds, found.reserved, &found.ids)))
		r = put_obstacle(capacity, k, found);
	found.what = CAPACITY_RULE;
	while (policy && r == 0 &&
	       (found.rule =
			policy_reserve_next(policy, k, bounds, found.rule, &found.ids)))
		r = put_obstacle(capacity, k, found);
	found.what = CAPACITY_POOL;
	for (size_t i = 0; policy && !capacity->pool && r == 0 && i < policy->n_pools;
	     i++) {
		found.pool = &policy->pools[i];
		if (range_intersect(bounds, found.pool->ids, &found.ids))
			r = put_obstacle(capacity, k, found);
	}
	return r;
}

/* Adds all ranges as one obstacle. */
static int put_span(struct capacity *capacity, size_t k, enum capacity_what what,
		    struct range bounds, const struct range *ranges, size_t n)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(SIZE_MAX);
	CLEANUP(range_set_cleanup) struct range_set within = RANGE_SET(1);
	struct capacity_obstacle found = { .what = what };
	int r = range_set_add(&within, bounds);

	if (r == 0)
		r = range_set_fill(&set, ranges, n);
	if (r == 0)
		r = range_set_keep(&set, &within);
	for (size_t i = 0; i < set.n; i++)
		found.count += range_count(set.ranges[i]);
	if (r || set.n == 0)
		return r;
	found.ids = (struct range){ set.ranges[0].start, set.ranges[set.n - 1].end };
	return put_obstacle(capacity, k, found);
}

static int put_accounts(struct capacity *capacity, size_t k, struct range bounds,
			const struct allocated_ids *used)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids ids = { 0 };
	int r = allocated_ids_put_accounts(&ids, &used->in_use);

	return r ? r :
		   put_span(capacity, k, CAPACITY_ACCOUNTS, bounds, ids.ranges, ids.n);
}

static int put_risks(struct capacity *capacity, size_t k, struct range bounds)
{
	const struct range large = { CAPACITY_LARGE_IDS, ID_NONE };
	struct capacity_obstacle found = { .what = CAPACITY_CHOSEN };
	int r = 0;

	while (r == 0 && (found.reserved = reserved_next_chosen(bounds, found.reserved,
								&found.ids)))
		r = put_obstacle(capacity, k, found);
	found.what = CAPACITY_LARGE;
	if (r == 0 && range_intersect(bounds, large, &found.ids))
		r = put_obstacle(capacity, k, found);
	return r;
}

/* Finds what is in the way within the bounds. Returns 0 or -errno. */
int capacity_find_obstacles(struct capacity *capacity, const struct policy *policy,
			    const struct capacity_side sides[static 2])
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		struct range bounds = capacity->requests[k].bounds;
		const struct allocated_ids *used = sides[k].used;

		if (!capacity->kinds[k] || bounds.start >= bounds.end)
			continue;
		r = put_reserved(capacity, k, bounds, policy);
		if (r == 0)
			r = put_span(capacity, k, CAPACITY_LINES, bounds, used->ranges,
				     used->n_lines);
		if (r == 0)
			r = put_accounts(capacity, k, bounds, used);
		if (r == 0)
			r = put_risks(capacity, k, bounds);
	}
	return r;
}
