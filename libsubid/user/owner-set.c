// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner-set: looks up many owners. One pass over passwd serves all of them, and
 * a pass over a database costs one look-up a line.
 *
 * Invariant: a name means one person. A uid is a name, too: an owner that is a number has
 * one spelling.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/user/owner-set.h"

static size_t person_of(const struct owner_set *people, const struct names_slot *slot)
{
	const struct owner_set_user *person = &people->items[slot->person];

	return person->status == OWNER_SET_SAME ? person->same : slot->person;
}

/*
 * Finds the owner with a name or a uid in decimal: of several with one uid, the first.
 * Disputed digits belong to no owner. Thread-safe while no name is added.
 */
bool owner_set_find(const struct owner_set *people, const char *name, size_t len,
		    size_t *ret_index)
{
	const struct names_slot *slot = names_find(&people->names, name, len);

	if (!slot || slot->disputed)
		return false;
	*ret_index = person_of(people, slot);
	return !entry_owner_is_retired(name, len) ||
	       people->items[*ret_index].uid == OWNER_SET_NO_UID;
}

/*
 * Adds a user by name.
 *
 * ret_index: the owner with the name, with 0 and OWNER_SET_DUPLICATE.
 * Returns 0, OWNER_SET_DUPLICATE or -ENOMEM. Free with owner_set_cleanup(). The set
 * belongs to one thread.
 */
int owner_set_add(struct owner_set *people, const char *name, size_t len,
		  size_t *ret_index)
{
	struct owner_set_user person = { .name_len = len,
					 .uid = OWNER_SET_NO_UID,
					 .status = OWNER_SET_NOT_YET };
	int r;

	if (owner_set_find(people, name, len, ret_index))
		return OWNER_SET_DUPLICATE;
	r = ARRAY_RESERVE(people->items, people->n, people->allocated);
	if (r == 0)
		r = names_put(&people->names, name, len, people->n);
	if (r)
		return r;
	person.name = person.login = names_find(&people->names, name, len)->text;
	person.login_len = len;
	*ret_index = people->n;
	people->items[people->n++] = person;
	return 0;
}

/*
 * Adds @uid as a name. If another person has this uid already, both are the same. If it
 * is only the login name of another person, they are not: lines with it are the uid's.
 */
static int put_uid(struct owner_set *people, size_t index, uid_t uid)
{
	struct owner_set_user *person = &people->items[index], *other;
	char number[NUM_BYTES];
	size_t len = num_format(uid, number);
	struct names_slot *slot;
	int r;

	person->uid = uid;
	person->status = OWNER_SET_KNOWN;
	r = names_put(&people->names, number, len, index);
	if (r != NAMES_TWICE)
		return r;
	slot = names_find(&people->names, number, len);
	other = &people->items[slot->person];
	if (other == person)
		return 0;
	if (other->status == OWNER_SET_KNOWN && other->uid == uid) {
		person->status = OWNER_SET_SAME;
		person->same = slot->person;
	} else {
		slot->person = index;
	}
	return 0;
}

/* Adds an owner of lines by its text alone, once. Returns 0 or -ENOMEM. */
int owner_set_add_text(struct owner_set *people, const char *name, size_t len)
{
	size_t index;
	int r = owner_set_add(people, name, len, &index);

	if (r == 0)
		people->items[index].status = OWNER_SET_KNOWN;
	return r == OWNER_SET_DUPLICATE ? 0 : r;
}

/*
 * Adds a resolved user with all names.
 * Returns 0, OWNER_SET_DUPLICATE or -ENOMEM.
 */
int owner_set_add_owner(struct owner_set *people, const struct owner *owner)
{
	const struct account *account = &owner->account;
	size_t index;
	int r;

	r = owner_set_add(people, account->name, account->name_len, &index);
	if (r)
		return r;
	people->items[index].status = OWNER_SET_KNOWN;
	people->items[index].by_uid = owner->name_is_of_other;
	if (account->uid != OWNER_SET_NO_UID)
		r = put_uid(people, index, account->uid);
	for (size_t i = 0; r == 0 && i < owner->n; i++) {
		r = names_put(&people->names, owner->names[i], strlen(owner->names[i]),
			      index);
		if (r == NAMES_TWICE)
			r = 0;
	}
	return r;
}

static bool account_is_wanted(const struct owner_set_filter *filter,
			      const struct accounts_item *account, const char *name)
{
	size_t index;

	if (!range_contains(filter->uids, account->id))
		return false;
	return !filter->by_group || account->gid == filter->gid ||
	       owner_set_find(filter->members, name, strlen(name), &index);
}

/*
 * Adds the accounts of @users that match the filter, in the order of uids. Returns 0 or
 * -ENOMEM.
 */
int owner_set_add_users(struct owner_set *people, const struct accounts *users,
			const struct owner_set_filter *filter)
{
	for (size_t i = 0; i < users->n; i++) {
		const struct accounts_item *account = accounts_at(users, i);
		const char *name = accounts_name(users, account);
		size_t index;
		int r;

		if (!account_is_wanted(filter, account, name))
			continue;
		/* The first line with a name counts. */
		r = owner_set_add(people, name, strlen(name), &index);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Finds the owner with a uid. */
static bool find_uid(const struct owner_set *people, uid_t uid, size_t *ret_index)
{
	char number[NUM_BYTES];
	size_t len = num_format(uid, number);
	const struct names_slot *slot = names_find(&people->names, number, len);

	if (!slot)
		return false;
	*ret_index = person_of(people, slot);
	return people->items[*ret_index].uid == uid;
}

/*
 * Adds another name of an owner, unless it is digits or another owner has it. Returns 0
 * or -ENOMEM.
 */
static int add_name(struct owner_set *people, size_t index, const char *name, size_t len)
{
	int r = owner_is_number(name, len) ? 0 :
					     names_put(&people->names, name, len, index);

	return r == NAMES_TWICE ? 0 : r;
}

/* Adds other login names of the owners; the first line with a name counts. */
static int add_aliases(struct owner_set *people, const struct accounts *users)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < users->n; i++) {
		const struct accounts_item *account = &users->items[i];
		const char *name = accounts_name(users, account);
		size_t index;

		if (accounts_by_name(users, name, strlen(name)) == account &&
		    find_uid(people, account->id, &index))
			r = add_name(people, index, name, strlen(name));
	}
	return r;
}

/* Resolves an owner without an account: a name that a line can have, or a uid. */
static int take_as_it_is(struct owner_set *people, size_t index)
{
	const char *name = owner_set_name(people, index);
	uint64_t uid;

	if (num_parse(name, strlen(name), ID_NONE - 1, &uid) == 0)
		return put_uid(people, index, (uid_t)uid);
	people->items[index].status =
		entry_check_owner(name, strlen(name)) ? OWNER_SET_NONE : OWNER_SET_KNOWN;
	return 0;
}

/*
 * Sets the login name, which may differ from the added name, and which another one of
 * @users may have.
 */
static int take_login(struct owner_set *people, size_t index, const char *name,
		      size_t len, const struct accounts *users)
{
	struct owner_set_user *person = &people->items[index];
	const struct accounts_item *user = accounts_by_name(users, name, len);
	size_t login;
	int r;

	person->by_uid = user && user->id != person->uid;

	if (len == person->name_len &&
	    memcmp(owner_set_name(people, index), name, len) == 0)
		return 0;
	r = names_put_text(&people->names, name, len, &login);
	if (r)
		return r;
	person->login = login;
	person->login_len = len;
	return add_name(people, index, name, len);
}

/* Stores the result of a look-up; @r as in lookup_name(). */
static int take_answer(struct owner_set *people, size_t index, int r,
		       const struct account *account, const struct accounts *users,
		       bool no_account)
{
	if (r == 0) {
		r = put_uid(people, index, account->uid);
		return r ? r :
			   take_login(people, index, account->name, account->name_len,
				      users);
	}
	if (r == ACCOUNT_NONE && no_account)
		return take_as_it_is(people, index);
	people->items[index].status = r < 0 ? r : OWNER_SET_NONE;
	return r == -ENOMEM ? r : 0;
}

/* Asks the name service about all unresolved owners at once. */
static int ask_unresolved(struct owner_set *people, const struct name_service *service,
			  const struct accounts *users, bool no_account)
{
	CLEANUP(cleanup_free)
	const char **names = reallocarray(NULL, people->n + 1, sizeof(*names));
	CLEANUP(cleanup_free)
	struct name_service_answer *answers =
		reallocarray(NULL, people->n + 1, sizeof(*answers));
	size_t n = 0, at = 0;
	int r;

	if (!names || !answers)
		return -ENOMEM;
	for (size_t i = 0; i < people->n; i++)
		if (people->items[i].status == OWNER_SET_NOT_YET)
			names[n++] = owner_set_name(people, i);
	if (n == 0)
		return 0;
	r = service->users(service->context, names, n, answers);
	for (size_t i = 0; r == 0 && i < people->n; i++)
		if (people->items[i].status == OWNER_SET_NOT_YET) {
			r = take_answer(people, i, answers[at].r, &answers[at].account,
					users, no_account);
			at++;
		}
	return r;
}

/* Marks digits that are the uid of one user and the login name of another. */
static void find_disputed(struct owner_set *people, const struct accounts *users)
{
	for (size_t i = 0; i < people->names.n; i++) {
		struct names_slot *slot = &people->names.slots[i];
		const char *text = people->names.text + slot->text;

		slot->disputed =
			accounts_are_two(accounts_by_owner(users, text, slot->len));
	}
}

/*
 * Resolves all owners and finds their other names.
 *
 * users: all users of the passwd file that @lookup has. no_account: if it is certain that
 * a user does not exist, the given name or uid is the only name of the owner.
 * Returns 0 or -errno; the status of each person says what is wrong. Thread-safe as
 * the service is.
 */
int owner_set_resolve(struct owner_set *people, const struct accounts *users,
		      const struct lookup *lookup, bool no_account)
{
	bool local = lookup->files_first || !lookup->service;
	int r = 0;

	for (size_t i = 0; r == 0 && i < people->n; i++) {
		const struct owner_set_user *person = &people->items[i];
		const struct accounts_item *user = NULL;
		bool retired;

		if (person->status != OWNER_SET_NOT_YET)
			continue;
		retired = entry_owner_is_retired(owner_set_name(people, i),
						 person->name_len);
		if (local && !retired)
			user = accounts_by_name(users, owner_set_name(people, i),
						person->name_len);
		if (user)
			r = put_uid(people, i, user->id);
		else if (retired || !lookup->service || lookup->files_alone)
			r = take_answer(people, i, ACCOUNT_NONE, NULL, users, no_account);
	}
	if (r == 0 && lookup->service)
		r = ask_unresolved(people, lookup->service, users, no_account);
	if (r == 0)
		r = add_aliases(people, users);
	if (r == 0)
		find_disputed(people, users);
	return r;
}

/* Returns whether the owner of a line is known; an unknown_owners_known_fn. */
static bool owner_is_known(const struct entry *entry, void *context)
{
	size_t index;

	return owner_set_find(context, entry->owner, entry->owner_len, &index);
}

/* Adds a name that has the uid of one of the owners in the name service. */
static int add_found_name(const struct unknown_owner *owner, void *context)
{
	size_t index;

	return find_uid(context, owner->answer.account.uid, &index) ?
		       add_name(context, index, owner->name, strlen(owner->name)) :
		       0;
}

/*
 * Finds other names of the owners, as unknown_owners_name() does for one. Returns 0 or
 * -errno. Thread-safe as the service is.
 */
int owner_set_find_names(struct owner_set *people, struct unknown_owners *unknown,
			 const struct table *table, struct range range,
			 const struct lookup *lookup)
{
	return unknown_owners_find_names(
		unknown, table, range, lookup,
		&(struct unknown_owners_names){ owner_is_known, add_found_name, people });
}

/* Frees the set. Takes a zeroed one. */
void owner_set_cleanup(struct owner_set *people)
{
	free(people->items);
	names_cleanup(&people->names);
	*people = (struct owner_set){ 0 };
}
