// SPDX-License-Identifier: BSD-3-Clause
/*
 * capacity: counts the users who would get ids, by the rules of allocate.
 *
 * Invariant: users without ids who are as many as `fits`, or whose uids are in `good`,
 * get ids by one grant, unless the name service has an account with one of these ids.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/store/capacity.h"

/* Adds an empty item. Returns 0 or -ENOMEM. */
int capacity_list_add(struct capacity_list *list, struct capacity **ret_capacity)
{
	int r = ARRAY_RESERVE(list->items, list->n, list->allocated);

	if (r)
		return r;
	*ret_capacity = &list->items[list->n++];
	**ret_capacity = (struct capacity){ .good = RANGE_SET(SIZE_MAX),
					    .held = RANGE_SET(SIZE_MAX),
					    .unfit = ID_NONE,
					    .unfit_wanted = ID_NONE };
	return 0;
}

static int put_all(struct allocated_ids *all, const struct range *ranges, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = allocated_ids_put(all, ranges[i]);
	return r;
}

/* The search for free ids, see allocate-place.c. */
struct capacity_search {
	const struct capacity *capacity;
	const struct policy *policy;
	const struct capacity_side *sides;
	struct allocated_ids taken[2];
	bool existing_only;
};

/* Finds the gaps in the databases of @kinds. */
static int find_space(const struct capacity_search *search, const bool kinds[static 2],
		      const struct alloc_request *request, struct alloc_space *ret_space)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(SIZE_MAX);
	CLEANUP(allocated_ids_cleanup) struct allocated_ids all = { 0 };
	const struct policy *policy = search->policy;
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		const struct capacity_side *side = &search->sides[k];

		if (!kinds[k])
			continue;
		r = put_all(&all, side->used->ranges, side->used->n);
		if (r == 0)
			r = put_all(&all, search->taken[k].ranges, search->taken[k].n);
		if (r == 0 && search->existing_only && side->absent)
			r = put_all(&all, side->absent->ranges, side->absent->n);
	}
	for (size_t i = 0;
	     !search->capacity->pool && policy && r == 0 && i < policy->n_pools; i++)
		r = allocated_ids_put(&all, policy->pools[i].ids);
	if (r == 0)
		r = range_set_fill(&set, all.ranges, all.n);
	return r ? r : alloc_space_init(ret_space, request, &set, 0);
}

struct taking {
	struct capacity_search *search;
	const bool *kinds;
};

static int put_taken(void *context, struct range ids)
{
	const struct taking *taking = context;
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (taking->kinds[k])
			r = allocated_ids_put(&taking->search->taken[k], ids);
	return r;
}

static int count_only(void *context, struct range ids)
{
	(void)context;
	(void)ids;
	return 0;
}

/* The same free range in both databases for each user. */
static int take_pairs(struct capacity_search *search, uint64_t *users)
{
	static const bool both[] = { true, true };
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	const struct alloc_request *requests = search->capacity->requests;
	struct taking taking = { search, both };
	struct alloc_request request = requests[0];
	uint64_t n = 0;
	int r;

	if (!search->capacity->kinds[0] || !search->capacity->kinds[1] ||
	    requests[0].count != requests[1].count ||
	    !range_intersect(requests[0].bounds, requests[1].bounds, &request.bounds))
		return 0;
	r = find_space(search, both, &request, &space);
	if (r == 0)
		r = alloc_space_take_many(&space, request.count, UINT64_MAX, put_taken,
					  &taking, &n);
	*users += n;
	return r;
}

/* A range of each kind for each user, for as many as both kinds have ranges. */
static int take_singles(struct capacity_search *search, uint64_t *users)
{
	const struct capacity *capacity = search->capacity;
	uint64_t n[2] = { UINT64_MAX, UINT64_MAX }, least;
	int r = 0;

	for (size_t again = 0; again < 2; again++) {
		least = n[0] < n[1] ? n[0] : n[1];
		for (size_t k = 0; r == 0 && k < 2; k++) {
			CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
			const struct alloc_request *request = &capacity->requests[k];
			const bool kinds[] = { k == 0, k == 1 };
			struct taking taking = { search, kinds };

			if (!capacity->kinds[k] || request->count == 0)
				continue;
			r = find_space(search, kinds, request, &space);
			if (r == 0)
				r = alloc_space_take_many(&space, request->count, least,
							  again ? put_taken : count_only,
							  &taking, &n[k]);
		}
	}
	if (r == 0 && least < UINT64_MAX)
		*users += least;
	return r;
}

/* Users whose ranges are the first that fit. */
static int count_by_first_fit(struct capacity_search *search, uint64_t *ret_users)
{
	const struct capacity_side *sides = search->sides;
	uint64_t users = 0;
	int r = 0;

	for (size_t all = 0; r == 0 && all < 2; all++) {
		search->existing_only = !all;
		if (!all && (!sides[0].absent || sides[0].absent->n == 0) &&
		    (!sides[1].absent || sides[1].absent->n == 0))
			continue;
		r = take_pairs(search, &users);
		if (r == 0)
			r = take_singles(search, &users);
	}
	*ret_users = users;
	return r;
}

/* Returns whether a line gives the place of @uid to another user. */
static bool is_of_other(const struct entry *entry, uint64_t uid,
			const struct capacity_owners *owners)
{
	const char *owner = entry->owner;
	size_t len = entry->owner_len, person;
	const struct accounts_item *account;
	uint64_t number;

	if (num_parse(owner, len, ID_NONE - 1, &number) == 0)
		return number != uid;
	if (owners->people && owner_set_find(owners->people, owner, len, &person))
		return owners->people->items[person].uid != uid;
	account = accounts_by_name(owners->roster, owner, len);
	if (account)
		return account->id != uid;
	/* One who is not local can have any uid, but not that of a user of the command:
	 * their names are known. */
	return entry_owner_is_retired(owner, len) ||
	       (owners->uids &&
		range_set_overlaps(owners->uids, (struct range){ uid, uid + 1 }));
}

/* Returns whether the range of a line is the place of a uid, and not for users of a pool.
 */
static bool is_place(const struct capacity_search *search,
		     const struct alloc_request *request, struct range ids)
{
	return ids.start >= request->bounds.start && ids.end <= request->bounds.end &&
	       range_count(ids) == request->count &&
	       (ids.start - request->bounds.start) % request->count == 0 &&
	       (search->capacity->pool || !search->policy ||
		!policy_pool_in(search->policy, ids));
}

/* Finds the uids whose place is the range of a line. */
static int find_held_uids(const struct capacity_search *search, size_t k,
			  const struct capacity_owners *owners,
			  struct range_set *ret_held)
{
	const struct alloc_request *request = &search->capacity->requests[k];
	CLEANUP(allocated_ids_cleanup) struct allocated_ids uids = { 0 };
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(search->sides[k].table, &cursor, &line)) {
		struct range ids = line.entry.range;
		uint64_t uid;

		if (line.fault || !is_place(search, request, ids))
			continue;
		uid = search->capacity->base +
		      (ids.start - request->bounds.start) / request->count;
		if (uid < ID_NONE && !is_of_other(&line.entry, uid, owners))
			r = allocated_ids_put(&uids, (struct range){ uid, uid + 1 });
	}
	return r ? r : range_set_fill(ret_held, uids.ranges, uids.n);
}

/* Finds the uids whose place is free. */
static int find_free_uids(const struct capacity_search *search, size_t k,
			  struct range_set *ret_free)
{
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	const struct capacity *capacity = search->capacity;
	const struct alloc_request *request = &capacity->requests[k];
	const bool kinds[] = { k == 0, k == 1 };
	CLEANUP(allocated_ids_cleanup) struct allocated_ids uids = { 0 };
	int r = find_space(search, kinds, request, &space);

	for (size_t i = 0; r == 0 && i < space.n; i++) {
		struct range some =
			alloc_deterministic_uids(request, capacity->base, space.gaps[i]);

		if (some.start < some.end)
			r = allocated_ids_put(&uids, some);
	}
	return r ? r : range_set_fill(ret_free, uids.ranges, uids.n);
}

static int find_uids_of_kind(const struct capacity_search *search, size_t k,
			     const struct capacity_owners *owners, struct range_set *good,
			     struct range_set *held)
{
	CLEANUP(range_set_cleanup) struct range_set own = RANGE_SET(SIZE_MAX);
	CLEANUP(range_set_cleanup) struct range_set unused = RANGE_SET(SIZE_MAX);
	CLEANUP(allocated_ids_cleanup) struct allocated_ids both = { 0 };
	int r = find_held_uids(search, k, owners, &own);

	if (r == 0)
		r = find_free_uids(search, k, &unused);
	if (r == 0)
		r = put_all(&both, own.ranges, own.n);
	if (r == 0)
		r = put_all(&both, unused.ranges, unused.n);
	if (r == 0)
		r = range_set_fill(&unused, both.ranges, both.n);
	if (r == 0)
		r = range_set_keep(good, &unused);
	return r ? r : range_set_keep(held, &own);
}

static uint64_t count_uids(const struct range_set *set)
{
	uint64_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += range_count(set->ranges[i]);
	return n;
}

/* Finds who can have a place in the bounds of all wanted kinds. */
static int find_candidates(const struct capacity_search *search,
			   struct range_set *ret_uids)
{
	const struct capacity *capacity = search->capacity;
	const struct policy *policy = search->policy;
	struct range uids = { capacity->base, ID_NONE };
	int r;

	for (size_t k = 0; k < 2; k++) {
		const struct alloc_request *request = &capacity->requests[k];

		if (capacity->kinds[k] && request->count > 0 &&
		    !range_intersect(uids,
				     alloc_deterministic_uids(request, capacity->base,
							      request->bounds),
				     &uids))
			return 0;
	}
	if (uids.start >= uids.end)
		return 0;
	r = range_set_add(ret_uids, uids);
	if (r || !policy)
		return r;
	return policy_find_uids(policy,
				capacity->pool ?
					(size_t)(capacity->pool - policy->pools) :
					policy->n_pools,
				ret_uids);
}

/* Users whose place follows from the uid. */
static int count_by_uid(struct capacity_search *search, struct capacity *capacity,
			const struct capacity_owners *owners)
{
	struct range_set *good = &capacity->good, *held = &capacity->held;
	int r = find_candidates(search, good);

	if (r || good->n == 0)
		return r;
	capacity->uids =
		(struct range){ good->ranges[0].start, good->ranges[good->n - 1].end };
	r = range_set_fill(held, good->ranges, good->n);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (capacity->kinds[k] && capacity->requests[k].count > 0)
			r = find_uids_of_kind(search, k, owners, good, held);
	if (r)
		return r;
	capacity->fits = count_uids(good) - count_uids(held);
	capacity->unfit = capacity->uids.start;
	if (good->n > 0 && good->ranges[0].start == capacity->unfit)
		capacity->unfit = good->ranges[0].end;
	return 0;
}

/*
 * Counts the users who get ids, and finds what is in the way.
 *
 * capacity: pool, kinds, requests, by_uid and base are set. sides: of the wanted kinds.
 * owners: for by_uid. Returns 0 or -errno.
 */
int capacity_measure(struct capacity *capacity, const struct policy *policy,
		     const struct capacity_side sides[static 2],
		     const struct capacity_owners *owners)
{
	struct capacity_search search = { .capacity = capacity,
					  .policy = policy,
					  .sides = sides };
	bool any = false;
	int r;

	for (size_t k = 0; k < 2; k++)
		any |= capacity->kinds[k] && capacity->requests[k].count > 0;
	r = !any	     ? 0 :
	    capacity->by_uid ? count_by_uid(&search, capacity, owners) :
			       count_by_first_fit(&search, &capacity->fits);
	for (size_t k = 0; k < 2; k++)
		allocated_ids_cleanup(&search.taken[k]);
	return r ? r : capacity_find_obstacles(capacity, policy, sides);
}

/* Counts a user of a command whose place follows from the uid. */
void capacity_count_uid(struct capacity *capacity, uint64_t uid)
{
	struct range one = { uid, uid + 1 };

	if (range_set_overlaps(&capacity->held, one))
		return;
	capacity->wanted++;
	if (range_set_overlaps(&capacity->good, one))
		return;
	capacity->missing++;
	if (uid < capacity->unfit_wanted)
		capacity->unfit_wanted = uid;
}

/* Frees the list. */
void capacity_list_cleanup(struct capacity_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		range_set_clear(&list->items[i].good);
		range_set_clear(&list->items[i].held);
		free(list->items[i].obstacles);
	}
	free(list->items);
	*list = (struct capacity_list){ 0 };
}
