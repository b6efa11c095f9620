// SPDX-License-Identifier: BSD-3-Clause
/*
 * user-cache: a cache of users. Local users are read once, or not at all if only a few
 * users are looked up by name. The name service is asked once for each other owner of a
 * line. An owner that neither knows keeps the name in the line and has no uid.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/nsswitch.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/user-cache.h"

static int read_image_nsswitch(struct user_cache *owners, const char *etc)
{
	struct nsswitch *nsswitch = &owners->nsswitch;
	char path[PATH_MAX + 16];
	int r;

	snprintf(path, sizeof(path), "%s/nsswitch.conf", etc);
	r = nsswitch_read(path, nsswitch);
	if (r)
		report_line(PROGRAM, "%s: %s", path, report_error(-r));
	else {
		owners->others[kind_uid.group] = nsswitch_has_others(nsswitch->passwd);
		owners->others[kind_gid.group] = nsswitch_has_others(nsswitch->group);
	}
	return r ? VERB_UNREADABLE : 0;
}

/*
 * Starts a cache that holds only the users that user_cache_user() finds; other owners get
 * no uid. The file of local users, which may have a million lines, is not loaded.
 *
 * place: must outlive @owners.
 * Returns 0, or an exit status with the reason reported. Freed with user_cache_cleanup().
 */
int user_cache_start_named(struct user_cache *owners, const struct verb_place *place)
{
	*owners = (struct user_cache){ .place = place, .asker = HELPER_LOOK };
	return place->image ? 0 : read_image_nsswitch(owners, place->etc);
}

/*
 * Reports, once, that local users (kind_uid) or groups (kind_gid) cannot be read; @r is
 * what passwd_file_load() returned. The verb continues without them. Returns 0, or an
 * exit status with the reason reported.
 */
int user_cache_unread(struct user_cache *owners, const struct kind *kind, int r)
{
	bool *unread = &owners->unread[kind->group];

	if (r == -ENOMEM)
		return verb_fail(ENOMEM);
	if (r == 0 || *unread)
		return 0;
	report_line(PROGRAM, _("note: %s/%s: %s; the names in it are missing here"),
		    owners->place->etc, kind->accounts, report_error(-r));
	*unread = true;
	return 0;
}

/*
 * Returns whether local users could be read. If not, the lines of one user under several
 * names look like lines of different users, and ids inside cannot be computed.
 */
bool user_cache_is_sure(const struct user_cache *owners)
{
	return !owners->unread[kind_uid.group];
}

/* Returns the exit status of a verb that had no other error. */
int user_cache_status(const struct user_cache *owners)
{
	return owners->unread[0] || owners->unread[1] ? VERB_UNREADABLE : VERB_DONE;
}

/* As user_cache_start_named(), but for all users: reads the local ones if possible. */
int user_cache_start(struct user_cache *owners, const struct verb_place *place)
{
	int r = user_cache_start_named(owners, place);

	if (r)
		return r;
	owners->all_users = true;
	return user_cache_unread(
		owners, &kind_uid,
		passwd_file_load(place->directory, &kind_uid, &owners->users));
}

/*
 * Finds the uid of the owner of a line: the owner is a local user or a uid. Digits are a
 * login name only if no local user has the uid.
 */
bool user_cache_local_uid(const struct user_cache *owners, const struct entry *entry,
			  uint32_t *ret_uid)
{
	const struct accounts_item *account = NULL;

	for (struct owners_named *named = owners->named; named; named = named->next)
		if (owner_is(entry, &named->owner)) {
			*ret_uid = named->owner.account.uid;
			return true;
		}
	if (!entry->by_id || !accounts_by_id(&owners->users, entry->owner_id))
		account =
			accounts_by_name(&owners->users, entry->owner, entry->owner_len);
	if (account || entry->by_id)
		*ret_uid = account ? account->id : entry->owner_id;
	return account || entry->by_id;
}

/*
 * Reports, once, that the name service does not answer; @r is what nss_client_user() or
 * a similar function returned.
 */
void user_cache_note_silent(struct user_cache *owners, int r)
{
	if (r >= 0 || owners->silent)
		return;
	report_line(PROGRAM,
		    _("note: %s; what it knows of owners and ids is missing here"),
		    report_no_answer(r));
	owners->silent = true;
	if (owners->place->gaps)
		owners->place->gaps->unanswered |= OUTPUT_PASSWD;
}

static struct lookup make_lookup(const struct user_cache *owners,
				 const struct name_service *service)
{
	if (owners->place->image)
		return (struct lookup){ .directory = owners->place->directory };
	return lookup_live(owners->place->directory, &owners->nsswitch, service);
}

/* Returns the name service with the short timeout for the look-up of many users. */
static struct lookup short_lookup(struct user_cache *owners, struct name_service *service)
{
	*service = nss_client_service(&owners->asker);
	return make_lookup(owners, service);
}

/* Looks up the owners added to @unknown; reports if the name service does not answer. */
static int ask_unknown(struct user_cache *owners, struct unknown_owners *unknown,
		       const struct lookup *lookup)
{
	size_t i = unknown->n_asked;
	int r = unknown_owners_ask(unknown, lookup);

	for (; r == 0 && i < unknown->n; i++)
		user_cache_note_silent(owners, unknown->items[i].answer.r);
	return r;
}

/* Looks up the owner of a line that user_cache_local_uid() has not found. */
static int ask_not_local(struct user_cache *owners)
{
	struct name_service service;
	struct lookup lookup = short_lookup(owners, &service);

	/* The file was loaded: a pass over it for each owner takes too long. */
	lookup.files_first &= !owners->all_users;
	return ask_unknown(owners, &owners->asked, &lookup);
}

/* Finds the uid of the owner of a line; asks the name service if needed. */
bool user_cache_uid(struct user_cache *owners, const struct entry *entry,
		    uint32_t *ret_uid)
{
	const struct unknown_owner *owner;

	if (user_cache_local_uid(owners, entry, ret_uid))
		return true;
	if (!owners->others[kind_uid.group] ||
	    unknown_owners_add(&owners->asked, entry->owner, entry->owner_len))
		return false;
	owner = unknown_owners_find(&owners->asked, entry->owner, entry->owner_len);
	if (!owner || (!owner->asked && ask_not_local(owners)) || owner->answer.r)
		return false;
	*ret_uid = owner->answer.account.uid;
	return true;
}

/*
 * Looks up a user by login name, or by uid if @word is NULL: in the local file, then in
 * the name service. Returns 0, ACCOUNT_NONE or -errno.
 */
static int look_up_user(struct user_cache *owners, const char *word, uint32_t uid,
			struct account *ret_account)
{
	/* If only this user is asked for, use the long timeout. */
	CLEANUP(helper_end) struct helper patient = HELPER_PATIENT;
	const struct name_service service =
		nss_client_service(owners->all_users ? &owners->asker : &patient);
	const struct lookup lookup = make_lookup(owners, &service);

	return word ? lookup_name(&lookup, word, ret_account) :
		      lookup_uid(&lookup, uid, ret_account);
}

/* Collects owners of lines that are none of the user's known names. */
struct naming {
	const struct owner *owner;
	struct unknown_owners unknown;
	bool digits; /* the owner of some line is the user's uid */
};

static int take_unknown(const struct line *line, void *context)
{
	struct naming *naming = context;
	const struct entry *entry = &line->entry;

	naming->digits |= owner_is_digits(naming->owner, entry->owner, entry->owner_len);
	if (owner_is_text(naming->owner, entry->owner, entry->owner_len))
		return 0;
	return unknown_owners_add(&naming->unknown, entry->owner, entry->owner_len) ?
		       verb_fail(ENOMEM) :
		       0;
}

/*
 * Finds further names of the user among the owners of lines by asking the name service,
 * with the short timeout. The verb reports unreadable databases later.
 */
static int add_names(struct user_cache *owners, struct owner *owner)
{
	struct naming naming = { .owner = owner };
	struct name_service service;
	struct lookup lookup = short_lookup(owners, &service);
	int r = 0;

	if (!owners->others[kind_uid.group])
		return 0;
	if (lines_each(owners->place, &kind_uid, false, take_unknown, &naming) == 0)
		lines_each(owners->place, &kind_gid, false, take_unknown, &naming);
	r = ask_unknown(owners, &naming.unknown, &lookup);
	for (size_t i = 0; r == 0 && i < naming.unknown.n; i++) {
		const struct unknown_owner *unknown = &naming.unknown.items[i];

		if (unknown->answer.r == 0 &&
		    unknown->answer.account.uid == owner->account.uid)
			r = owner_add_name(owner, unknown->name, strlen(unknown->name));
	}
	unknown_owners_cleanup(&naming.unknown);
	if (r == 0 && naming.digits)
		owner_check_digits(owner, &lookup);
	return r;
}

/*
 * Finds all names of a user and caches them. The name service has the short timeout.
 * Returns 0 or -errno.
 */
int user_cache_account(struct user_cache *owners, const struct account *account,
		       struct owner **ret_owner)
{
	CLEANUP(cleanup_free) struct owners_named *named = NULL;
	int r;

	for (struct owners_named *known = owners->named; known; known = known->next)
		if (known->owner.account.uid == account->uid) {
			*ret_owner = &known->owner;
			return 0;
		}
	named = malloc(sizeof(*named));
	if (!named)
		return -ENOMEM;
	r = owner_init(&named->owner, account, owners->place->directory);
	if (r)
		return r;
	r = add_names(owners, &named->owner);
	if (r) {
		owner_cleanup(&named->owner);
		return r;
	}
	/* Digits that are one user's uid and another's login name count for neither. */
	owner_choose_digits(&named->owner, false, false);
	named->next = owners->named;
	*ret_owner = &named->owner;
	owners->named = TAKE_PTR(named);
	return 0;
}

/* Completes @user from the result @r of look_up_user(). */
static int set_user(struct user_cache *owners, const struct account *account, int r,
		    struct user *user)
{
	if (r == 0)
		r = user_cache_account(owners, account, &user->owner);
	if (r < 0) {
		report_line(PROGRAM, _("cannot look up user '%s': %s"), user->name,
			    report_no_answer(r));
		return VERB_UNREADABLE;
	}
	if (r == 0) {
		user->exists = user->has_uid = true;
		user->uid = account->uid;
		user->gid = account->gid;
		memcpy(user->name, account->name, sizeof(user->name));
	}
	return 0;
}

/*
 * Finds a user by login name or else by uid. A user who does not exist is no error: lines
 * may still name such an owner.
 * Returns 0, or an exit status with the reason reported.
 */
int user_cache_user(struct user_cache *owners, const char *word, struct user *ret_user)
{
	struct user user = { .word = word };
	struct account account;
	uint64_t uid = 0;
	int r;

	user.has_uid = num_parse(word, strlen(word), ID_NONE - 1, &uid) == 0;
	user.uid = (uint32_t)uid;
	snprintf(user.name, sizeof(user.name), "%s", word);
	r = look_up_user(owners, word, 0, &account);
	if (r == ACCOUNT_NONE && user.has_uid)
		r = look_up_user(owners, NULL, user.uid, &account);
	r = set_user(owners, &account, r, &user);
	if (r == 0)
		*ret_user = user;
	return r;
}

/*
 * As user_cache_user(), but by uid only, even if the digits are a login name, too. A user
 * without an account is named by the uid.
 */
int user_cache_user_of(struct user_cache *owners, uint32_t uid, struct user *ret_user)
{
	struct user user = { .has_uid = true, .uid = uid };
	struct account account;
	int r;

	output_number(uid, user.name);
	r = set_user(owners, &account, look_up_user(owners, NULL, uid, &account), &user);
	if (r == 0)
		*ret_user = user;
	return r;
}

/* Returns whether a line belongs to the user, by any name of the account. */
bool user_cache_is(const struct user *user, const struct entry *entry)
{
	if (user->owner)
		return owner_is(entry, user->owner);
	if (user->has_uid)
		return entry->by_id && entry->owner_id == user->uid;
	return strlen(user->name) == entry->owner_len &&
	       memcmp(user->name, entry->owner, entry->owner_len) == 0;
}

/* Frees the cache. Accepts USER_CACHE_NONE. */
void user_cache_cleanup(struct user_cache *owners)
{
	while (owners->named) {
		struct owners_named *named = owners->named;

		owners->named = named->next;
		owner_cleanup(&named->owner);
		free(named);
	}
	helper_end(&owners->asker);
	unknown_owners_cleanup(&owners->asked);
	accounts_cleanup(&owners->users);
}
