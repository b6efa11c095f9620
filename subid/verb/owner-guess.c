// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner-guess: guesses which user an owner means that has no account.
 *
 * A user may have had another login name or uid: passwd-, the backup, has the account as
 * it was, and usermod(8) leaves the home directory where it is, below the old name. The
 * owner of a directory in /home shows nothing: a new user may have the uid of one who is
 * gone.
 */
#include <errno.h>
#include <string.h>

#include "command/suggest.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/printable.h"
#include "libsubid/user/passwd-file.h"
#include "subid/verb/owner-guess.h"

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
		     const struct passwd_file *file)
{
	const struct accounts_item *now;

	(void)file;
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

/* Handles an account of passwd, whose home directory may have the name of the owner. */
static void take_home(struct renamed_search *search, const struct passwd_line *line,
		      const struct passwd_file *file)
{
	size_t len;
	const char *home =
		passwd_find_field(file->line.text, file->line.len, PASSWD_HOME, &len);
	const char *slash = memrchr(home, '/', len);

	if (slash) {
		len -= (size_t)(slash + 1 - home);
		home = slash + 1;
	}
	if (search->by_uid || len == 0 || !is_owner_text(home, len, search))
		return;
	search->found = accounts_by_name(search->users, line->name, line->name_len);
	search->n++;
}

typedef void (*take_fn)(struct renamed_search *search, const struct passwd_line *line,
			const struct passwd_file *file);

/* Hands each account of a file to @take. A missing file has none. */
static int each_account(int directory, const char *name, take_fn take,
			struct renamed_search *search)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open_named(&file, directory, name, false), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0) {
		r = 0;
		if (fault == 0)
			take(search, &line, &file);
	}
	return r;
}

/*
 * Finds the account that @owner, a login name or a uid without account, has become.
 *
 * directory: of passwd and passwd-. users: the accounts of passwd. ret_by_home: only the
 * name of the home directory shows it, which the account may have for another reason.
 * Returns 0, OWNER_GUESS_NONE or -errno.
 */
int owner_guess_renamed(int directory, const struct accounts *users, const char *owner,
			uint32_t *ret_uid, bool *ret_by_home)
{
	struct renamed_search search = {
		.users = users,
		.owner = owner,
		.owner_len = strlen(owner),
	};
	uint64_t uid = 0;
	bool by_home;
	int r;

	search.by_uid = num_parse(owner, search.owner_len, ID_NONE - 1, &uid) == 0;
	search.uid = (uint32_t)uid;
	r = each_account(directory, "passwd-", take_old, &search);
	/* The backup may be for root alone. */
	by_home = (r == 0 || r == -EACCES) && search.n == 0;
	if (by_home)
		r = each_account(directory, "passwd", take_home, &search);
	if (r)
		return r;
	if (search.n != 1 || !search.found)
		return OWNER_GUESS_NONE;
	*ret_uid = search.found->id;
	*ret_by_home = by_home;
	return 0;
}

/* Whether an owner without account can be a login name that is misspelt. */
bool owner_guess_alike(const char *owner, const char *login)
{
	struct suggest suggest;

	suggest_start(&suggest, owner, strlen(owner));
	suggest_consider(&suggest, login, strlen(login));
	return *suggest.best != '\0';
}

/* The uids of users, as useradd(8) gives them by default. */
#define UID_OF_USERS	 1000
#define UID_BEHIND_USERS 60001

/* The only local user with a uid of users, if there is no other one. */
static const char *find_only_user(const struct accounts *users)
{
	size_t i = accounts_lower_bound(users, UID_OF_USERS);

	if (i == users->sorted || accounts_at(users, i)->id >= UID_BEHIND_USERS)
		return NULL;
	if (i + 1 < users->sorted && accounts_at(users, i + 1)->id < UID_BEHIND_USERS)
		return NULL;
	return accounts_name(users, accounts_at(users, i));
}

/*
 * Returns the user that an owner that no login can have most likely means: without marks
 * and in lower case; or for a variable of a shell, the only user. NULL: none.
 */
const char *owner_guess_likely(const struct accounts *users, const char *owner)
{
	char name[LIMIT_OWNER_BYTES + 5];
	const struct accounts_item *user;
	bool variable = false;
	size_t n = 0;

	for (; *owner && n < sizeof(name) - 1; owner++) {
		unsigned char c = (unsigned char)*owner;

		variable |= c == '$';
		if (strchr("\"'`<>*{}()[]|;&!?#%^=,/~$+-@", c) || c <= ' ' || c >= 0x7f)
			continue;
		name[n++] = ascii_lower_case((char)c);
	}
	name[n] = '\0';
	user = accounts_by_name(users, name, n);
	if (!user) {
		size_t zeros = strspn(name, "0");

		user = accounts_by_owner(users, name + zeros, n - zeros).by_uid;
	}
	return user	? accounts_name(users, user) :
	       variable ? find_only_user(users) :
			  NULL;
}
