// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss: calls the name service of libc; no other file does.
 *
 * MUST: a missing answer (no free descriptor, a service that is down) is an error and not
 * "no such user". An account that libc finds counts; "no such user" counts only if each
 * installed module returns it, see nss-modules-glibc.c. The caller must not be able to
 * choose the service that answers about another name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/nss.h"

/* Enough for a group with a hundred thousand members. */
#define ENTRY_BYTES_MAX (16 * 1024 * 1024)
/* Time limit for all answers about owners of lines. */
#define USERS_MILLISECONDS 2000

static int call(const struct nss_question *question, union nss_entry *entry, char *buffer,
		size_t size, bool *ret_found)
{
	struct passwd *user = NULL;
	struct group *group = NULL;
	int r;

	if (question->group)
		r = question->name ?
			    getgrnam_r(question->name, &entry->group, buffer, size,
				       &group) :
			    getgrgid_r(question->id, &entry->group, buffer, size, &group);
	else
		r = question->name ?
			    getpwnam_r(question->name, &entry->user, buffer, size,
				       &user) :
			    getpwuid_r(question->id, &entry->user, buffer, size, &user);
	*ret_found = user || group;
	return r;
}

/*
 * Makes a look-up with a growing buffer. Returns 0, ACCOUNT_NONE or -errno. *ret_buffer
 * holds the strings and is to be freed.
 */
static int look_up_entry(const struct nss_question *question, union nss_entry *ret_entry,
			 char **ret_buffer)
{
	for (size_t size = 1024; size <= ENTRY_BYTES_MAX; size *= 4) {
		CLEANUP(cleanup_free) char *buffer = malloc(size);
		bool found;
		int r;

		if (!buffer)
			return -ENOMEM;
		do {
			r = call(question, ret_entry, buffer, size, &found);
		} while (r == EINTR);
		if (r == ERANGE)
			continue;
		if (r)
			return -r;
		if (!found)
			return ACCOUNT_NONE;
		*ret_buffer = TAKE_PTR(buffer);
		return 0;
	}
	return -ERANGE;
}

/* Sets an account. Returns ACCOUNT_NONE if no line can have its name or uid. */
static int set_account(const struct passwd *user, struct account *ret_account)
{
	size_t len = strlen(user->pw_name);

	if (len == 0 || len > LIMIT_OWNER_BYTES || user->pw_uid == ID_NONE)
		return ACCOUNT_NONE;
	account_set(ret_account, user->pw_name, len, user->pw_uid, user->pw_gid);
	return 0;
}

/* Some name services return ENOENT or ESRCH for "no such user", see getpwnam(3). */
static bool may_be_none(int r)
{
	return r == ACCOUNT_NONE || r == -ENOENT || r == -ESRCH;
}

/* Local files need no module. */
static void open_others(struct nss_modules *modules, const char *words, bool group)
{
	char others[NSSWITCH_LIST_BYTES] = { 0 };
	size_t used = 0, len;

	while (*(words = nsswitch_next_other(words, &len)) != '\0') {
		if (used > 0)
			others[used++] = ' ';
		memcpy(others + used, words, len);
		used += len;
		words += len;
	}
	nss_modules_open(modules, others, group);
}

/*
 * Returns the modules for users or groups in @ret_modules; loads them at the first call.
 * Returns 0 or -errno (nsswitch.conf cannot be read, so the modules are unknown).
 */
int nss_modules_of(struct nss *nss, const struct kind *kind,
		   const struct nss_modules **ret_modules)
{
	char initgroups[NSSWITCH_LIST_BYTES];
	struct nsswitch nsswitch;
	int r;

	if (!nss->open) {
		r = nsswitch_read(NAME_SERVICE_CONF, &nsswitch);
		if (r == 0)
			r = nsswitch_read_initgroups(NAME_SERVICE_CONF, initgroups);
		if (r)
			return r;
		open_others(&nss->modules[0], nsswitch.passwd, false);
		open_others(&nss->modules[1], nsswitch.group, true);
		open_others(&nss->initgroups, initgroups, true);
		nss->actions[0] = nsswitch.passwd_actions;
		nss->actions[1] = nsswitch.group_actions;
		nss->open = true;
	}
	*ret_modules = &nss->modules[kind->group];
	return 0;
}

/*
 * Checks the result @r of libc by asking each module. If a module finds what libc has not
 * found, it did not answer libc; or an action keeps libc from asking it, and then it does
 * not count.
 */
static int confirm(struct nss *nss, const struct nss_question *question, int r)
{
	const struct nss_modules *modules;
	struct nss_found found;
	int answer;

	if (!may_be_none(r))
		return r;
	answer = nss_modules_of(nss, kind_all[question->group], &modules);
	if (answer == 0)
		answer = nss_modules_ask(modules, question, &found);
	if (answer == 0)
		answer = nss->actions[question->group] ? ACCOUNT_NONE : -EAGAIN;
	return answer;
}

static int find_account(struct nss *nss, const struct nss_question *question,
			struct account *ret_account)
{
	CLEANUP(cleanup_free) char *buffer = NULL;
	union nss_entry entry = { 0 };
	int r = confirm(nss, question, look_up_entry(question, &entry, &buffer));

	if (r == 0 && !question->name && entry.user.pw_uid != question->id)
		r = ACCOUNT_NONE;
	return r ? r : set_account(&entry.user, ret_account);
}

/* Looks an account up by login name. Returns 0, ACCOUNT_NONE or -errno. */
int nss_user(struct nss *nss, const char *name, struct account *ret_account)
{
	return find_account(nss, &(struct nss_question){ .name = name }, ret_account);
}

/* Asks all services of users, the local files too, in the order in which libc does. */
static int ask_in_order(struct nss *nss, const struct nss_question *question,
			struct nss_found *ret_found)
{
	struct nsswitch nsswitch;
	int r;

	if (!nss->order_open) {
		r = nsswitch_read(NAME_SERVICE_CONF, &nsswitch);
		if (r)
			return r;
		nss_modules_open(&nss->order, nsswitch.passwd, false);
		nss->order_open = true;
	}
	return nss_modules_ask(&nss->order, question, ret_found);
}

/*
 * Looks up an account by login name; every service before the one that has it must have
 * answered "no such user". Returns 0, ACCOUNT_NONE or -errno; -EAGAIN: one is silent.
 *
 * This is for a right that another name of the caller gives. Elsewhere an account that
 * libc finds counts: with `passwd: sss files` local users work while sssd is down.
 */
int nss_user_certain(struct nss *nss, const char *name, struct account *ret_account)
{
	const struct nss_question question = { .name = name };
	struct account account;
	struct nss_found found;
	int r = nss_user(nss, name, &account), answer;

	if (r)
		return r;
	answer = ask_in_order(nss, &question, &found);
	/* A service that has another account did not answer libc. */
	if (answer == 0 && found.id != account.uid)
		return -EAGAIN;
	if (answer < 0)
		return answer;
	*ret_account = account;
	return 0;
}

/* Looks up an account by uid, as nss_user(). */
int nss_uid(struct nss *nss, uid_t uid, struct account *ret_account)
{
	return find_account(nss, &(struct nss_question){ .id = uid }, ret_account);
}

/* Looks up the name of a user or group; cuts off a long one. As nss_user(). */
int nss_name_of(struct nss *nss, const struct kind *kind, uint32_t id,
		char ret_name[static LIMIT_OWNER_BYTES + 1])
{
	const struct nss_question question = { .group = kind->group, .id = id };
	CLEANUP(cleanup_free) char *buffer = NULL;
	union nss_entry entry = { 0 };
	const char *name;
	size_t len;
	int r = confirm(nss, &question, look_up_entry(&question, &entry, &buffer));

	if (r)
		return r;
	name = kind->group ? entry.group.gr_name : entry.user.pw_name;
	len = strnlen(name, LIMIT_OWNER_BYTES);
	memcpy(ret_name, name, len);
	ret_name[len] = '\0';
	return 0;
}

/* Looks up the home directory of a user; *ret_home is to be freed. As nss_user(). */
int nss_home(struct nss *nss, const char *name, char **ret_home)
{
	const struct nss_question question = { .name = name };
	CLEANUP(cleanup_free) char *buffer = NULL;
	union nss_entry entry = { 0 };
	int r = confirm(nss, &question, look_up_entry(&question, &entry, &buffer));

	if (r)
		return r;
	*ret_home = strdup(entry.user.pw_dir);
	return *ret_home ? 0 : -ENOMEM;
}

/*
 * Looks up all groups of a user, including @gid. Returns 0 or -errno (also if one service
 * is silent); *ret_groups is to be freed.
 */
int nss_groups(struct nss *nss, const char *name, gid_t gid, gid_t **ret_groups,
	       size_t *ret_n)
{
	CLEANUP(cleanup_free)
	gid_t *groups = reallocarray(NULL, NSS_GROUPS_MAX, sizeof(*groups));
	const struct nss_modules *modules;
	int n = NSS_GROUPS_MAX, r;

	if (!groups)
		return -ENOMEM;
	if (getgrouplist(name, gid, groups, &n) < 0)
		return -E2BIG;
	r = nss_modules_of(nss, &kind_gid, &modules);
	if (r == 0)
		r = nss_modules_check_groups(modules, name, gid);
	/* glibc may ask these instead. */
	if (r == 0)
		r = nss_modules_check_groups(&nss->initgroups, name, gid);
	if (r)
		return r;
	*ret_groups = TAKE_PTR(groups);
	*ret_n = (size_t)n;
	return 0;
}

/*
 * Looks up a group.
 *
 * ret_names: the members, each with a NUL, *ret_len bytes in all; to be freed. Returns as
 * nss_user() does.
 */
int nss_members(struct nss *nss, const char *group, gid_t *ret_gid, char **ret_names,
		size_t *ret_len)
{
	const struct nss_question question = { .group = true, .name = group };
	CLEANUP(cleanup_free) char *buffer = NULL;
	union nss_entry entry = { 0 };
	size_t len = 0;
	char *names;
	int r = confirm(nss, &question, look_up_entry(&question, &entry, &buffer));

	if (r)
		return r;
	for (char **member = entry.group.gr_mem; *member; member++)
		len += strlen(*member) + 1;
	names = malloc(len + 1);
	if (!names)
		return -ENOMEM;
	*ret_gid = entry.group.gr_gid;
	*ret_names = names;
	*ret_len = len;
	for (char **member = entry.group.gr_mem; *member; member++) {
		len = strlen(*member) + 1;
		memcpy(names, *member, len);
		names += len;
	}
	return 0;
}

static int service_user(void *context, const char *name, struct account *ret_account)
{
	return nss_user(context, name, ret_account);
}

static int service_uid(void *context, uid_t uid, struct account *ret_account)
{
	return nss_uid(context, uid, ret_account);
}

static int service_users(void *context, const char *const *names, size_t n,
			 struct name_service_answer *ret_answers)
{
	int64_t end = wait_clock() + USERS_MILLISECONDS;

	for (size_t i = 0; i < n; i++)
		ret_answers[i].r =
			wait_clock() < end ?
				nss_user(context, names[i], &ret_answers[i].account) :
				-ETIMEDOUT;
	return 0;
}

static int service_group(void *context, const char *name, gid_t *ret_gid)
{
	CLEANUP(cleanup_free) char *names = NULL;
	size_t len;

	return nss_members(context, name, ret_gid, &names, &len);
}

static int service_groups(void *context, const struct account *account,
			  gid_t **ret_groups, size_t *ret_n)
{
	return nss_groups(context, account->name, account->gid, ret_groups, ret_n);
}

static int add_found(const struct nss_found *found, void *context)
{
	return accounts_add(context, found->name, strlen(found->name), found->id,
			    found->gid);
}

static int service_scan(void *context, struct name_service_scan *scan)
{
	return nss_scan(context, scan, add_found, scan->found);
}

/*
 * Returns a service that asks in this process. It does not enumerate, because the
 * position of an enumeration belongs to the program. It is valid as long as @nss.
 */
struct name_service nss_service(struct nss *nss)
{
	return (struct name_service){
		.context = nss,
		.user = service_user,
		.uid = service_uid,
		.users = service_users,
		.group = service_group,
		.groups = service_groups,
		.scan = service_scan,
	};
}

/* Unloads the modules. Takes a zeroed one. */
void nss_end(struct nss *nss)
{
	nss_modules_close(&nss->modules[0]);
	nss_modules_close(&nss->modules[1]);
	nss_modules_close(&nss->initgroups);
	nss_modules_close(&nss->order);
	nss->open = nss->order_open = false;
}
