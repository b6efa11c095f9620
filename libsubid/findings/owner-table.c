// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner-table: finds owners by uid if it is known, else by name.
 *
 * Invariant: two lines have the same holder if and only if they name the same uid (as a
 * number, by a login name or by another spelling of one) or, without a uid, have the same
 * text. An owner of digits is the uid of an account if there is one, else a login name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/findings/owner-table.h"

static uint32_t hash_holder(const struct holder *holder)
{
	return holder->has_uid ? hash_number(holder->uid) :
				 hash_bytes(holder->name, holder->name_len);
}

static bool same_holder(const struct holder *a, const struct holder *b)
{
	if (a->has_uid || b->has_uid)
		return a->has_uid && b->has_uid && a->uid == b->uid;
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/*
 * Makes an empty table. The users may be NULL and must outlive it; free it with
 * owner_table_cleanup().
 */
void owner_table_init(struct owner_table *holders, const struct accounts *users)
{
	*holders = (struct owner_table){ .users = users };
}

/* Returns the index of a user; OWNER_TABLE_NONE for NULL. */
static uint32_t number_of(const struct owner_table *holders,
			  const struct accounts_item *user)
{
	return user ? (uint32_t)(user - holders->users->items) : OWNER_TABLE_NONE;
}

/* Returns the index of the user with a login name, or OWNER_TABLE_NONE. Thread-safe. */
uint32_t owner_table_user_named(const struct owner_table *holders, const char *name,
				size_t len)
{
	return holders->users ?
		       number_of(holders, accounts_by_name(holders->users, name, len)) :
		       OWNER_TABLE_NONE;
}

/* Finds the account with a name, in any known spelling. Returns NULL if there is none. */
static const struct accounts_item *find_named(const struct owner_table *holders,
					      const char *name, size_t len)
{
	const struct accounts_item *item = NULL;

	if (entry_owner_is_retired(name, len))
		return NULL;
	if (holders->users)
		item = accounts_by_name(holders->users, name, len);
	if (!item && holders->spellings)
		item = accounts_by_name(holders->spellings, name, len);
	return item;
}

static uint32_t user_with_uid(const struct owner_table *holders, uint32_t uid)
{
	return holders->users ? number_of(holders, accounts_by_id(holders->users, uid)) :
				OWNER_TABLE_NONE;
}

static struct holder make_holder(const struct owner_table *holders,
				 const struct entry *entry)
{
	const struct accounts_item *named;
	struct holder holder = {
		.name = entry->owner,
		.name_len = (uint16_t)entry->owner_len,
		.has_uid = entry->by_id,
		.uid = entry->owner_id,
		.user = OWNER_TABLE_NONE,
	};

	if (entry->by_id)
		holder.user = user_with_uid(holders, entry->owner_id);
	if (holder.user == OWNER_TABLE_NONE) {
		named = find_named(holders, entry->owner, entry->owner_len);
		holder.has_uid |= named != NULL;
		if (named) {
			holder.uid = named->id;
			holder.user = user_with_uid(holders, named->id);
		}
	}
	holder.has_account = holder.user != OWNER_TABLE_NONE;
	return holder;
}

/*
 * Finds or adds the holder of a line. The text of the entry's owner must outlive the
 * table. ret_number: an index of the items, which may move. Returns 0 or -ENOMEM.
 */
int owner_table_put(struct owner_table *holders, const struct entry *entry,
		    uint32_t *ret_number)
{
	struct holder holder = make_holder(holders, entry);
	uint32_t hash = hash_holder(&holder), number;
	size_t at = 0;
	int r;

	while ((number = hash_next(&holders->index, hash, &at)))
		if (same_holder(&holders->items[number - 1], &holder)) {
			*ret_number = number - 1;
			return 0;
		}
	r = ARRAY_RESERVE(holders->items, holders->n, holders->allocated);
	if (r == 0)
		r = hash_put(&holders->index, hash, (uint32_t)holders->n + 1);
	if (r)
		return r;
	holders->items[holders->n++] = holder;
	*ret_number = (uint32_t)holders->n - 1;
	return 0;
}

/* Frees the index when no more holders will be added; the items stay. */
void owner_table_close(struct owner_table *holders)
{
	hash_cleanup(&holders->index);
}

/* Frees everything but the users. Takes a zeroed one. */
void owner_table_cleanup(struct owner_table *holders)
{
	owner_table_close(holders);
	free(holders->items);
	*holders = (struct owner_table){ 0 };
}
