// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner: one pass over the local passwd file finds the other names of a uid, so that no
 * line of a database costs a question to the name service.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/owner.h"

static int add_alias(const char *name, size_t len, void *context)
{
	struct owner *owner = context;
	char **aliases;

	if (len == owner->account.name_len && memcmp(name, owner->account.name, len) == 0)
		return 0;
	/* A line that begins with it is of whoever has that uid, as for the map writers.
	 */
	if (owner_is_number(name, len))
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

/* As owner_init(), with the passwd file of the running system. */
int owner_init_here(struct owner *owner, const struct account *account)
{
	CLEANUP(fd_cleanup) int etc = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	*owner = (struct owner){ .n = 0 };
	return etc < 0 ? -errno : owner_init(owner, account, etc);
}

/*
 * Tells whether @name would be read as a uid. A new line must not name its owner by such
 * a login name: the ids would be those of whoever has that uid. Thread-safe.
 */
bool owner_is_number(const char *name, size_t len)
{
	uint64_t uid;

	return num_parse(name, len, UINT64_MAX, &uid) != NUM_MALFORMED;
}

/*
 * Looks an account up by login name.
 *
 * folder: where the passwd file is. Returns 0, ACCOUNT_NONE or -errno. Thread-safe.
 */
int owner_account(const char *name, int folder, enum owner_where where,
		  struct account *ret_account)
{
	if (where != OWNER_SERVICE) {
		int r = account_in_file(folder, name, ret_account);

		if (r == 0 || where == OWNER_FILE)
			return r;
	}
	return account_by_name(name, ret_account);
}

/* An owner that has no account is one spelling and nobody's uid. */
static void init_text(struct owner *owner, const char *name, size_t len)
{
	struct account *account = &owner->account;

	*owner = (struct owner){ .account = { .name_len = len,
					      .name_owns = true,
					      .uid = ID_NONE,
					      .gid = ID_NONE } };
	memcpy(account->name, name, len);
}

/*
 * Finds the owner that somebody calls @name: all names of the account, or the name alone
 * where no account has it, a uid in decimal among them.
 *
 * folder: where the passwd file is. Freed with owner_cleanup().
 * Returns 0, OWNER_INVALID or -errno (the name service did not answer). Thread-safe.
 */
int owner_find(struct owner *owner, const char *name, int folder, enum owner_where where)
{
	size_t len = strlen(name);
	struct account account;
	int r;

	if (entry_check_owner(name, len))
		return OWNER_INVALID;
	r = owner_account(name, folder, where, &account);
	if (r < 0)
		return r;
	if (r == 0)
		return owner_init(owner, &account, folder);
	init_text(owner, name, len);
	return 0;
}

/* Tells whether the owner is an account's. Thread-safe. */
bool owner_has_account(const struct owner *owner)
{
	return owner->account.uid != ID_NONE;
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

/*
 * Steps to the next line of a database that is an entry of the owner's; where one name
 * and the uid are all, most lines are passed over unseen. Returns 1, 0 at the end, or
 * -errno.
 */
int owner_next_entry(struct owner *owner, struct scan *scan, struct entry *ret_entry)
{
	struct scan_line line;
	struct starts starts;
	int r;

	account_starts(&owner->account, &starts);
	while ((r = owner->n == 0 ? scan_next_starting(scan, &starts, &line) :
				    scan_next(scan, &line)) > 0)
		if (owner_begins(line.text, line.len, owner) &&
		    entry_parse(line.text, line.len, ret_entry) == 0 &&
		    owner_is(ret_entry, owner))
			return 1;
	return r;
}

/* Frees the names. */
void owner_cleanup(struct owner *owner)
{
	for (size_t i = 0; i < owner->n; i++)
		free(owner->aliases[i]);
	free(owner->aliases);
	*owner = (struct owner){ 0 };
}
