// SPDX-License-Identifier: BSD-3-Clause
/*
 * login-check: reads the local files about a user who logs in.
 *
 * MUST: the name service and plugins are not asked in the process of the login program:
 * they may hang or crash. If only they know the answer, it is LOGIN_ASK.
 * MUST: nothing is written and no lock is taken.
 */
#include <errno.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/membership.h"
#include "pam/login-check.h"

/*
 * A name service that never answers.
 */

static int silent_user(void *context, const char *name, struct account *ret_account)
{
	(void)context, (void)name, (void)ret_account;
	return -EAGAIN;
}

static int silent_uid(void *context, uid_t uid, struct account *ret_account)
{
	(void)context, (void)uid, (void)ret_account;
	return -EAGAIN;
}

static int silent_group(void *context, const char *name, gid_t *ret_gid)
{
	(void)context, (void)name, (void)ret_gid;
	return -EAGAIN;
}

static int silent_groups(void *context, const struct account *account, gid_t **ret_groups,
			 size_t *ret_n)
{
	(void)context, (void)account, (void)ret_groups, (void)ret_n;
	return -EAGAIN;
}

static const struct name_service silent_service = {
	.user = silent_user,
	.uid = silent_uid,
	.group = silent_group,
	.groups = silent_groups,
};

/*
 * Rules.
 */

struct login_question {
	const struct owner *owner;
	const struct lookup *lookup;
	const struct nsswitch *nsswitch;
};

static bool login_is_named(void *context, struct policy_word name)
{
	const struct login_question *question = context;

	return owner_is_text(question->owner, name.text, name.len);
}

static int login_is_member(void *context, struct policy_word group)
{
	const struct login_question *question = context;

	return membership_check(question->lookup, question->nsswitch,
				&question->owner->account, group);
}

/*
 * Finds out whether the rules let a login give ids to a user, who has an account. Returns
 * 1, 0 or -errno (a group is unknown). Thread-safe as the service of @lookup is.
 */
int login_may_get(const struct owner *owner, const struct lookup *lookup,
		  const struct nsswitch *nsswitch, const struct policy *policy,
		  const struct settings *settings)
{
	struct login_question question = { owner, lookup, nsswitch };
	const struct policy_user user = {
		.uid = owner->account.uid,
		.is_named = login_is_named,
		.is_member = login_is_member,
		.context = &question,
	};
	const struct range uids = { settings->uid_min, settings->uid_max + 1 };
	const struct policy_assign *assign = NULL;
	int r = policy_resolve(policy, &user, &assign);

	return r < 0 ? r : policy_gives_at_login(policy, assign, user.uid, uids);
}

/*
 * What the files say.
 */

struct login_files {
	int etc;
	struct nsswitch nsswitch;
	struct lookup lookup;
	struct owner owner;
};

static void login_files_cleanup(struct login_files *files)
{
	owner_cleanup(&files->owner);
	fd_cleanup(&files->etc);
}

static bool has_range_of(struct login_files *files, const struct kind *kind)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct entry entry;

	dbfile_open_at(files->etc, kind->database, &file);
	if (dbfile_vet(&file))
		return false;
	scan_start(&scan, file.fd);
	return owner_next_entry(&files->owner, &scan, &entry) > 0;
}

/* Returns whether the rules certainly give nothing to the user, who has an account. */
static bool is_excluded(const struct login_files *files)
{
	CLEANUP(policy_files_cleanup) struct policy_files rules = { .n = 0 };
	struct settings_error error;
	struct settings settings;

	if (files->owner.account.uid == 0)
		return true;
	return policy_files_read(files->etc, "/", &rules) == 0 &&
	       !policy_files_are_wrong(&rules) &&
	       settings_read(files->etc, &settings, &error) == 0 &&
	       login_may_get(&files->owner, &files->lookup, &files->nsswitch,
			     &rules.policy, &settings) == 0;
}

/* Finds the user. One whom the files do not know has lines by the login name. Returns 0,
 * LOGIN_NO_USER, LOGIN_NOT_FOR or LOGIN_ASK. */
static int find_login(struct login_files *files, const char *login)
{
	size_t len = strlen(login);
	struct account account;
	int r;

	/* No user for the databases, but perhaps one for the login program. */
	if (entry_owner_is_retired(login, len))
		return LOGIN_NOT_FOR;
	r = owner_find(&files->owner, login, &files->lookup, false);
	if (r == 0)
		return owner_has_account(&files->owner) ? 0 : LOGIN_NO_USER;
	if (r > 0 || len > LIMIT_OWNER_BYTES || owner_is_number(login, len) ||
	    entry_check_owner(login, len))
		return LOGIN_ASK;
	account_set_text(&account, login, len);
	owner_set(&files->owner, &account);
	return 0;
}

/*
 * Finds out whether a user who logs in needs a range, for which the helper is run.
 * Returns an enum login_answer; any but LOGIN_ASK is certain. Thread-safe.
 */
int login_check(const char *login)
{
	CLEANUP(login_files_cleanup) struct login_files files = { .etc = -1 };
	struct source_list sources;
	int r;

	files.etc = etc_open_directory(NULL, SYSCONFDIR);
	if (files.etc < 0 || nsswitch_read(NSSWITCH_CONF, &files.nsswitch))
		return LOGIN_ASK;
	files.lookup = lookup_live(files.etc, &files.nsswitch, &silent_service);
	source_find(&files.nsswitch, PLUGINDIR, &sources);
	r = find_login(&files, login);
	if (r)
		return r;
	/* Digits that may be those of two users belong to neither. */
	owner_choose_digits(&files.owner, false, false);
	if (!source_has(&sources, SOURCE_FILES))
		return LOGIN_NOT_FILES;
	/* Sources before the files may have other ranges; in any case the user has one. */
	if (has_range_of(&files, &kind_uid) && has_range_of(&files, &kind_gid))
		return LOGIN_HAS_RANGES;
	return owner_has_account(&files.owner) && is_excluded(&files) ? LOGIN_NOT_FOR :
									LOGIN_ASK;
}
