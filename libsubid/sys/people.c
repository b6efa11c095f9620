// SPDX-License-Identifier: BSD-3-Clause
/*
 * people: names in one hash table, so that a pass over a database costs one look a line,
 * and one pass over passwd says who they all are.
 *
 * Invariant: a name in the table means one person. A uid is a name, too: an owner that is
 * a number has one spelling.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/num.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/people.h"

/* FNV-1a. The names are root's own: nobody chooses them to collide. */
static size_t hash(const char *name, size_t len)
{
	uint64_t value = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)name[i]) * 1099511628211ULL;
	return (size_t)(value ^ value >> 32);
}

/*
 * The bit of `marks` that a name has, by its length and its first and last byte; one of
 * no bytes has none.
 */
static uint64_t mark_of(const char *name, size_t len)
{
	size_t sum;

	if (len == 0)
		return 0;
	sum = 7 * len + (unsigned char)name[0] + 13U * (unsigned char)name[len - 1];
	return (uint64_t)1 << (sum & 63);
}

/* The slot of @name, or the free one where it belongs. There is a free one. */
static struct people_slot *slot_of(const struct people *people, const char *name,
				   size_t len)
{
	size_t i = hash(name, len) & (people->n_slots - 1);

	while (people->slots[i].len > 0 &&
	       (people->slots[i].len != len ||
		memcmp(people->text + people->slots[i].text, name, len) != 0))
		i = (i + 1) & (people->n_slots - 1);
	return &people->slots[i];
}

/* Makes room for one more name; the table stays at most half full. */
static int reserve_slot(struct people *people)
{
	struct people bigger = *people;

	if (2 * (people->used_slots + 1) <= people->n_slots)
		return 0;
	bigger.n_slots = people->n_slots ? 2 * people->n_slots : 16;
	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < people->n_slots; i++) {
		const struct people_slot *slot = &people->slots[i];

		if (slot->len > 0)
			*slot_of(&bigger, people->text + slot->text, slot->len) = *slot;
	}
	free(people->slots);
	people->slots = bigger.slots;
	people->n_slots = bigger.n_slots;
	return 0;
}

static int put_text(struct people *people, const char *name, size_t len, size_t *ret_at)
{
	if (len + 1 > people->text_allocated - people->text_len) {
		size_t allocated = 2 * people->text_allocated + len + 64;
		char *text = realloc(people->text, allocated);

		if (!text)
			return -ENOMEM;
		people->text = text;
		people->text_allocated = allocated;
	}
	*ret_at = people->text_len;
	memcpy(people->text + people->text_len, name, len);
	people->text[people->text_len + len] = '\0';
	people->text_len += len + 1;
	return 0;
}

/* Puts a name into the table. Returns 0, PEOPLE_TWICE (it stays whose it was) or -ENOMEM.
 */
static int put_name(struct people *people, const char *name, size_t len, size_t person)
{
	struct people_slot *slot;
	size_t text;
	int r;

	r = reserve_slot(people);
	if (r)
		return r;
	slot = slot_of(people, name, len);
	if (slot->len > 0)
		return PEOPLE_TWICE;
	r = put_text(people, name, len, &text);
	if (r)
		return r;
	*slot = (struct people_slot){ text, len, person };
	people->marks |= mark_of(name, len);
	people->used_slots++;
	return 0;
}

/*
 * Finds whose a name, or a uid in decimal, is; of several people with one uid it is the
 * first's. Thread-safe while nobody adds.
 */
bool people_find(const struct people *people, const char *name, size_t len,
		 size_t *ret_index)
{
	const struct people_slot *slot;

	/* Of few people this says nearly always that nobody has the name, which is what
	 * nearly all lines of a database ask; a mark that is not there is certain. */
	if (!(people->marks & mark_of(name, len)))
		return false;
	slot = slot_of(people, name, len);
	if (slot->len == 0)
		return false;
	*ret_index = people->items[slot->person].status == PERSON_SAME ?
			     people->items[slot->person].same :
			     slot->person;
	return true;
}

static int reserve_person(struct people *people)
{
	size_t allocated = people->allocated ? 2 * people->allocated : 16;
	struct person *items;

	if (people->n < people->allocated)
		return 0;
	items = reallocarray(people->items, allocated, sizeof(*items));
	if (!items)
		return -ENOMEM;
	people->items = items;
	people->allocated = allocated;
	return 0;
}

/*
 * Adds somebody by name.
 *
 * ret_index: with 0 and PEOPLE_TWICE, where the name is.
 * Returns 0, PEOPLE_TWICE or -ENOMEM. Freed with people_cleanup(). People belong to one
 * thread.
 */
int people_add(struct people *people, const char *name, size_t len, size_t *ret_index)
{
	struct person person = { .name_len = len,
				 .uid = PERSON_NO_UID,
				 .status = PERSON_NOT_YET };
	int r;

	if (people_find(people, name, len, ret_index))
		return PEOPLE_TWICE;
	if (entry_check_owner(name, len))
		person.status = PERSON_INVALID;
	r = reserve_person(people);
	if (r == 0)
		r = put_name(people, name, len, people->n);
	if (r)
		return r;
	person.name = slot_of(people, name, len)->text;
	*ret_index = people->n;
	people->items[people->n++] = person;
	return 0;
}

/*
 * Adds @uid as a name; somebody else who has it already makes this person the same. That
 * somebody's login name looks like this uid makes nobody the same: lines with it are of
 * the uid.
 */
static int put_uid(struct people *people, size_t index, uid_t uid)
{
	struct person *person = &people->items[index], *other;
	char number[NUM_BYTES];
	size_t len = num_format(uid, number);
	struct people_slot *slot;
	int r;

	person->uid = uid;
	person->status = PERSON_KNOWN;
	r = put_name(people, number, len, index);
	if (r != PEOPLE_TWICE)
		return r;
	slot = slot_of(people, number, len);
	other = &people->items[slot->person];
	if (other == person)
		return 0;
	if (other->status == PERSON_KNOWN && other->uid == uid) {
		person->status = PERSON_SAME;
		person->same = slot->person;
	} else {
		slot->person = index;
	}
	return 0;
}

/*
 * Adds somebody with all names, resolved already.
 * Returns 0, PEOPLE_TWICE or -ENOMEM.
 */
int people_add_owner(struct people *people, const struct owner *owner)
{
	const struct account *account = &owner->account;
	size_t index;
	int r;

	r = people_add(people, account->name, account->name_len, &index);
	if (r)
		return r;
	people->items[index].status = PERSON_KNOWN;
	if (account->uid != PERSON_NO_UID)
		r = put_uid(people, index, account->uid);
	for (size_t i = 0; r == 0 && i < owner->n; i++) {
		r = put_name(people, owner->aliases[i], strlen(owner->aliases[i]), index);
		if (r == PEOPLE_TWICE)
			r = 0;
	}
	return r;
}

static bool is_wanted(const struct people_filter *filter,
		      const struct roster_account *account)
{
	size_t index;

	if (!range_contains(filter->uids, account->id))
		return false;
	return !filter->by_group || account->gid == filter->gid ||
	       people_find(filter->members, account->name, strlen(account->name), &index);
}

/*
 * Adds the accounts of @roster that the filter takes, by uid; not those whose name no
 * database can hold.
 * Returns 0 or -ENOMEM.
 */
int people_add_users(struct people *people, const struct roster *roster,
		     const struct people_filter *filter)
{
	for (size_t i = 0; i < roster->n; i++) {
		const struct roster_account *account =
			&roster->accounts[roster->by_id[i]];
		size_t index;
		int r;

		if (!is_wanted(filter, account) ||
		    entry_check_owner(account->name, strlen(account->name)))
			continue;
		/* Of two lines for one name the first counts. */
		r = people_add(people, account->name, strlen(account->name), &index);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The other login names of these people. */
static int add_aliases(struct people *people, const struct roster *roster)
{
	for (size_t i = 0; i < roster->n; i++) {
		const struct roster_account *account = &roster->accounts[i];
		char number[NUM_BYTES];
		size_t len = num_format(account->id, number), index;
		int r;

		if (!people_find(people, number, len, &index) ||
		    people->items[index].uid != account->id ||
		    owner_is_number(account->name, strlen(account->name)))
			continue;
		r = put_name(people, account->name, strlen(account->name), index);
		if (r < 0)
			return r;
	}
	return 0;
}

static int ask_elsewhere(struct people *people, size_t index,
			 const struct people_elsewhere *elsewhere)
{
	struct account account;
	int r = elsewhere->look_up(elsewhere->context, people_name(people, index),
				   &account);

	if (r == 0)
		return put_uid(people, index, account.uid);
	if (r < 0)
		people->items[index].status = r;
	return r == -ENOMEM ? r : 0;
}

/* Somebody who need not exist: a name, or a uid. */
static int take_as_it_is(struct people *people, size_t index)
{
	const char *name = people_name(people, index);
	uint64_t uid;

	if (num_parse(name, strlen(name), ID_NONE - 1, &uid) == 0)
		return put_uid(people, index, (uid_t)uid);
	people->items[index].status = PERSON_KNOWN;
	return 0;
}

static int resolve_one(struct people *people, size_t index, const struct roster *roster,
		       const struct people_elsewhere *elsewhere, bool no_account)
{
	struct person *person = &people->items[index];
	const struct roster_account *account = NULL;
	int r = 0;

	if (!elsewhere || !elsewhere->first)
		account = roster_by_name(roster, people_name(people, index),
					 person->name_len);
	if (account)
		return put_uid(people, index, account->id);
	if (elsewhere)
		r = ask_elsewhere(people, index, elsewhere);
	if (r == 0 && person->status == PERSON_NOT_YET && no_account)
		r = take_as_it_is(people, index);
	if (person->status == PERSON_NOT_YET)
		person->status = PERSON_NONE;
	return r;
}

/*
 * Finds out who everybody is, and by what other names: from the local accounts in
 * @roster, and whom it does not have from elsewhere.
 *
 * elsewhere: NULL: there is nothing else. no_account: whom nobody knows is an owner by
 * that name alone, or by that uid.
 * Returns 0 or -errno; what is wrong with whom is in each person's status. Thread-safe.
 */
int people_resolve(struct people *people, const struct roster *roster,
		   const struct people_elsewhere *elsewhere, bool no_account)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < people->n; i++)
		if (people->items[i].status == PERSON_NOT_YET)
			r = resolve_one(people, i, roster, elsewhere, no_account);
	return r ? r : add_aliases(people, roster);
}

/* Frees everything. Takes a zeroed one. */
void people_cleanup(struct people *people)
{
	free(people->items);
	free(people->text);
	free(people->slots);
	*people = (struct people){ 0 };
}
