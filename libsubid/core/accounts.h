/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accounts: users or groups in memory, by name and by id.
 *
 *	accounts_add ...	in the order of the file
 *	accounts_sort		when all are in
 *	accounts_by_name ...
 */
#ifndef SUBID_ACCOUNTS_H
#define SUBID_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/hash.h"

struct accounts_item {
	uint32_t name; /* see accounts_name() */
	uint32_t id;
	/* The primary group of a user; ID_NONE: unknown, or @id is that of the user. */
	uint32_t gid;
};

struct accounts {
	struct accounts_item *items; /* in the order in which they were added */
	size_t n;
	size_t allocated;
	char *names; /* each ends with a NUL; empty if only the id is known */
	size_t names_len;
	size_t names_allocated;
	uint32_t *by_id; /* indices of items, sorted by id, then by index */
	size_t sorted;	 /* length of by_id; items added later are not found */
	struct hash by_name;
};

/* The accounts that the owner of a line may mean; NULL: none. */
struct accounts_owner {
	const struct accounts_item *by_name; /* with this login name */
	const struct accounts_item *by_uid;  /* with this uid, if the owner is digits */
	bool digits;
};

/* Returns whether an owner is the uid of one account and the login name of another. */
static inline bool accounts_are_two(struct accounts_owner owner)
{
	return owner.by_name && owner.by_uid && owner.by_name->id != owner.by_uid->id;
}

int accounts_add(struct accounts *accounts, const char *name, size_t name_len,
		 uint32_t id, uint32_t gid);
int accounts_sort(struct accounts *accounts);
const struct accounts_item *accounts_by_name(const struct accounts *accounts,
					     const char *name, size_t len);
const struct accounts_item *accounts_by_id(const struct accounts *accounts, uint32_t id);
struct accounts_owner accounts_by_owner(const struct accounts *accounts,
					const char *owner, size_t len);
size_t accounts_lower_bound(const struct accounts *accounts, uint64_t id);
void accounts_cleanup(struct accounts *accounts);

static inline const char *accounts_name(const struct accounts *accounts,
					const struct accounts_item *item)
{
	return accounts->names + item->name;
}

/* Returns item @i in the order of ids. */
static inline const struct accounts_item *accounts_at(const struct accounts *accounts,
						      size_t i)
{
	return &accounts->items[accounts->by_id[i]];
}

#endif
