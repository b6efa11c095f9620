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

static void account_set(struct account *account, const char *name, size_t len, uid_t uid,
			gid_t gid)
{
	*account = (struct account){ .name_len = len, .uid = uid, .gid = gid };
	memcpy(account->name, name, len);
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
 * Tells whether a line of passwd(5) is the account of @uid: `name:password:uid:gid:...`.
 * What begins with `+` or `-` is an entry of the old compat service and no account.
 */
static bool line_is_account(const struct scan_line *line, uid_t uid,
			    struct account *ret_account)
{
	const char *rest = line->text, *end = line->text + line->len;
	const char *name, *number;
	size_t name_len, len;
	uint64_t id, group;

	name = next_field(&rest, end, &name_len);
	if (name_len == 0 || name_len > LIMIT_OWNER_BYTES || strchr("+-#", name[0]))
		return false;
	if (!next_field(&rest, end, &len))
		return false;
	number = next_field(&rest, end, &len);
	if (!number || num_parse(number, len, ID_NONE - 1, &id) || id != uid)
		return false;
	number = next_field(&rest, end, &len);
	if (!number || num_parse(number, len, ID_NONE - 1, &group))
		return false;

	account_set(ret_account, name, name_len, uid, (gid_t)group);
	return true;
}

/*
 * Looks an account up in a file as the name service's `files` does, in a quarter of the
 * system calls; fgetpwent_r(3) would make one a line. Returns like account_by_uid(); what
 * it does not find or understand the name service is asked for.
 */
static int lookup_in_file(const char *path, uid_t uid, struct account *ret_account)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r;

	if (fd < 0)
		return -errno;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0)
		if (line_is_account(&line, uid, ret_account))
			return 0;
	return r ? r : ACCOUNT_NONE;
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
	size_t len;
	int r;

	if (passwd_file && lookup_in_file(passwd_file, uid, ret_account) == 0)
		return 0;
	r = lookup(NULL, uid, &entry, &buffer);
	if (r)
		return r;
	len = strlen(entry.pw_name);
	if (entry.pw_uid != uid || len == 0 || len > LIMIT_OWNER_BYTES)
		return ACCOUNT_NONE;

	account_set(ret_account, entry.pw_name, len, uid, entry.pw_gid);
	return 0;
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

static bool begins_with(const char *line, size_t len, const char *owner, size_t owner_len)
{
	return len > owner_len && line[owner_len] == ':' &&
	       memcmp(line, owner, owner_len) == 0;
}

/*
 * Tells whether the owner of a database's line is @account by login name or uid; the
 * rest of the line may be anything. Asks nobody: other names of the same uid are
 * account_name_is_uid()'s. Thread-safe.
 */
bool account_begins(const struct account *account, const char *line, size_t len)
{
	return begins_with(line, len, account->name, account->name_len) ||
	       begins_with(line, len, account->number, account->number_len);
}
