// SPDX-License-Identifier: BSD-3-Clause
/*
 * accounts: holds the result of one pass over passwd(5) or group(5), so that many
 * look-ups need neither another pass nor the name service. If several lines have the same
 * name or id, the first one counts, as in libc.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"

static int reserve_name(struct accounts *accounts, size_t bytes)
{
	size_t need = accounts->names_len + bytes;

	/* accounts_item.name is an offset. */
	return need > UINT32_MAX ? -ENOMEM :
				   ARRAY_RESERVE_ALL(accounts->names, need,
						     accounts->names_allocated);
}

/*
 * Adds an account; its name is empty if only the id is known.
 *
 * Returns 0 or -ENOMEM. The caller then calls accounts_sort(), and at the end
 * accounts_cleanup(). Only one thread may use the accounts while some are added.
 */
int accounts_add(struct accounts *accounts, const char *name, size_t name_len,
		 uint32_t id, uint32_t gid)
{
	int r = reserve_name(accounts, name_len + 1);

	if (r == 0)
		r = ARRAY_RESERVE(accounts->items, accounts->n, accounts->allocated);
	if (r)
		return r;
	accounts->items[accounts->n++] =
		(struct accounts_item){ (uint32_t)accounts->names_len, id, gid };
	memcpy(accounts->names + accounts->names_len, name, name_len);
	accounts->names_len += name_len;
	accounts->names[accounts->names_len++] = '\0';
	return 0;
}

static bool is_named(const struct accounts *accounts, const struct accounts_item *item,
		     const char *name, size_t len)
{
	const char *text = accounts_name(accounts, item);

	return strncmp(text, name, len) == 0 && text[len] == '\0';
}

/*
 * Finds the first account with a name, which need not be terminated. Returns NULL if
 * there is none. Thread-safe.
 */
const struct accounts_item *accounts_by_name(const struct accounts *accounts,
					     const char *name, size_t len)
{
	uint32_t hash, number;
	size_t at = 0;

	if (accounts->by_name.n == 0)
		return NULL;
	hash = hash_bytes(name, len);
	while ((number = hash_next(&accounts->by_name, hash, &at)))
		if (is_named(accounts, &accounts->items[number - 1], name, len))
			return &accounts->items[number - 1];
	return NULL;
}

/* A hash table: sorting by name would cost ten times as much. */
static int index_names(struct accounts *accounts)
{
	int r;

	hash_cleanup(&accounts->by_name);
	r = hash_reserve(&accounts->by_name, accounts->n);
	for (size_t i = 0; r == 0 && i < accounts->n; i++) {
		const char *name = accounts_name(accounts, &accounts->items[i]);
		size_t len = strlen(name);

		if (len > 0 && !accounts_by_name(accounts, name, len))
			r = hash_put(&accounts->by_name, hash_bytes(name, len),
				     (uint32_t)i + 1);
	}
	return r;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Packs id and position into one number, so that the sort compares numbers. */
static int index_ids(struct accounts *accounts)
{
	CLEANUP(cleanup_free)
	uint64_t *keys = reallocarray(NULL, accounts->n + 1, sizeof(*keys));
	bool sorted = true;

	accounts->sorted = 0;
	free(accounts->by_id);
	accounts->by_id = reallocarray(NULL, accounts->n + 1, sizeof(*accounts->by_id));
	if (!keys || !accounts->by_id)
		return -ENOMEM;
	for (size_t i = 0; i < accounts->n; i++) {
		keys[i] = (uint64_t)accounts->items[i].id << 32 | i;
		sorted &= i == 0 || keys[i] > keys[i - 1];
	}
	if (!sorted)
		qsort(keys, accounts->n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < accounts->n; i++)
		accounts->by_id[i] = (uint32_t)keys[i];
	accounts->sorted = accounts->n;
	return 0;
}

/*
 * Prepares the accounts for look-ups; may be called again after more were added.
 * Returns 0 or -ENOMEM.
 */
int accounts_sort(struct accounts *accounts)
{
	int r = index_names(accounts);

	return r ? r : index_ids(accounts);
}

/* Returns the index, for accounts_at(), of the first id not below @id. Thread-safe. */
size_t accounts_lower_bound(const struct accounts *accounts, uint64_t id)
{
	size_t n = accounts->sorted;

	/* Ranges lie above most accounts, so try the end first. */
	if (n == 0 || accounts_at(accounts, n - 1)->id < id)
		return n;
	return BISECT(n, i, accounts_at(accounts, i)->id >= id);
}

/* Finds the first account with an id. Returns NULL if there is none. Thread-safe. */
const struct accounts_item *accounts_by_id(const struct accounts *accounts, uint32_t id)
{
	size_t i = accounts_lower_bound(accounts, id);

	if (i == accounts->sorted || accounts_at(accounts, i)->id != id)
		return NULL;
	return accounts_at(accounts, i);
}

/* Finds the accounts that the owner of a line may mean. Pure and thread-safe. */
struct accounts_owner accounts_by_owner(const struct accounts *accounts,
					const char *owner, size_t len)
{
	uint64_t uid = ID_NONE;
	bool digits = num_parse(owner, len, ID_NONE - 1, &uid) == 0;

	if (entry_owner_is_retired(owner, len))
		return (struct accounts_owner){ 0 };
	return (struct accounts_owner){
		.by_name = accounts_by_name(accounts, owner, len),
		.by_uid = digits ? accounts_by_id(accounts, (uint32_t)uid) : NULL,
		.digits = digits,
	};
}

/* Frees the accounts. Takes zeroed ones. */
void accounts_cleanup(struct accounts *accounts)
{
	free(accounts->items);
	free(accounts->names);
	free(accounts->by_id);
	hash_cleanup(&accounts->by_name);
	*accounts = (struct accounts){ 0 };
}
