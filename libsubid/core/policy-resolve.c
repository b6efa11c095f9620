// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy-resolve: which rules apply to a user, and which to ids.
 */
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/policy.h"

/* Returns 1 if the rule is about the user, 0 if not, or -errno. */
static int matches(const struct policy_assign *assign, const struct policy_user *user)
{
	switch (assign->by) {
	case POLICY_BY_UIDS:
		return user->uid != ID_NONE && range_contains(assign->uids, user->uid);
	case POLICY_BY_USER:
		return user->is_named(user->context, assign->name);
	case POLICY_BY_GROUP:
		break;
	}
	return user->uid == ID_NONE ? 0 : user->is_member(user->context, assign->name);
}

/* The same if it is known which of the rules with user= or uids= is the first. */
static int resolve_named(const struct policy *policy, const struct policy_user *user,
			 const struct policy_assign **ret_assign)
{
	size_t first = *user->named;

	for (size_t i = 0; i < policy->n_unnamed && policy->unnamed[i] < first; i++) {
		int r = matches(&policy->assigns[policy->unnamed[i]], user);

		if (r < 0)
			return r;
		if (r)
			first = policy->unnamed[i];
	}
	if (first == policy->n_assigns)
		return POLICY_NONE;
	*ret_assign = &policy->assigns[first];
	return 0;
}

/*
 * Finds the rule that assigns a pool to a user: the first one that matches.
 * Returns 0, POLICY_NONE or -errno of is_member().
 */
int policy_resolve(const struct policy *policy, const struct policy_user *user,
		   const struct policy_assign **ret_assign)
{
	if (user->named)
		return resolve_named(policy, user, ret_assign);
	for (size_t i = 0; i < policy->n_assigns; i++) {
		int r = matches(&policy->assigns[i], user);

		if (r < 0)
			return r;
		if (r) {
			*ret_assign = &policy->assigns[i];
			return 0;
		}
	}
	return POLICY_NONE;
}

/*
 * Finds the place of a uid by a rule with `by_uid`. Returns 0 or POLICY_OUTSIDE.
 * Thread-safe.
 */
int policy_place_by_uid(const struct policy *policy, const struct policy_assign *assign,
			uint64_t uid, struct range *ret_range)
{
	struct range pool = policy->pools[assign->pool].ids, range;

	if (uid >= ID_NONE || uid < assign->base ||
	    range_make(pool.start + (uid - assign->base) * assign->count, assign->count,
		       &range) ||
	    range.end > pool.end || range.end > ID_NONE)
		return POLICY_OUTSIDE;
	*ret_range = range;
	return 0;
}

/*
 * Keeps in @uids those that can have @pool; n_pools: no pool. Removes uids that uids=
 * rules assign to other pools. If only uids= rules assign @pool, keeps only their uids.
 * Returns 0 or -ENOMEM.
 */
int policy_find_uids(const struct policy *policy, size_t pool, struct range_set *uids)
{
	CLEANUP(range_set_cleanup) struct range_set others = RANGE_SET(SIZE_MAX);
	CLEANUP(range_set_cleanup) struct range_set own = RANGE_SET(SIZE_MAX);
	bool any = pool == policy->n_pools;
	int r = 0;

	/* The first rule counts: it is added last. */
	for (size_t i = policy->n_assigns; r == 0 && i > 0; i--) {
		const struct policy_assign *rule = &policy->assigns[i - 1];
		bool is_own = rule->pool == pool;

		any |= is_own && rule->by != POLICY_BY_UIDS;
		if (rule->by != POLICY_BY_UIDS)
			continue;
		r = range_set_add(is_own ? &own : &others, rule->uids);
		if (r == 0)
			r = range_set_subtract(is_own ? &others : &own, rule->uids);
	}
	for (size_t i = 0; r == 0 && i < others.n; i++)
		r = range_set_subtract(uids, others.ranges[i]);
	if (any || r)
		return r;
	return range_set_keep(uids, &own);
}

/*
 * Returns whether a login may give ids to the user with @uid. Root gets none.
 *
 * assign: the rule for this user, NULL: there is none. uids: who may get ids if no rule
 * of the policy assigns a pool to anyone. Thread-safe.
 */
bool policy_gives_at_login(const struct policy *policy,
			   const struct policy_assign *assign, uint64_t uid,
			   struct range uids)
{
	if (uid == 0 || uid >= ID_NONE)
		return false;
	return policy->n_assigns > 0 ? assign && assign->login :
				       range_contains(uids, uid);
}

/*
 * Finds the next rule that reserves uids, or gids, of @range.
 *
 * previous: the last result, or NULL. ret_common: the reserved ids of @range.
 * Returns NULL after the last one. Thread-safe.
 */
const struct policy_reserve *policy_reserve_next(const struct policy *policy, bool group,
						 struct range range,
						 const struct policy_reserve *previous,
						 struct range *ret_common)
{
	for (size_t i = previous ? (size_t)(previous - policy->reserves) + 1 : 0;
	     i < policy->n_reserves; i++)
		if (policy->reserves[i].kinds[group] &&
		    range_intersect(range, policy->reserves[i].ids, ret_common))
			return &policy->reserves[i];
	return NULL;
}

/* Returns the index after the names of the line `share` that begins at @first. */
size_t policy_share_end(const struct policy *policy, size_t first)
{
	const struct policy_place place = policy->shares[first].place;

	while (first < policy->n_shares &&
	       policy->shares[first].place.file == place.file &&
	       policy->shares[first].place.line == place.line)
		first++;
	return first;
}

/* Returns whether a line `share` names both, who may then have the same ids. */
bool policy_may_share(const struct policy *policy, const struct policy_name *a,
		      const struct policy_name *b)
{
	for (size_t i = 0, end; i < policy->n_shares; i = end) {
		bool has_a = false, has_b = false;

		end = policy_share_end(policy, i);
		for (size_t j = i; j < end; j++) {
			has_a |= a->is_named(a->context, policy->shares[j].owner);
			has_b |= b->is_named(b->context, policy->shares[j].owner);
		}
		if (has_a && has_b)
			return true;
	}
	return false;
}
