// SPDX-License-Identifier: BSD-3-Clause
/*
 * holders: owners by uid where that is known, else by the text of their name.
 *
 * Invariant: two lines have the same holder if and only if they name the same uid, be it
 * by number or by a login name, or, without a uid, the same text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/holders.h"

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdU;
	x ^= x >> 33;
	return x;
}

static uint64_t hash_name(const char *name, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3U;
	return mix(hash);
}

static int slots_init(struct holders_slots *slots, size_t n)
{
	size_t size = 64;

	while (size < 2 * n)
		size *= 2;
	slots->slots = calloc(size, sizeof(*slots->slots));
	if (!slots->slots)
		return -ENOMEM;
	slots->size = size;
	return 0;
}

static bool user_is_named(const struct findings_user *user, const char *name, size_t len)
{
	return strncmp(user->name, name, len) == 0 && user->name[len] == '\0';
}

/* The slot of a user with this name, or the free one where it belongs. */
static uint32_t *name_slot(const struct holders *holders, const char *name, size_t len)
{
	const struct holders_slots *slots = &holders->by_name;
	size_t at = hash_name(name, len) & (slots->size - 1);

	while (slots->slots[at] != 0 &&
	       !user_is_named(&holders->users[slots->slots[at] - 1], name, len))
		at = (at + 1) & (slots->size - 1);
	return &slots->slots[at];
}

static uint32_t *uid_slot(const struct holders *holders, uint32_t uid)
{
	const struct holders_slots *slots = &holders->by_uid;
	size_t at = mix(uid) & (slots->size - 1);

	while (slots->slots[at] != 0 && holders->users[slots->slots[at] - 1].uid != uid)
		at = (at + 1) & (slots->size - 1);
	return &slots->slots[at];
}

static bool same_holder(const struct holder *a, const struct holder *b)
{
	if (a->has_uid || b->has_uid)
		return a->has_uid && b->has_uid && a->uid == b->uid;
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

static uint32_t *holder_slot(const struct holders *holders, const struct holder *holder)
{
	const struct holders_slots *slots = &holders->index;
	uint64_t hash = holder->has_uid ? mix(holder->uid) :
					  hash_name(holder->name, holder->name_len);
	size_t at = hash & (slots->size - 1);

	while (slots->slots[at] != 0 &&
	       !same_holder(&holders->items[slots->slots[at] - 1], holder))
		at = (at + 1) & (slots->size - 1);
	return &slots->slots[at];
}

/*
 * Begins without any holder. The users have to outlive it; end with holders_cleanup() in
 * any case. Returns 0 or -ENOMEM.
 */
int holders_init(struct holders *holders, const struct findings_user *users,
		 size_t n_users)
{
	int r;

	*holders = (struct holders){ .users = users, .n_users = n_users };
	r = slots_init(&holders->by_name, n_users);
	if (r == 0)
		r = slots_init(&holders->by_uid, n_users);
	if (r == 0)
		r = slots_init(&holders->index, 0);
	for (size_t i = 0; r == 0 && i < n_users; i++) {
		uint32_t *slot = name_slot(holders, users[i].name, strlen(users[i].name));

		if (*slot == 0)
			*slot = (uint32_t)i + 1;
		slot = uid_slot(holders, users[i].uid);
		if (*slot == 0)
			*slot = (uint32_t)i + 1;
	}
	return r;
}

/* Which user has this login name; HOLDERS_NONE: nobody. Thread-safe. */
uint32_t holders_user_named(const struct holders *holders, const char *name, size_t len)
{
	/* 0 for a free slot: that makes HOLDERS_NONE. */
	return *name_slot(holders, name, len) - 1;
}

/* Makes room for one more, so that the index stays at most half full. */
static int make_room(struct holders *holders)
{
	struct holders_slots old = holders->index;
	int r;

	r = ARRAY_RESERVE(holders->items, holders->n, holders->allocated);
	if (r)
		return r;
	if (2 * (holders->n + 1) <= old.size)
		return 0;
	r = slots_init(&holders->index, old.size);
	if (r) {
		holders->index = old;
		return r;
	}
	free(old.slots);
	for (size_t i = 0; i < holders->n; i++)
		*holder_slot(holders, &holders->items[i]) = (uint32_t)i + 1;
	return 0;
}

static struct holder describe(const struct holders *holders, const struct entry *entry)
{
	struct holder holder = {
		.name = entry->owner,
		.name_len = (uint16_t)entry->owner_len,
		.has_uid = entry->by_id,
		.uid = entry->owner_id,
		.user = HOLDERS_NONE,
	};

	if (!entry->by_id) {
		holder.user = holders_user_named(holders, entry->owner, entry->owner_len);
		holder.has_uid = holder.user != HOLDERS_NONE;
		holder.uid = holder.has_uid ? holders->users[holder.user].uid : 0;
	}
	if (holder.has_uid)
		holder.user = *uid_slot(holders, holder.uid) - 1;
	holder.has_account = holder.user != HOLDERS_NONE;
	return holder;
}

/*
 * Finds the holder of a line, a new one if it is the first of it. The entry's owner has
 * to outlive the holders. ret_number: an index of the items, which move. Returns 0 or
 * -ENOMEM.
 */
int holders_put(struct holders *holders, const struct entry *entry, uint32_t *ret_number)
{
	struct holder holder = describe(holders, entry);
	uint32_t *slot = holder_slot(holders, &holder);
	int r;

	if (*slot == 0) {
		r = make_room(holders);
		if (r)
			return r;
		holders->items[holders->n++] = holder;
		slot = holder_slot(holders, &holder);
		*slot = (uint32_t)holders->n;
	}
	*ret_number = *slot - 1;
	return 0;
}

static void slots_free(struct holders_slots *slots)
{
	free(slots->slots);
	*slots = (struct holders_slots){ 0 };
}

/* No more holders will come: frees what finding them took; the items stay. */
void holders_close(struct holders *holders)
{
	slots_free(&holders->by_name);
	slots_free(&holders->by_uid);
	slots_free(&holders->index);
}

/* Frees everything but the users. Takes a zeroed one. */
void holders_cleanup(struct holders *holders)
{
	holders_close(holders);
	free(holders->items);
	*holders = (struct holders){ 0 };
}
