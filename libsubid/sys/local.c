// SPDX-License-Identifier: BSD-3-Clause
/*
 * local: one pass over the passwd file in the place of a name service that would begin
 * with the same pass: no process of its own, a quarter of the system calls.
 *
 * MUST: an answer is the one that getpwnam(3) or getpwuid(3) would give. What leaves any
 * doubt is none: another source before `files` or an action behind it, nscd(8), a file
 * that cannot be read, and a line that could be meant and is not written as usual.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/blanks.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/etc.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/local.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/paths.h"
#include "libsubid/sys/scan.h"

/* Where it is, the name service asks nscd(8), which may remember something else. */
#define NSCD_SOCKET "/var/run/nscd/socket"

/* Whether the name service asks the passwd file first, and takes what it finds there. */
static bool is_first(void)
{
	struct nsswitch nsswitch;

	return access(NSCD_SOCKET, F_OK) != 0 &&
	       nsswitch_read(NAME_SERVICE_CONF, &nsswitch) == 0 &&
	       nsswitch.passwd_files_first;
}

/*
 * Reads a line that is of the user who is meant, if it is an account as usual: who reads
 * numbers or a NUL in another way has nothing to read here.
 */
static bool read_usual(const struct scan_line *line, struct account_line *ret_entry)
{
	return !memchr(line->text, '\0', line->len) &&
	       account_read_line(line->text, line->len, false, ret_entry);
}

/* Whether the name service could take @name for the first field of the line. */
static bool may_be_named(const struct scan_line *line, const char *name, size_t len)
{
	size_t blanks = blanks_count(line->text, line->len), left = line->len - blanks;

	return left >= len && memcmp(line->text + blanks, name, len) == 0 &&
	       (left == len || line->text[blanks + len] == ':');
}

/* Comments, and entries of the old compat service, are nobody. */
static bool is_nobody(const struct scan_line *line)
{
	size_t blanks = blanks_count(line->text, line->len);

	return blanks == line->len || memchr("#+-", line->text[blanks], 3);
}

/* Returns 1: the line is the user's, 0: it is not, -1: who knows. */
static int judge(const struct scan_line *line, const char *name, size_t name_len,
		 uid_t uid, struct account_line *ret_entry)
{
	/* Of a longer line not all is here. */
	if (line->len > LIMIT_LINE_BYTES)
		return -1;
	if (name ? !may_be_named(line, name, name_len) : is_nobody(line))
		return 0;
	/* A name would be read with the blanks before it. */
	if (blanks_count(line->text, line->len) > 0 || !read_usual(line, ret_entry))
		return -1;
	/* A name with a colon would be that of no account. */
	if (name)
		return ret_entry->name_len == name_len ? 1 : -1;
	return ret_entry->id == uid;
}

static int find(const char *path, const char *name, uid_t uid,
		struct account *ret_account)
{
	CLEANUP(fd_cleanup)
	int fd = etc_open(AT_FDCWD, path);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	size_t name_len = name ? strlen(name) : 0;
	struct account_line entry = { 0 };
	struct scan_line line;
	int found = 0;

	if (fd < 0 || scan_start(&scan, fd))
		return LOCAL_UNSURE;
	while (found == 0 && scan_next(&scan, &line) > 0)
		found = judge(&line, name, name_len, uid, &entry);
	if (found <= 0)
		return LOCAL_UNSURE;
	account_set(ret_account, entry.name, entry.name_len, (uid_t)entry.id,
		    (gid_t)entry.gid);
	return 0;
}

/*
 * Looks a user up by login name in the passwd file @path alone, as local_user() does.
 * Returns 0 or LOCAL_UNSURE. Thread-safe.
 */
int local_user_in(const char *path, const char *name, struct account *ret_account)
{
	return find(path, name, 0, ret_account);
}

/* The same by uid. */
int local_uid_in(const char *path, uid_t uid, struct account *ret_account)
{
	return find(path, NULL, uid, ret_account);
}

/*
 * Looks a user up by login name where the name service would look first. Returns 0, or
 * LOCAL_UNSURE: that there is no such user is nothing that is said here. Thread-safe.
 */
int local_user(const char *name, struct account *ret_account)
{
	return is_first() ? local_user_in(PASSWD_FILE, name, ret_account) : LOCAL_UNSURE;
}

/* The same by uid. */
int local_uid(uid_t uid, struct account *ret_account)
{
	return is_first() ? local_uid_in(PASSWD_FILE, uid, ret_account) : LOCAL_UNSURE;
}
