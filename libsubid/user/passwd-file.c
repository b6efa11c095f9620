// SPDX-License-Identifier: BSD-3-Clause
/*
 * passwd-file: reads passwd(5) and group(5), for all other modules.
 *
 * MUST: if an answer replaces that of libc, it says if a line is uncertain: not written
 * as tools write it, or longer than the buffer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/passwd.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/user/passwd-file.h"

/*
 * Opens a file of users, or with @group of groups.
 *
 * directory, name: as in etc_open(). As passwd_file_open().
 */
int passwd_file_open_named(struct passwd_file *file, int directory, const char *name,
			   bool group)
{
	*file = (struct passwd_file){ .fd = etc_open(directory, name), .group = group };
	if (file->fd >= 0)
		scan_start(&file->scan, file->fd);
	return file->fd < 0 && file->fd != -ENOENT ? file->fd : 0;
}

/*
 * Opens the file of users (for kind_uid) or groups (for kind_gid) in @directory; with
 * AT_FDCWD that of the running system.
 *
 * Returns 0, also if the file is missing, or -errno. Always end with
 * passwd_file_cleanup(). Thread-safe.
 */
int passwd_file_open(struct passwd_file *file, int directory, const struct kind *kind)
{
	const char *name = directory != AT_FDCWD ? kind->accounts :
			   kind->group		 ? GROUP_FILE :
						   PASSWD_FILE;

	return passwd_file_open_named(file, directory, name, kind->group);
}

/*
 * Steps to the next account.
 *
 * ret_fault: the result of passwd_read_line(), never PASSWD_NONE.
 * Returns 1, 0 at the end, or -errno.
 */
int passwd_file_next(struct passwd_file *file, struct passwd_line *ret_line,
		     int *ret_fault)
{
	struct scan_line *line = &file->line;
	int r;

	if (file->fd < 0)
		return 0;
	while ((r = scan_next(&file->scan, line)) > 0) {
		*ret_fault =
			passwd_read_line(line->text, line->len, file->group, ret_line);
		if (*ret_fault != PASSWD_NONE)
			break;
	}
	return r;
}

/* Closes the file. Takes PASSWD_FILE_NONE. */
void passwd_file_cleanup(struct passwd_file *file)
{
	scan_end(&file->scan);
	if (file->fd >= 0)
		file->fd = fd_close(file->fd);
}

static bool line_is_wanted(const struct passwd_line *line, const char *name,
			   size_t name_len, uid_t uid)
{
	if (!name)
		return line->id == uid;
	return line->name_len == name_len && memcmp(line->name, name, name_len) == 0;
}

/*
 * Looks up a user in the passwd file of @directory, by @name or, if that is NULL, by
 * @uid. The first line counts.
 *
 * ret_doubt: libc may find another line in this file.
 * Returns 0, ACCOUNT_NONE or -errno. Thread-safe.
 */
int passwd_file_find(int directory, const char *name, uid_t uid,
		     struct account *ret_account, bool *ret_doubt)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	size_t name_len = name ? strlen(name) : 0;
	struct passwd_line line;
	struct scan_line text;
	int r = passwd_file_open(&file, directory, &kind_uid);

	*ret_doubt = false;
	while (r == 0 && file.fd >= 0 && (r = scan_next(&file.scan, &text)) > 0) {
		int fault = passwd_read_line(text.text, text.len, false, &line);

		r = 0;
		*ret_doubt |= text.len > LIMIT_LINE_BYTES;
		if (fault == PASSWD_NONE || !line_is_wanted(&line, name, name_len, uid))
			continue;
		*ret_doubt |= fault != 0;
		if (fault == PASSWD_ID_ONLY)
			continue;
		account_set(ret_account, line.name, line.name_len, line.id, line.gid);
		return 0;
	}
	return r ? r : ACCOUNT_NONE;
}

/*
 * Copies the members in a line, each with a NUL, as libc reads them: skips whitespace
 * before a name, and empty names. Returns 0 or -ENOMEM.
 */
static int copy_members(const char *line, size_t len, char **ret_names, size_t *ret_len)
{
	size_t left, n;
	const char *member = passwd_find_field(line, len, PASSWD_MEMBERS, &left);
	char *names = malloc(left + 1), *to = names;

	if (!names)
		return -ENOMEM;
	for (; left > 0; member += n, left -= n) {
		n = whitespace_count(member, left);
		if (n > 0)
			continue;
		for (; n < left && member[n] != ','; n++)
			*to++ = member[n];
		if (n > 0)
			*to++ = '\0';
		n += n < left;
	}
	*ret_len = (size_t)(to - names);
	*ret_names = names;
	return 0;
}

/*
 * Looks up a group in the group file of @directory; lines may have any length.
 *
 * ret_names: the members, each with a NUL, *ret_len bytes in all; to be freed.
 * Returns 0, ACCOUNT_NONE or -errno. Thread-safe.
 */
int passwd_file_members(int directory, const char *group, gid_t *ret_gid,
			char **ret_names, size_t *ret_len)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	CLEANUP(table_cleanup) struct table text = { 0 };
	struct passwd_line line;
	struct stat status;
	int r = passwd_file_open(&file, directory, &kind_gid);

	if (r || file.fd < 0)
		return r ? r : ACCOUNT_NONE;
	if (fstat(file.fd, &status))
		return -errno;
	r = load_table(file.fd, status.st_size, &text);
	for (size_t at = 0, len; r == 0 && at < text.len; at += len + 1) {
		const char *start = text.text + at;
		const char *newline = memchr(start, '\n', text.len - at);
		int fault;

		len = newline ? (size_t)(newline - start) : text.len - at;
		fault = passwd_read_line(start, len, true, &line);
		if ((fault && fault != PASSWD_ODD) ||
		    !line_is_wanted(&line, group, strlen(group), 0))
			continue;
		*ret_gid = line.id;
		return copy_members(start, len, ret_names, ret_len);
	}
	return r ? r : ACCOUNT_NONE;
}

/*
 * Loads all users (for kind_uid) or groups (for kind_gid) of the file in @directory.
 *
 * ret_accounts: sorted; free with accounts_cleanup().
 * Returns 0 or -errno. Thread-safe.
 */
int passwd_file_load(int directory, const struct kind *kind,
		     struct accounts *ret_accounts)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open(&file, directory, kind), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0)
		r = accounts_add(&accounts, line.name,
				 fault == PASSWD_ID_ONLY ? 0 : line.name_len, line.id,
				 line.gid);
	if (r == 0)
		r = accounts_sort(&accounts);
	if (r)
		return r;
	*ret_accounts = accounts;
	accounts = (struct accounts){ 0 };
	return 0;
}
