// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-capacity: how many users get ids where the users of a command get them.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/capacity.h"
#include "libsubid/user/passwd-file.h"

static bool is_needed(const struct allocate_item *item)
{
	return item->needed[0] || item->needed[1];
}

static bool is_by_uid(const struct allocate_work *work, const struct allocate_item *item)
{
	return item->assign ? item->assign->by_uid :
			      work->allocate->settings.deterministic;
}

/* Measures the pool of item @i. */
static int measure_pool_of(struct allocate_work *work, size_t i,
			   const struct capacity_owners *owners)
{
	const struct allocate *allocate = work->allocate;
	const struct allocate_item *item = &allocate->items[i];
	const struct capacity_side sides[] = {
		{ &work->db->sides[0].table, &work->used[0], &work->absent[0] },
		{ &work->db->sides[1].table, &work->used[1], &work->absent[1] },
	};
	struct capacity *capacity;
	int r = capacity_list_add(allocate->capacity, &capacity);

	if (r)
		return r;
	work->pool = allocate_pool_of(item);
	capacity->pool = work->pool ? &work->policy->pools[work->pool - 1] : NULL;
	capacity->by_uid = is_by_uid(work, item);
	capacity->base = item->assign ? item->assign->base : allocate->settings.uid_min;
	for (size_t k = 0; k < 2; k++) {
		capacity->kinds[k] = allocate->kinds[k];
		capacity->requests[k] = allocate_request(work, k);
		capacity->requests[k].count = allocate_wish_of(work, item, k);
	}
	work->pool = 0;
	return capacity_measure(capacity, work->policy, sides, owners);
}

/* Finds the item of the list for the pool of a user, or returns NULL. */
static struct capacity *find_capacity(const struct allocate_work *work,
				      const struct allocate_item *item)
{
	const struct capacity_list *list = work->allocate->capacity;
	size_t pool = allocate_pool_of(item);
	const struct policy_pool *wanted = pool ? &work->policy->pools[pool - 1] : NULL;

	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].pool == wanted)
			return &list->items[i];
	return NULL;
}

/* Finds the uids of the users. */
static int find_uids(const struct owner_set *people, struct range_set *ret_uids)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids uids = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < people->n; i++) {
		uint64_t uid = people->items[i].uid;

		if (people->items[i].uid != OWNER_SET_NO_UID)
			r = allocated_ids_put(&uids, (struct range){ uid, uid + 1 });
	}
	return r ? r : range_set_fill(ret_uids, uids.ranges, uids.n);
}

static int measure_all(struct allocate_work *work, const struct capacity_owners *owners)
{
	const struct allocate *allocate = work->allocate;
	int r = 0;

	for (size_t i = 0; r == 0 && i < allocate->n; i++) {
		const struct allocate_item *item = &allocate->items[i];

		if (!is_needed(item))
			continue;
		if (!find_capacity(work, item))
			r = measure_pool_of(work, i, owners);
		if (r == 0 && is_by_uid(work, item))
			capacity_count_uid(find_capacity(work, item),
					   allocate->people->items[i].uid);
	}
	return r;
}

/*
 * Measures the pools of all users who need ids, before ranges are placed. Returns 0 or
 * -errno.
 */
int allocate_measure(struct allocate_work *work)
{
	CLEANUP(accounts_cleanup) struct accounts roster = { 0 };
	CLEANUP(range_set_cleanup) struct range_set uids = RANGE_SET(SIZE_MAX);
	const struct allocate *allocate = work->allocate;
	struct capacity_owners owners = { &roster, allocate->people, &uids };
	bool by_uid = false;
	int r = 0;

	if (!allocate->capacity)
		return 0;
	capacity_list_cleanup(allocate->capacity);
	for (size_t i = 0; i < allocate->n; i++)
		by_uid |= is_by_uid(work, &allocate->items[i]);
	if (by_uid)
		r = passwd_file_load(work->db->directory, &kind_uid, &roster);
	/* Without the file a line at the place of a uid counts as that user's. */
	if (r && r != -ENOMEM)
		r = 0;
	if (r == 0)
		r = find_uids(allocate->people, &uids);
	return r ? r : measure_all(work, &owners);
}

/*
 * Counts the users who get no free range. @placed: ranges were placed for all who can get
 * one; otherwise the number follows from what is free.
 */
void allocate_count_missing(const struct allocate_work *work, bool placed)
{
	const struct allocate *allocate = work->allocate;

	for (size_t i = 0; allocate->capacity && i < allocate->n; i++) {
		const struct allocate_item *item = &allocate->items[i];
		struct capacity *capacity;

		if (!is_needed(item) || is_by_uid(work, item))
			continue;
		capacity = find_capacity(work, item);
		if (!capacity)
			continue;
		capacity->wanted++;
		if (placed)
			capacity->missing += allocate_is_missing(item, 0) ||
					     allocate_is_missing(item, 1);
		else
			capacity->missing += capacity->wanted > capacity->fits;
	}
}
