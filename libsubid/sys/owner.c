// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner: one pass over the local passwd file finds the other names of a uid, so that no
 * line of a database costs a question to the name service.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/sys/owner.h"

static int add_alias(const char *name, size_t len, void *context)
{
	struct owner *owner = context;
	char **aliases;

	if (len == owner->account.name_len && memcmp(name, owner->account.name, len) == 0)
		return 0;
	aliases = reallocarray(owner->aliases, owner->n + 1, sizeof(*aliases));
	if (!aliases)
		return -ENOMEM;
	owner->aliases = aliases;
	aliases[owner->n] = strndup(name, len);
	return aliases[owner->n++] ? 0 : -ENOMEM;
}

/*
 * Collects the names of @account.
 *
 * folder: where the passwd file is. Freed with owner_cleanup().
 * Returns 0 or -errno. Thread-safe.
 */
int owner_init(struct owner *owner, const struct account *account, int folder)
{
	int r;

	*owner = (struct owner){ .account = *account };
	r = account_each_name(folder, account->uid, add_alias, owner);
	if (r)
		owner_cleanup(owner);
	return r;
}

static bool name_is(const struct entry *entry, const char *name, size_t len)
{
	return entry->owner_len == len && memcmp(entry->owner, name, len) == 0;
}

static bool begins_with(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && line[n] == ':' && memcmp(line, name, n) == 0;
}

/* Tells by its first bytes whether a line may be the owner's; a table_maybe_fn.
 * Thread-safe. */
bool owner_begins(const char *line, size_t len, const void *context)
{
	const struct owner *owner = context;

	if (account_begins(&owner->account, line, len))
		return true;
	for (size_t i = 0; i < owner->n; i++)
		if (begins_with(line, len, owner->aliases[i]))
			return true;
	return false;
}

/* Tells whether an entry is the owner's; a table_match_fn. Thread-safe. */
bool owner_is(const struct entry *entry, void *context)
{
	const struct owner *owner = context;

	if (account_owns(&owner->account, entry))
		return true;
	for (size_t i = 0; i < owner->n; i++)
		if (name_is(entry, owner->aliases[i], strlen(owner->aliases[i])))
			return true;
	return false;
}

/* Frees the names. */
void owner_cleanup(struct owner *owner)
{
	for (size_t i = 0; i < owner->n; i++)
		free(owner->aliases[i]);
	free(owner->aliases);
	*owner = (struct owner){ 0 };
}
