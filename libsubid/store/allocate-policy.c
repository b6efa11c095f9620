// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-policy: obeys the rules of subid.d(5) when ids are given.
 *
 * MUST: a policy that cannot be read as a whole stops every allocation.
 * MUST: if it is unknown whether a user is a member of a group, nothing is allocated: a
 * "no" would give ids that the rule does not mean.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"
#include "libsubid/user/membership.h"

/* The database that an error of the policy counts for. */
static const struct kind *first_kind(const struct allocate_work *work)
{
	return kind_all[!work->allocate->kinds[0]];
}

/*
 * Reads the policy, unless an earlier call has. Returns 0, DB_POLICY (see allocate->site)
 * or -ENOMEM.
 */
int allocate_read_policy(struct allocate_work *work)
{
	struct allocate *allocate = work->allocate;
	int r = 0;

	if (!allocate->has_site)
		r = policy_files_read(work->db->directory, work->db->root,
				      &allocate->site);
	allocate->has_site = true;
	if (r == 0 && policy_files_are_wrong(&allocate->site))
		r = DB_POLICY;
	if (!policy_is_empty(&allocate->site.policy))
		work->policy = &allocate->site.policy;
	return db_fail(work->db, first_kind(work), r);
}

/* One user, for questions of the resolver. */
struct candidate {
	struct db *db;
	struct allocate *allocate; /* takes the name of a group that is not known */
	const struct owner_set *people;
	size_t person;
	struct account account;
	uid_t uid;
	bool found;
};

static bool candidate_is_named(void *context, struct policy_word name)
{
	const struct candidate *candidate = context;
	size_t person;

	return owner_set_find(candidate->people, name.text, name.len, &person) &&
	       person == candidate->person;
}

/* Members of groups are login names: of those of a uid, the one that gets the ids counts.
 */
static int find_candidate(struct candidate *candidate)
{
	const struct lookup *lookup = &candidate->db->lookup;
	const char *login = owner_set_login(candidate->people, candidate->person);
	int r;

	if (candidate->found)
		return 0;
	r = lookup_name(lookup, login, &candidate->account);
	if (r == ACCOUNT_NONE || (r == 0 && candidate->account.uid != candidate->uid))
		r = lookup_uid(lookup, candidate->uid, &candidate->account);
	return r;
}

static int candidate_is_member(void *context, struct policy_word group)
{
	struct candidate *candidate = context;
	int r = find_candidate(candidate);

	if (r)
		return r == ACCOUNT_NONE ? 0 : r;
	candidate->found = true;
	r = membership_check(&candidate->db->lookup, &candidate->db->nsswitch,
			     &candidate->account, group);
	if (r < 0 && r != -ENOMEM) {
		candidate->allocate->unknown_group = group;
		candidate->db->accounts = "group";
	}
	return r;
}

/* A user by the uid. */
struct uid_person {
	uint64_t uid; /* ID_NONE: none */
	size_t person;
};

static int compare_uid_persons(const void *a, const void *b)
{
	const struct uid_person *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* Returns the users in the order of their uids; NULL: out of memory. */
static struct uid_person *sort_by_uid(const struct owner_set *people, size_t n)
{
	struct uid_person *sorted = reallocarray(NULL, n + 1, sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct uid_person){ people->items[i].uid, i };
	qsort(sorted, n, sizeof(*sorted), compare_uid_persons);
	return sorted;
}

/*
 * Finds for each user the first rule with user= or uids=: the last one that is noted.
 * NULL: out of memory.
 */
static size_t *find_named_rules(const struct allocate_work *work)
{
	const struct policy *policy = work->policy;
	const struct owner_set *people = work->allocate->people;
	size_t n = work->allocate->n, person;
	size_t *named = reallocarray(NULL, n + 1, sizeof(*named));
	CLEANUP(cleanup_free) struct uid_person *sorted = sort_by_uid(people, n);

	if (!named || !sorted) {
		free(named);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		named[i] = policy->n_assigns;
	for (size_t i = policy->n_assigns; i > 0; i--) {
		const struct policy_assign *rule = &policy->assigns[i - 1];

		if (rule->by == POLICY_BY_USER &&
		    owner_set_find(people, rule->name.text, rule->name.len, &person))
			named[person] = i - 1;
		if (rule->by != POLICY_BY_UIDS)
			continue;
		for (size_t at = BISECT(n, j, sorted[j].uid >= rule->uids.start);
		     at < n && sorted[at].uid < rule->uids.end &&
		     sorted[at].uid < ID_NONE;
		     at++)
			named[sorted[at].person] = i - 1;
	}
	return named;
}

static int assign_pool(struct allocate_work *work, size_t i, const size_t *named)
{
	const struct owner_set *people = work->allocate->people;
	const struct owner_set_user *person = &people->items[i];
	struct candidate candidate = {
		.db = work->db,
		.allocate = work->allocate,
		.people = people,
		.person = i,
		.uid = person->uid,
	};
	const struct policy_user user = {
		.uid = person->uid,
		.named = named,
		.is_named = candidate_is_named,
		.is_member = candidate_is_member,
		.context = &candidate,
	};
	int r = policy_resolve(work->policy, &user, &work->allocate->items[i].assign);

	return r == POLICY_NONE ? 0 : r;
}

/* Finds the pools of all users. Returns 0 or -errno (a group is unknown). */
int allocate_assign(struct allocate_work *work)
{
	const struct allocate *allocate = work->allocate;
	CLEANUP(cleanup_free)
	size_t *named = work->policy ? find_named_rules(work) : NULL;
	int r = work->policy && !named ? -ENOMEM : 0;

	for (size_t i = 0; i < allocate->n; i++)
		allocate->items[i].assign = NULL;
	for (size_t i = 0; work->policy && r == 0 && i < allocate->n; i++)
		if (allocate->people->items[i].status == OWNER_SET_KNOWN)
			r = assign_pool(work, i, &named[i]);
	return db_fail(work->db, first_kind(work), r);
}

/* Adds the ids that rules reserve to those in use. Returns 0 or -ENOMEM. */
int allocate_put_policy(struct allocate_work *work, size_t k)
{
	const struct policy_reserve *reserve = NULL;
	struct range ids, span = allocate_span(work, k);
	int r = 0;

	while (work->policy && r == 0 &&
	       (reserve = policy_reserve_next(work->policy, k, span, reserve, &ids)))
		r = allocated_ids_put(&work->used[k], ids);
	return r;
}

/*
 * Whether ids are shared on purpose.
 */

/* The owner of a line of someone else. */
struct other_owner {
	const struct lookup *lookup;
	const char *text;
};

static bool other_is_named(void *context, struct policy_word word)
{
	const struct other_owner *other = context;
	const char *owner = other->text;
	char name[LIMIT_OWNER_BYTES + 1];
	struct account account;

	if (policy_word_is(word, owner, strlen(owner)))
		return true;
	if (!owner_is_number(owner, strlen(owner)))
		return false;
	policy_word_copy(word, name);
	return lookup_name(other->lookup, name, &account) == 0 &&
	       policy_word_is((struct policy_word){ account.number, account.number_len },
			      owner, strlen(owner));
}

/* Returns whether a rule lets @person share ids with the owner of a line. */
static bool may_share(const struct allocate_work *work, size_t person, const char *owner)
{
	struct candidate candidate = { .people = work->allocate->people,
				       .person = person };
	struct other_owner other = { &work->db->lookup, owner };

	return policy_may_share(work->policy,
				&(struct policy_name){ candidate_is_named, &candidate },
				&(struct policy_name){ other_is_named, &other });
}

/* Returns whether a rule lets two of the owners share ids, after allocate_read_site(). */
bool allocate_may_share(const struct allocate *allocate, size_t a, size_t b)
{
	struct candidate candidates[] = { { .people = allocate->people, .person = a },
					  { .people = allocate->people, .person = b } };

	return policy_may_share(
		&allocate->site.policy,
		&(struct policy_name){ candidate_is_named, &candidates[0] },
		&(struct policy_name){ candidate_is_named, &candidates[1] });
}

/* Returns whether all users who get ids of the conflict may share them. */
static bool is_shared(const struct allocate_work *work, size_t k,
		      const struct overlap *conflict)
{
	const struct allocated_ids *missing = &work->missing[k];

	if (conflict->why != OVERLAP_OWNER || conflict->malformed)
		return false;
	for (size_t i = 0; i < missing->n_holdings; i++)
		if (range_overlaps(missing->holdings[i].range, conflict->ids) &&
		    !may_share(work, missing->holdings[i].person, conflict->name))
			return false;
	return true;
}

/* Takes the conflicts out of the list that are declared. */
static void forget_shared(struct allocate_work *work, size_t k, size_t first)
{
	struct overlap_list *list = &work->allocate->conflicts;
	size_t n = first;

	for (size_t i = first; i < list->n; i++) {
		if (is_shared(work, k, &list->items[i]))
			free(list->items[i].name);
		else
			list->items[n++] = list->items[i];
	}
	list->n = n;
}

static int put_reserved_conflict(struct allocate_work *work, size_t k, struct range ids,
				 const struct policy_reserve *reserve)
{
	struct overlap_list *list = &work->allocate->conflicts;
	struct overlap conflict = { .why = OVERLAP_RESERVED,
				    .kind = kind_all[k],
				    .ids = ids };
	const char *path = work->allocate->site.files[reserve->place.file].path;
	const char *root = work->db->place != DB_LIVE ? work->db->root : NULL;

	if (ARRAY_RESERVE(list->items, list->n, list->allocated) ||
	    asprintf(&conflict.name, "%s%s:%u%s%.*s", root ? root : "", path,
		     reserve->place.line, reserve->why.len ? ": " : "",
		     (int)reserve->why.len, reserve->why.text) < 0)
		return -ENOMEM;
	list->items[list->n++] = conflict;
	return 0;
}

/*
 * Adds a conflict for ids that rules reserve, and removes those that rules permit.
 *
 * set: the ids to be given. first: the first conflict of this kind.
 * Returns 0 or -ENOMEM.
 */
int allocate_judge_by_policy(struct allocate_work *work, size_t k,
			     const struct range_set *set, size_t first)
{
	int r = 0;

	if (!work->policy)
		return 0;
	forget_shared(work, k, first);
	for (size_t i = 0; r == 0 && i < set->n; i++) {
		const struct policy_reserve *reserve = NULL;
		struct range ids;

		while (r == 0 &&
		       (reserve = policy_reserve_next(work->policy, k, set->ranges[i],
						      reserve, &ids)))
			r = put_reserved_conflict(work, k, ids, reserve);
	}
	return r;
}
