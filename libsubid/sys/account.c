// SPDX-License-Identifier: BSD-3-Clause
/*
 * account: lookups through getpw*_r(3), and who an owner in a database is.
 *
 * MUST: an answer that did not come (no descriptor left, a name service that is down) is
 * told apart from "there is none".
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/etc.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"

/* No entry of a sane name service is larger. */
#define PASSWD_BYTES_MAX (1024 * 1024)

/*
 * One lookup, by name where @name is not NULL, else by @uid, with a buffer that grows.
 * Returns 0, ACCOUNT_NONE or -errno. *ret_buffer is to be freed and holds the strings.
 */
static int lookup(const char *name, uid_t uid, struct passwd *ret_entry,
		  char **ret_buffer)
{
	for (size_t size = 1024; size <= PASSWD_BYTES_MAX; size *= 4) {
		CLEANUP(cleanup_free) char *buffer = malloc(size);
		struct passwd *found = NULL;
		int r;

		if (!buffer)
			return -ENOMEM;
		do {
			r = name ? getpwnam_r(name, ret_entry, buffer, size, &found) :
				   getpwuid_r(uid, ret_entry, buffer, size, &found);
		} while (r == EINTR);
		if (r == ERANGE)
			continue;
		/* Some name services say ENOENT or ESRCH for "no such user", see
		 * getpwnam(3). */
		if (r && r != ENOENT && r != ESRCH)
			return -r;
		if (r || !found)
			return ACCOUNT_NONE;
		*ret_buffer = TAKE_PTR(buffer);
		return 0;
	}
	return -ERANGE;
}

/* Fills in who an account is; @len is LIMIT_OWNER_BYTES at the most. Thread-safe. */
void account_set(struct account *account, const char *name, size_t len, uid_t uid,
		 gid_t gid)
{
	*account = (struct account){ .name_len = len, .uid = uid, .gid = gid };
	memcpy(account->name, name, len);
	account->name_owns = entry_check_owner(name, len) == 0;
	account->number_len = num_format(uid, account->number);
}

/* The next field of a line of passwd(5); *ret_len is its length. NULL behind the last. */
static const char *next_field(const char **rest, const char *end, size_t *ret_len)
{
	const char *field = *rest, *colon;

	if (!field)
		return NULL;
	colon = memchr(field, ':', (size_t)(end - field));
	*ret_len = (size_t)((colon ? colon : end) - field);
	*rest = colon ? colon + 1 : NULL;
	return field;
}

/*
 * Reads a line of passwd(5), `name:password:uid:gid:...`, or of group(5),
 * `name:password:gid:...`; false when it is no account. What begins with `+` or `-` is an
 * entry of the old compat service. Thread-safe.
 */
bool account_read_line(const char *line, size_t len, bool group,
		       struct account_line *ret_line)
{
	const char *rest = line, *end = line + len, *number;
	struct account_line entry = { 0 };
	size_t field_len = 0;

	entry.name = next_field(&rest, end, &entry.name_len);
	if (entry.name_len == 0 || entry.name_len > LIMIT_OWNER_BYTES ||
	    strchr("+-#", entry.name[0]))
		return false;
	if (!next_field(&rest, end, &field_len))
		return false;
	number = next_field(&rest, end, &field_len);
	if (!number || num_parse(number, field_len, ID_NONE - 1, &entry.id))
		return false;
	if (!group) {
		number = next_field(&rest, end, &field_len);
		if (!number || num_parse(number, field_len, ID_NONE - 1, &entry.gid))
			return false;
		/* Of a line that was cut there may be more digits. */
		if (len > LIMIT_LINE_BYTES && number + field_len == end)
			return false;
	}
	*ret_line = entry;
	return true;
}

/*
 * Looks an account up in a file, by @name where it is not NULL, else by @uid. Returns 0,
 * ACCOUNT_NONE or -errno.
 */
static int lookup_in_file(int folder, const char *path, const char *name, uid_t uid,
			  struct account *ret_account)
{
	CLEANUP(fd_cleanup)
	int fd = etc_open(folder, path);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	size_t name_len = name ? strlen(name) : 0;
	struct account_line entry;
	struct scan_line line;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? ACCOUNT_NONE : fd;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0) {
		if (!account_read_line(line.text, line.len, false, &entry))
			continue;
		if (name ? entry.name_len != name_len ||
				    memcmp(entry.name, name, name_len) != 0 :
			   entry.id != uid)
			continue;
		account_set(ret_account, entry.name, entry.name_len, (uid_t)entry.id,
			    (gid_t)entry.gid);
		return 0;
	}
	return r ? r : ACCOUNT_NONE;
}

static int set_from_entry(const struct passwd *entry, struct account *ret_account)
{
	size_t len = strlen(entry->pw_name);

	if (len == 0 || len > LIMIT_OWNER_BYTES)
		return ACCOUNT_NONE;
	account_set(ret_account, entry->pw_name, len, entry->pw_uid, entry->pw_gid);
	return 0;
}

/*
 * Looks the account of @uid up.
 *
 * passwd_file: where the name service looks first, to be read without it; or NULL.
 * Returns 0, ACCOUNT_NONE (none, or one whose name no database can hold) or -errno.
 * Thread-safe.
 */
int account_by_uid(uid_t uid, const char *passwd_file, struct account *ret_account)
{
	CLEANUP(cleanup_free) char *buffer = NULL;
	struct passwd entry;
	int r;

	/*
	 * As the name service's `files` does it, in a quarter of the system calls;
	 * fgetpwent_r(3) would make one a line. What is not found or not understood the
	 * name service is asked for.
	 */
	if (passwd_file &&
	    lookup_in_file(AT_FDCWD, passwd_file, NULL, uid, ret_account) == 0)
		return 0;
	r = lookup(NULL, uid, &entry, &buffer);
	if (r)
		return r;
	return entry.pw_uid == uid ? set_from_entry(&entry, ret_account) : ACCOUNT_NONE;
}

/*
 * Looks an account up by login name; a uid is no name.
 * Returns 0, ACCOUNT_NONE or -errno. Thread-safe.
 */
int account_by_name(const char *name, struct account *ret_account)
{
	CLEANUP(cleanup_free) char *buffer = NULL;
	struct passwd entry;
	int r = lookup(name, 0, &entry, &buffer);

	return r ? r : set_from_entry(&entry, ret_account);
}

/*
 * Looks an account up by login name in the passwd file of another system's folder.
 * Returns 0, ACCOUNT_NONE or -errno. Thread-safe.
 */
int account_in_file(int folder, const char *name, struct account *ret_account)
{
	return lookup_in_file(folder, "passwd", name, 0, ret_account);
}

/* Looks the first account of a uid up there. As account_in_file(). */
int account_in_file_by_uid(int folder, uid_t uid, struct account *ret_account)
{
	return lookup_in_file(folder, "passwd", NULL, uid, ret_account);
}

/*
 * Tells whether @name is a login name of @uid: one uid may have several.
 * Asks the name service. Returns 1, 0 or -errno. Thread-safe.
 */
int account_name_is_uid(const char *name, size_t len, uid_t uid)
{
	CLEANUP(cleanup_free) char *buffer = NULL;
	char terminated[LIMIT_OWNER_BYTES + 1];
	struct passwd entry;
	int r;

	if (len > LIMIT_OWNER_BYTES)
		return 0;
	memcpy(terminated, name, len);
	terminated[len] = '\0';

	r = lookup(terminated, 0, &entry, &buffer);
	if (r)
		return r == ACCOUNT_NONE ? 0 : r;
	return entry.pw_uid == uid;
}

/*
 * Tells each login name that the passwd file in @folder has for @uid; @tell ends it by
 * returning something other than 0.
 * Returns 0, what @tell returned, or -errno. Thread-safe.
 */
int account_each_name(int folder, uid_t uid,
		      int (*tell)(const char *name, size_t len, void *context),
		      void *context)
{
	CLEANUP(fd_cleanup)
	int fd = etc_open(folder, "passwd");
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct account_line entry;
	struct scan_line line;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0) {
		if (!account_read_line(line.text, line.len, false, &entry) ||
		    entry.id != uid)
			continue;
		r = tell(entry.name, entry.name_len, context);
		if (r)
			return r;
	}
	return r;
}

static bool begins_with(const char *line, size_t len, const char *owner, size_t owner_len)
{
	return len > owner_len && line[owner_len] == ':' &&
	       memcmp(line, owner, owner_len) == 0;
}

/*
 * Tells whether a database's line may be of @account by its first bytes, the login name
 * or the uid and a colon. A filter for large databases: account_owns() decides.
 * Thread-safe.
 */
bool account_begins(const struct account *account, const char *line, size_t len)
{
	return begins_with(line, len, account->name, account->name_len) ||
	       begins_with(line, len, account->number, account->number_len);
}

/*
 * How the database's lines of @account begin, for scan_next_starting(). A filter, as
 * account_begins() is. Thread-safe.
 */
void account_starts(const struct account *account, struct starts *ret_starts)
{
	start_set(&ret_starts->either, account->name, account->name_len);
	start_set(&ret_starts->other, account->number, account->number_len);
}

/*
 * Tells whether an entry is @account's by login name or uid. Asks nobody: other names of
 * the same uid are account_name_is_uid()'s. Thread-safe.
 */
bool account_owns(const struct account *account, const struct entry *entry)
{
	if (entry->by_id && entry->owner_id == account->uid)
		return true;
	return account->name_owns && entry->owner_len == account->name_len &&
	       memcmp(entry->owner, account->name, account->name_len) == 0;
}
