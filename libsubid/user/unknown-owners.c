// SPDX-License-Identifier: BSD-3-Clause
/*
 * unknown-owners: looks up a set of names: local ones in one pass over the passwd file,
 * and each other one once by the name service, many at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/passwd-file.h"
#include "libsubid/user/unknown-owners.h"

static struct unknown_owner *find_unknown(const struct unknown_owners *owners,
					  const char *name, size_t len)
{
	uint32_t hash = hash_bytes(name, len), number;
	size_t at = 0;

	while ((number = hash_next(&owners->index, hash, &at))) {
		struct unknown_owner *owner = &owners->items[number - 1];

		if (strncmp(owner->name, name, len) == 0 && owner->name[len] == '\0')
			return owner;
	}
	return NULL;
}

/* Finds the owner with a name, which need not be terminated; NULL: it was not added. */
const struct unknown_owner *unknown_owners_find(const struct unknown_owners *owners,
						const char *name, size_t len)
{
	return find_unknown(owners, name, len);
}

/*
 * Adds an owner unless it is a uid in decimal. Returns 0 or -ENOMEM. Free with
 * unknown_owners_cleanup(). The set belongs to one thread.
 */
int unknown_owners_add(struct unknown_owners *owners, const char *name, size_t len)
{
	struct unknown_owner owner = { .name = NULL };
	int r;

	if (owner_is_number(name, len) || find_unknown(owners, name, len))
		return 0;
	r = ARRAY_RESERVE(owners->items, owners->n, owners->allocated);
	if (r)
		return r;
	/* No service is asked about it. */
	if (entry_owner_is_retired(name, len)) {
		owner.asked = true;
		owner.answer.r = ACCOUNT_NONE;
	}
	owner.name = strndup(name, len);
	r = owner.name ? hash_put(&owners->index, hash_bytes(name, len),
				  (uint32_t)owners->n + 1) :
			 -ENOMEM;
	if (r)
		free(owner.name);
	else
		owners->items[owners->n++] = owner;
	return r;
}

/*
 * Adds the owners of all lines with ids of @range, also of malformed ones that shadow
 * reads. Skips entries for which @known, if not NULL, returns true.
 * Returns 0 or -ENOMEM.
 */
int unknown_owners_add_lines(struct unknown_owners *owners, const struct table *table,
			     struct range range, unknown_owners_known_fn known,
			     void *context)
{
	struct table_near near = { .next = 0 };
	int r = 0;

	while (r == 0 && table_next_in_force(table, range, &near)) {
		const struct entry *entry = &near.reading->entry;

		if (!known || !known(entry, context))
			r = unknown_owners_add(owners, entry->owner, entry->owner_len);
	}
	return r;
}

/* Looks up the names in the passwd file. Returns 0 or -errno. */
static int find_local(struct unknown_owners *owners, int directory)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct unknown_owner *owner;
	struct passwd_line line;
	int r = passwd_file_open(&file, directory, &kind_uid), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0) {
		r = 0;
		if (fault == PASSWD_ID_ONLY)
			continue;
		owner = find_unknown(owners, line.name, line.name_len);
		if (!owner || owner->asked)
			continue;
		owner->asked = true;
		owner->answer.r = 0;
		account_set(&owner->answer.account, line.name, line.name_len, line.id,
			    line.gid);
	}
	return r;
}

static int ask_unknown_owners(struct unknown_owners *owners,
			      const struct name_service *service)
{
	const size_t most = owners->n - owners->n_asked;
	CLEANUP(cleanup_free)
	const char **names = reallocarray(NULL, most + 1, sizeof(*names));
	CLEANUP(cleanup_free)
	struct name_service_answer *answers =
		reallocarray(NULL, most + 1, sizeof(*answers));
	size_t n = 0, at = 0;
	int r;

	if (!names || !answers)
		return -ENOMEM;
	for (size_t i = owners->n_asked; i < owners->n; i++)
		if (!owners->items[i].asked)
			names[n++] = owners->items[i].name;
	if (n == 0)
		return 0;
	r = service->users(service->context, names, n, answers);
	for (size_t i = owners->n_asked; r == 0 && i < owners->n; i++) {
		if (owners->items[i].asked)
			continue;
		owners->items[i].asked = true;
		owners->items[i].answer = answers[at++];
	}
	return r;
}

/*
 * Looks up the owners that were not looked up yet: in the passwd file if the name service
 * reads it first, else by the name service.
 *
 * Returns 0 or -errno; each owner has its own result in `answer`.
 */
int unknown_owners_ask(struct unknown_owners *owners, const struct lookup *lookup)
{
	bool local = lookup->files_first || !lookup->service;
	int r = owners->n > owners->n_asked && local ?
			find_local(owners, lookup->directory) :
			0;

	if (r == 0 && lookup->service && !lookup->files_alone)
		r = ask_unknown_owners(owners, lookup->service);
	if (r)
		return r;
	for (; owners->n_asked < owners->n; owners->n_asked++) {
		struct unknown_owner *owner = &owners->items[owners->n_asked];

		if (!owner->asked)
			owner->answer.r = ACCOUNT_NONE;
		owner->asked = true;
	}
	return 0;
}

/*
 * As unknown_owners_ask(), and then looks up the login names in the answers, since
 * another user may have one of them. Without an answer about the login name the owner
 * counts as unknown. For unknown_owners_canonical().
 */
int unknown_owners_ask_canonical(struct unknown_owners *owners,
				 const struct lookup *lookup)
{
	int r = unknown_owners_ask(owners, lookup);
	size_t n = owners->n;

	for (size_t i = 0; r == 0 && i < n; i++) {
		/* The items may move. */
		const struct name_service_answer answer = owners->items[i].answer;

		if (answer.r == 0)
			r = unknown_owners_add(owners, answer.account.name,
					       answer.account.name_len);
	}
	if (r == 0)
		r = unknown_owners_ask(owners, lookup);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct name_service_answer *answer = &owners->items[i].answer;
		const struct unknown_owner *named =
			answer->r ? NULL :
				    find_unknown(owners, answer->account.name,
						 answer->account.name_len);

		if (named && named->answer.r < 0)
			answer->r = named->answer.r;
	}
	return r;
}

/*
 * Returns the account of the owner with a name, if it has another login name, which lines
 * should have. NULL: no such account, or no line can have its login name. Valid until an
 * owner is added.
 */
const struct account *unknown_owners_canonical(const struct unknown_owners *owners,
					       const char *name, size_t len)
{
	const struct unknown_owner *owner = find_unknown(owners, name, len), *named;
	const struct account *account;

	if (!owner || owner->answer.r)
		return NULL;
	account = &owner->answer.account;
	named = find_unknown(owners, account->name, account->name_len);
	return named && named != owner &&
			       entry_check_owner(account->name, account->name_len) == 0 &&
			       named->answer.r == 0 &&
			       named->answer.account.uid == account->uid ?
		       account :
		       NULL;
}

/*
 * Finds further names of users: looks up the unknown owners of lines with ids of @range,
 * and passes each owner that has an account to @names.
 *
 * owners: the same set in each call, so that each is asked for once.
 * Returns 0 or -errno; unknown_owners_are_silent() returns for which there is no answer.
 */
int unknown_owners_find_names(struct unknown_owners *owners, const struct table *table,
			      struct range range, const struct lookup *lookup,
			      const struct unknown_owners_names *names)
{
	int r;

	if (!lookup->service || lookup->files_alone)
		return 0;
	r = unknown_owners_add_lines(owners, table, range, names->known, names->context);
	if (r == 0)
		r = unknown_owners_ask(owners, lookup);
	for (size_t i = 0; r == 0 && i < owners->n; i++)
		if (owners->items[i].answer.r == 0)
			r = names->take(&owners->items[i], names->context);
	return r;
}

static int add_own_name(const struct unknown_owner *unknown, void *context)
{
	struct owner *owner = context;

	return unknown->answer.account.uid == owner->account.uid ?
		       owner_add_name(owner, unknown->name, strlen(unknown->name)) :
		       0;
}

/* Adds names to @owner that have its uid in the name service, as the function above. */
int unknown_owners_name(struct unknown_owners *owners, const struct table *table,
			struct range range, const struct lookup *lookup,
			struct owner *owner)
{
	if (!owner_has_account(owner))
		return 0;
	return unknown_owners_find_names(
		owners, table, range, lookup,
		&(struct unknown_owners_names){ owner_is, add_own_name, owner });
}

/* Returns whether the name service has not answered about the owner with a name. */
bool unknown_owners_are_silent(const struct unknown_owners *owners, const char *name,
			       size_t len)
{
	const struct unknown_owner *owner = find_unknown(owners, name, len);

	return owner && owner->answer.r < 0;
}

/* Frees the owners. Takes zeroed ones. */
void unknown_owners_cleanup(struct unknown_owners *owners)
{
	for (size_t i = 0; i < owners->n; i++)
		free(owners->items[i].name);
	free(owners->items);
	hash_cleanup(&owners->index);
	*owners = (struct unknown_owners){ 0 };
}
