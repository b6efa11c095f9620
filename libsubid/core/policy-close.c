// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy-close: compares the rules of all files with each other.
 *
 * Invariants: two pools never share ids, so an id belongs to at most one of them. In a
 * pool with places by uid all rules use the same formula, so no two users have a place in
 * common, whichever rule each of them matches.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/policy.h"
#include "libsubid/core/reserved.h"

static int fail_pool(struct policy *policy, enum policy_why why,
		     const struct policy_pool *pool, struct policy_place other)
{
	return policy_fail(policy, &(struct policy_error){ .why = (int)why,
							   .place = pool->place,
							   .word = pool->name,
							   .other = other });
}

/* Finds a pool by its name; n_pools: there is none. */
static size_t find_pool(const struct policy *policy, struct policy_word name)
{
	uint32_t number, hash = hash_bytes(name.text, name.len);
	size_t at = 0;

	while ((number = hash_next(&policy->pool_names, hash, &at)))
		if (policy_word_is(policy->pools[number - 1].name, name.text, name.len))
			return number - 1;
	return policy->n_pools;
}

static int name_pools(struct policy *policy)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_pools; i++) {
		const struct policy_pool *pool = &policy->pools[i];
		size_t earlier = find_pool(policy, pool->name);

		if (earlier < policy->n_pools)
			r = fail_pool(policy, POLICY_TWICE, pool,
				      policy->pools[earlier].place);
		else
			r = hash_put(&policy->pool_names,
				     hash_bytes(pool->name.text, pool->name.len),
				     (uint32_t)i + 1);
	}
	return r;
}

/* A pool by its first id, for sorting. */
struct pool_start {
	uint64_t start;
	uint32_t index;
};

static int compare_starts(const void *a, const void *b)
{
	const struct pool_start *x = a, *y = b;

	return x->start != y->start ? (x->start > y->start) - (x->start < y->start) :
				      (x->index > y->index) - (x->index < y->index);
}

static int sort_pools(struct policy *policy)
{
	CLEANUP(cleanup_free)
	struct pool_start *starts =
		reallocarray(NULL, policy->n_pools + 1, sizeof(*starts));

	policy->by_start =
		reallocarray(NULL, policy->n_pools + 1, sizeof(*policy->by_start));
	if (!starts || !policy->by_start)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_pools; i++)
		starts[i] =
			(struct pool_start){ policy->pools[i].ids.start, (uint32_t)i };
	qsort(starts, policy->n_pools, sizeof(*starts), compare_starts);
	for (size_t i = 0; i < policy->n_pools; i++)
		policy->by_start[i] = starts[i].index;
	return 0;
}

static const struct policy_pool *pool_at(const struct policy *policy, size_t i)
{
	return &policy->pools[policy->by_start[i]];
}

/* Finds pools that share ids: each is compared with the one that reaches farthest. */
static int compare_pools(struct policy *policy)
{
	const struct policy_pool *far = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_pools; i++) {
		const struct policy_pool *pool = pool_at(policy, i);

		if (far && range_overlaps(far->ids, pool->ids))
			r = fail_pool(policy, POLICY_MEETS, pool, far->place);
		if (!far || pool->ids.end > far->ids.end)
			far = pool;
	}
	return r;
}

/* Returns the purpose of ids of @range that no one may have, or NULL. */
static const char *reserved_by_system(struct range range)
{
	struct range common;
	const struct reserved *reserved =
		range.start == 0 ? reserved_find(0) : reserved_next(range, NULL, &common);

	return reserved ? reserved->what : NULL;
}

static int check_reserved(struct policy *policy)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_pools; i++)
		if (reserved_by_system(policy->pools[i].ids))
			r = fail_pool(policy, POLICY_RESERVED, &policy->pools[i],
				      (struct policy_place){ 0 });
	for (size_t i = 0; r == 0 && i < policy->n_reserves; i++) {
		const struct policy_reserve *reserve = &policy->reserves[i];
		const struct policy_pool *pool = policy_pool_in(policy, reserve->ids);

		if (pool)
			r = fail_pool(policy, POLICY_RESERVED, pool, reserve->place);
	}
	return r;
}

/* Counts the places by uid in a pool. */
static uint64_t places_in(const struct policy_pool *pool, uint64_t count)
{
	uint64_t end = pool->ids.end < ID_NONE ? pool->ids.end : ID_NONE;

	return count > 0 && end > pool->ids.start ? (end - pool->ids.start) / count : 0;
}

/* Returns 0, or what is wrong with one rule. */
static int check_by_uid(const struct policy_assign *assign,
			const struct policy_pool *pool, struct policy_error *error)
{
	uint64_t places = places_in(pool, assign->count), skipped;

	if (assign->count == 0)
		return POLICY_UNSIZED;
	if (assign->by != POLICY_BY_UIDS)
		return 0;
	if (assign->uids.start < assign->base)
		return POLICY_BELOW;
	skipped = assign->uids.start - assign->base;
	error->wanted = range_count(assign->uids);
	error->fits = places > skipped ? places - skipped : 0;
	return error->fits < error->wanted ? POLICY_SMALL : 0;
}

static bool same_formula(const struct policy_assign *a, const struct policy_assign *b)
{
	return a->by_uid == b->by_uid &&
	       (!a->by_uid || (a->base == b->base && a->count == b->count));
}

/* before: the rule before in the files, or NULL. first: the first rule of each pool. */
static int check_assign(struct policy *policy, struct policy_assign *assign,
			const struct policy_assign *before,
			const struct policy_assign **first)
{
	struct policy_error error = { .place = assign->place, .word = assign->where };
	const struct policy_pool *pool;
	int r = 0;

	/* Most rules name the pool of the rule before. */
	assign->pool = before && policy_word_is(assign->where, before->where.text,
						before->where.len) ?
			       before->pool :
			       find_pool(policy, assign->where);
	if (assign->pool == policy->n_pools) {
		error.why = POLICY_NO_POOL;
		return policy_fail(policy, &error);
	}
	pool = &policy->pools[assign->pool];
	if (assign->count == 0)
		assign->count = pool->count;
	if (assign->by_uid)
		r = check_by_uid(assign, pool, &error);
	else if (places_in(pool, assign->count ? assign->count : 1) == 0)
		r = POLICY_SMALL, error.wanted = 1;
	if (!first[assign->pool])
		first[assign->pool] = assign;
	if (r == 0 && !same_formula(first[assign->pool], assign)) {
		r = POLICY_MIXED;
		error.other = first[assign->pool]->place;
	}
	error.why = r;
	return r ? policy_fail(policy, &error) : 0;
}

static int check_assigns(struct policy *policy)
{
	CLEANUP(cleanup_free)
	const struct policy_assign **first =
		calloc(policy->n_pools + 1, sizeof(const struct policy_assign *));
	int r = first ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < policy->n_assigns; i++)
		r = check_assign(policy, &policy->assigns[i],
				 i > 0 ? &policy->assigns[i - 1] : NULL, first);
	return r;
}

/* Lists the rules that are not found by name or uid of a user. */
static int list_unnamed(struct policy *policy)
{
	policy->unnamed =
		reallocarray(NULL, policy->n_assigns + 1, sizeof(*policy->unnamed));
	if (!policy->unnamed)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_assigns; i++)
		if (policy->assigns[i].by == POLICY_BY_GROUP)
			policy->unnamed[policy->n_unnamed++] = (uint32_t)i;
	return 0;
}

/*
 * Compares the rules when all are there; what is wrong is added to policy->errors. A
 * policy with errors is only for messages. Returns 0 or -ENOMEM.
 */
int policy_close(struct policy *policy)
{
	int r = name_pools(policy);

	if (r == 0)
		r = list_unnamed(policy);
	if (r == 0)
		r = sort_pools(policy);
	if (r == 0)
		r = compare_pools(policy);
	if (r == 0)
		r = check_reserved(policy);
	return r ? r : check_assigns(policy);
}

/* Finds the first pool with ids of @range, or NULL. Thread-safe. */
const struct policy_pool *policy_pool_in(const struct policy *policy, struct range range)
{
	size_t at = BISECT(policy->n_pools, i, pool_at(policy, i)->ids.end > range.start);

	if (at == policy->n_pools || pool_at(policy, at)->ids.start >= range.end)
		return NULL;
	return pool_at(policy, at);
}
