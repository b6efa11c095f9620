// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner: collects the names of a user and compares lines with them, for all programs and
 * the library.
 *
 * Invariant: only the text of an owner field decides, since a uid has one spelling.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/passwd-file.h"

/*
 * Returns whether @name would be read as a uid. A new line must not name its owner by
 * such a login name: the ids would be those of the user who has that uid. Thread-safe.
 */
bool owner_is_number(const char *name, size_t len)
{
	uint64_t uid;

	return num_parse(name, len, UINT64_MAX, &uid) != NUM_MALFORMED;
}

static bool is_text(const char *text, size_t len, const char *other, size_t other_len)
{
	return len == other_len && memcmp(text, other, len) == 0;
}

/* Returns whether lines with the owner field @text are the owner's. Thread-safe. */
bool owner_is_text(const struct owner *owner, const char *text, size_t len)
{
	const struct account *account = &owner->account;

	if (account->exists && entry_owner_is_retired(text, len))
		return false;
	if ((owner->by_name && is_text(text, len, account->name, account->name_len)) ||
	    (owner->by_number &&
	     is_text(text, len, account->number, account->number_len)))
		return true;
	for (size_t i = 0; i < owner->n; i++)
		if (is_text(text, len, owner->names[i], strlen(owner->names[i])))
			return true;
	return false;
}

/* Returns whether an entry is the owner's; a table_match_fn. Thread-safe. */
bool owner_is(const struct entry *entry, void *context)
{
	return owner_is_text(context, entry->owner, entry->owner_len);
}

static bool begins_with(const char *line, size_t len, const char *text, size_t text_len)
{
	return len > text_len && line[text_len] == ':' &&
	       memcmp(line, text, text_len) == 0;
}

/*
 * Returns by the first bytes whether a line may be the owner's; a table_maybe_fn. A
 * filter for large databases: owner_is() decides. Thread-safe.
 */
bool owner_begins(const char *line, size_t len, const void *context)
{
	const struct owner *owner = context;
	const struct account *account = &owner->account;

	if (begins_with(line, len, account->name, account->name_len) ||
	    begins_with(line, len, account->number, account->number_len))
		return true;
	for (size_t i = 0; i < owner->n; i++)
		if (begins_with(line, len, owner->names[i], strlen(owner->names[i])))
			return true;
	return false;
}

/*
 * Sets the prefixes of the owner's lines for scan_next_starting(), a filter as
 * owner_begins(). Returns false if the owner has further names. Thread-safe.
 */
bool owner_starts(const struct owner *owner, struct line_prefixes *ret_starts)
{
	const struct account *account = &owner->account;

	start_set(&ret_starts->either, account->name, account->name_len);
	if (account->number_len > 0)
		start_set(&ret_starts->other, account->number, account->number_len);
	else
		ret_starts->other = ret_starts->either;
	return owner->n == 0;
}

/*
 * Steps to the next entry of the owner. If the owner has only one name and the uid, most
 * lines are skipped without parsing. Returns 1, 0 at the end, or -errno.
 */
int owner_next_entry(struct owner *owner, struct scan *scan, struct entry *ret_entry)
{
	struct line_prefixes starts = { 0 };
	bool few = owner_starts(owner, &starts);
	struct scan_line line;
	int r;

	while ((r = few ? scan_next_starting(scan, &starts, &line) :
			  scan_next(scan, &line)) > 0)
		if (owner_begins(line.text, line.len, owner) &&
		    entry_parse(line.text, line.len, ret_entry) == 0 &&
		    owner_is(ret_entry, owner))
			return 1;
	return r;
}

/* Sets the login name and the uid from @account. Free with owner_cleanup(). */
void owner_set(struct owner *owner, const struct account *account)
{
	*owner = (struct owner){
		.account = *account,
		.by_name = true,
		.by_number = account->number_len > 0,
	};
}

/*
 * Adds a name unless it is all digits: such lines belong to the user with that uid.
 * Returns 0 or -ENOMEM.
 */
int owner_add_name(struct owner *owner, const char *name, size_t len)
{
	int r;

	if (owner_is_number(name, len) || owner_is_text(owner, name, len))
		return 0;
	r = ARRAY_RESERVE(owner->names, owner->n, owner->allocated);
	if (r)
		return r;
	owner->names[owner->n] = strndup(name, len);
	if (!owner->names[owner->n])
		return -ENOMEM;
	owner->n++;
	return 0;
}

/* Returns the login name as a uid; ID_NONE if it is not digits. */
static uint32_t uid_of_name(const struct account *account)
{
	uint64_t uid;

	if (num_parse(account->name, account->name_len, ID_NONE - 1, &uid))
		return ID_NONE;
	return (uint32_t)uid;
}

/* Collects names of the owner, and conflicts with other users, from a passwd line. */
static int take_account_line(struct owner *owner, const struct passwd_line *line)
{
	const struct account *account = &owner->account;
	bool has_name =
		is_text(line->name, line->name_len, account->name, account->name_len);
	uint32_t name_uid;
	bool has_number;

	/* The first line with a name counts. */
	if (has_name && !owner->name_is_own && !owner->name_is_of_other) {
		owner->name_is_own = line->id == account->uid;
		owner->name_is_of_other = !owner->name_is_own;
	}
	if (line->id == account->uid)
		return has_name ? 0 : owner_add_name(owner, line->name, line->name_len);
	name_uid = uid_of_name(account);
	has_number =
		is_text(line->name, line->name_len, account->number, account->number_len);
	owner->ambiguous_number |= has_number;
	/* The login name may equal the uid. */
	owner->ambiguous_name |=
		name_uid != ID_NONE &&
		(line->id == name_uid || (has_number && name_uid == account->uid));
	return 0;
}

/* Passes each account of the passwd file in @directory to @take. Returns 0 or -errno. */
static int each_account_line(struct owner *owner, int directory,
			     int (*take)(struct owner *owner,
					 const struct passwd_line *line))
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open(&file, directory, &kind_uid), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0)
		r = fault == PASSWD_ID_ONLY ? 0 : take(owner, &line);
	return r;
}

static void drop_name(struct owner *owner, size_t i)
{
	free(owner->names[i]);
	owner->names[i] = owner->names[--owner->n];
}

/* Moves a name to the checked ones. */
static void keep_name(struct owner *owner, size_t i)
{
	char *name = owner->names[i];

	owner->names[i] = owner->names[owner->checked];
	owner->names[owner->checked++] = name;
}

/* Drops a name whose first line is of another user: the first line counts. */
static int check_line(struct owner *owner, const struct passwd_line *line)
{
	for (size_t i = owner->checked; i < owner->n; i++) {
		if (!is_text(line->name, line->name_len, owner->names[i],
			     strlen(owner->names[i])))
			continue;
		if (line->id != owner->account.uid) {
			drop_name(owner, i);
			return 0;
		}
		keep_name(owner, i);
		return 0;
	}
	return 0;
}

/*
 * Collects the names of the uid of @account in the passwd file in @directory, as libc
 * reads it; an owner without account has one name. Free with owner_cleanup(). Returns 0
 * or -errno. Thread-safe.
 */
int owner_init(struct owner *owner, const struct account *account, int directory)
{
	int r;

	owner_set(owner, account);
	if (!account->exists)
		return 0;
	r = each_account_line(owner, directory, take_account_line);
	if (r == 0 && owner->n > 0)
		r = each_account_line(owner, directory, check_line);
	if (r)
		owner_cleanup(owner);
	return r;
}

/*
 * Finds the owner that a word names: all names of the account with this login name or,
 * with @or_uid, this uid. Without such an account the word is the owner's only name.
 *
 * Free with owner_cleanup(). Returns 0, OWNER_INVALID or -errno (the user is unknown).
 * Thread-safe as the service of @lookup is.
 */
int owner_find(struct owner *owner, const char *word, const struct lookup *lookup,
	       bool or_uid)
{
	size_t len = strlen(word);
	struct account account;
	int r;

	if (len == 0 || len > LIMIT_OWNER_BYTES)
		return OWNER_INVALID;
	r = or_uid ? lookup_word(lookup, word, &account) :
		     lookup_name(lookup, word, &account);
	if (r == ACCOUNT_NONE) {
		if (entry_check_owner(word, len))
			return OWNER_INVALID;
		account_set_text(&account, word, len);
		owner_set(owner, &account);
		return 0;
	}
	if (r == 0)
		r = owner_init(owner, &account, lookup->directory);
	if (r == 0) {
		r = owner_add_name(owner, word, len);
		if (r)
			owner_cleanup(owner);
	}
	return r;
}

/* Returns whether the owner is an account's. Thread-safe. */
bool owner_has_account(const struct owner *owner)
{
	return owner->account.exists;
}

/*
 * Returns whether an owner field is digits that are the owner's uid or login name.
 * owner_check_digits() finds out whether they are another account's as well. Thread-safe.
 */
bool owner_is_digits(const struct owner *owner, const char *text, size_t len)
{
	const struct account *account = &owner->account;

	return account->exists && owner_is_number(text, len) &&
	       (is_text(text, len, account->number, account->number_len) ||
		is_text(text, len, account->name, account->name_len));
}

/*
 * Checks whether an account that is not in the passwd file makes the digits of this owner
 * ambiguous. Without an answer only the local accounts count.
 */
void owner_check_digits(struct owner *owner, const struct lookup *lookup)
{
	const struct account *account = &owner->account;
	uint32_t name_uid = uid_of_name(account);
	char number[NUM_BYTES + 1] = "";
	struct account other;

	if (!owner_has_account(owner))
		return;
	if (name_uid != ID_NONE && name_uid != account->uid)
		owner->ambiguous_name |= lookup_uid(lookup, name_uid, &other) == 0;
	memcpy(number, account->number, account->number_len);
	owner->ambiguous_number |=
		lookup_name(lookup, number, &other) == 0 && other.uid != account->uid;
}

/*
 * Excludes lines with ambiguous digits: with the uid unless @as_uid, with the login name
 * unless @as_name.
 */
void owner_choose_digits(struct owner *owner, bool as_uid, bool as_name)
{
	if (owner->ambiguous_number && !as_uid)
		owner->by_number = false;
	if (owner->ambiguous_name && !as_name)
		owner->by_name = false;
}

/* Frees the names. Takes a zeroed owner. */
void owner_cleanup(struct owner *owner)
{
	for (size_t i = 0; i < owner->n; i++)
		free(owner->names[i]);
	free(owner->names);
	*owner = (struct owner){ 0 };
}
