// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-capacity: how many more users get ids: outside of pools, and of each pool.
 */
#include <errno.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/user/passwd-file.h"
#include "subid/show/list-free.h"

/* Returns the first rule that assigns a pool, or NULL. */
static const struct policy_assign *find_assign(const struct policy *policy, size_t pool)
{
	for (size_t i = 0; i < policy->n_assigns; i++)
		if (policy->assigns[i].pool == pool)
			return &policy->assigns[i];
	return NULL;
}

/* Returns whether there are ids that follow from uids. */
bool list_has_places(const struct free_ids *ids)
{
	const struct policy *policy = &ids->list->policy.policy;
	bool any = ids->settings.deterministic;

	for (size_t i = 0; i < policy->n_assigns; i++)
		any |= policy->assigns[i].by_uid;
	return any;
}

static void set_pool(struct capacity *capacity, const struct policy *policy, size_t i)
{
	const struct policy_assign *assign = find_assign(policy, i);
	const struct policy_pool *pool = &policy->pools[i];
	uint64_t count = assign && assign->count ? assign->count : pool->count;

	capacity->pool = pool;
	capacity->by_uid = assign && assign->by_uid;
	capacity->base = assign ? assign->base : 0;
	for (size_t k = 0; k < 2; k++) {
		struct alloc_request *request = &capacity->requests[k];

		request->bounds = pool->ids;
		request->align = pool->align;
		if (count)
			request->count = count;
	}
}

/* Measures pool @i, or with n_pools what is outside of pools. */
static int measure(const struct free_ids *ids, size_t i,
		   const struct capacity_owners *owners)
{
	const struct policy *policy = &ids->list->policy.policy;
	struct capacity_side sides[2];
	struct capacity *capacity;
	int r = capacity_list_add(ids->capacity, &capacity);

	if (r)
		return r;
	capacity->by_uid = ids->settings.deterministic;
	capacity->base = ids->settings.uid_min;
	for (size_t k = 0; k < 2; k++) {
		capacity->kinds[k] = ids->is_read[k];
		capacity->requests[k] = ids->settings.requests[k];
		sides[k] = (struct capacity_side){ &ids->tables[k], &ids->used[k],
						   &ids->absent[k] };
	}
	if (i < policy->n_pools)
		set_pool(capacity, policy, i);
	return capacity_measure(capacity, policy, sides, owners);
}

/*
 * Measures all that is free. Without a policy that can be used, no user gets ids: then
 * there is nothing to measure. Returns 0 or -ENOMEM.
 */
int list_measure(const struct free_ids *ids)
{
	CLEANUP(accounts_cleanup) struct accounts roster = { 0 };
	const struct capacity_owners owners = { .roster = &roster };
	const struct policy *policy = &ids->list->policy.policy;
	int r = 0;

	if (policy_files_are_wrong(&ids->list->policy) ||
	    (!ids->is_read[0] && !ids->is_read[1]))
		return 0;
	if (ids->by_uid)
		r = passwd_file_load(ids->list->place.directory, &kind_uid, &roster);
	/* Go on without passwd(5): list_free has already reported that it cannot be
	 * read. */
	if (r && r != -ENOMEM)
		r = 0;
	if (r == 0)
		r = measure(ids, policy->n_pools, &owners);
	for (size_t i = 0; r == 0 && i < policy->n_pools; i++)
		r = measure(ids, i, &owners);
	return r;
}
