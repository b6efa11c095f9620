// SPDX-License-Identifier: BSD-3-Clause
/*
 * renamed: finds out whether an owner without an account is a user whose login name or
 * uid has changed. passwd-, the backup, has the account as it was; and usermod(8) leaves
 * the home directory where it is, below the old name.
 *
 * The owner of a directory in /home shows nothing: a new user may have the uid of one who
 * is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/passwd.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "subid/verb/renamed.h"

struct renamed_search {
	const struct accounts *users;
	const char *owner;
	size_t owner_len;
	bool by_uid; /* the owner is a uid */
	uint32_t uid;
	const struct accounts_item *found;
	size_t n; /* how many accounts match */
};

static bool is_owner_text(const char *text, size_t len,
			  const struct renamed_search *search)
{
	return len == search->owner_len && memcmp(text, search->owner, len) == 0;
}

/* Handles an account of passwd-. */
static void take_old(struct renamed_search *search, const struct passwd_line *line,
		     const char *text, size_t len)
{
	const struct accounts_item *now;

	(void)text;
	(void)len;
	if (search->by_uid)
		now = line->id == search->uid ?
			      accounts_by_name(search->users, line->name,
					       line->name_len) :
			      NULL;
	else
		now = is_owner_text(line->name, line->name_len, search) ?
			      accounts_by_id(search->users, line->id) :
			      NULL;
	if (!now || (search->found && now->id == search->found->id))
		return;
	search->found = now;
	search->n++;
}

/* Returns the last part of the home directory; its length is 0 if there is none. */
static size_t find_home(const char *text, size_t len, const char **ret_name)
{
	const char *end = text + len, *at = text, *slash;

	for (size_t field = 0; at && field < 5; field++) {
		at = memchr(at, ':', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return 0;
	slash = memchr(at, ':', (size_t)(end - at));
	end = slash ? slash : end;
	slash = memrchr(at, '/', (size_t)(end - at));
	*ret_name = slash ? slash + 1 : at;
	return (size_t)(end - *ret_name);
}

/* Handles an account of passwd, whose home directory may have the name of the owner. */
static void take_home(struct renamed_search *search, const struct passwd_line *line,
		      const char *text, size_t len)
{
	const char *home;
	size_t home_len = find_home(text, len, &home);

	if (search->by_uid || home_len == 0 || !is_owner_text(home, home_len, search))
		return;
	search->found = accounts_by_name(search->users, line->name, line->name_len);
	search->n++;
}

typedef void (*take_fn)(struct renamed_search *search, const struct passwd_line *line,
			const char *text, size_t len);

/* Hands each account of a file to @take. A missing file has none. */
static int each_account(int directory, const char *name, take_fn take,
			struct renamed_search *search)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(directory, name, O_RDONLY | O_NOFOLLOW);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct passwd_line account;
	struct scan_line line;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = scan_start(&scan, fd);
	while (r == 0 && (r = scan_next(&scan, &line)) > 0) {
		r = 0;
		if (passwd_read_line(line.text, line.len, false, &account) == 0)
			take(search, &account, line.text, line.len);
	}
	return r;
}

/*
 * Finds the account that @owner, a login name or a uid without account, has become.
 *
 * directory: of passwd and passwd-. users: the accounts of passwd.
 * Returns 0, RENAMED_NONE or -errno.
 */
int renamed_find(int directory, const struct accounts *users, const char *owner,
		 uint32_t *ret_uid)
{
	struct renamed_search search = {
		.users = users,
		.owner = owner,
		.owner_len = strlen(owner),
	};
	uint64_t uid = 0;
	int r;

	search.by_uid = num_parse(owner, search.owner_len, ID_NONE - 1, &uid) == 0;
	search.uid = (uint32_t)uid;
	r = each_account(directory, "passwd-", take_old, &search);
	/* The backup may be for root alone. */
	if ((r == 0 || r == -EACCES) && search.n == 0)
		r = each_account(directory, "passwd", take_home, &search);
	if (r)
		return r;
	if (search.n != 1 || !search.found)
		return RENAMED_NONE;
	*ret_uid = search.found->id;
	return 0;
}
