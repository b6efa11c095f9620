// SPDX-License-Identifier: BSD-3-Clause
/*
 * owners: local users are read once, or, where a few are asked about by name, not even
 * that: each of these is looked for by itself. Each owner of a line that is no local user
 * is asked for once. A line of somebody whom nobody knows keeps its name and has no uid.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/i18n.h"
#include "message/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/nsswitch.h"
#include "subid/verb/owners.h"

static int read_nsswitch(struct owners *owners, const char *etc)
{
	struct nsswitch *nsswitch = &owners->nsswitch;
	char path[PATH_MAX + 16];
	int r;

	snprintf(path, sizeof(path), "%s/nsswitch.conf", etc);
	r = nsswitch_read(path, nsswitch);
	if (r)
		report_line(PROGRAM, "%s: %s", path, report_error(-r));
	else {
		owners->others[kind_uid.group] = nsswitch->passwd_others[0] != '\0';
		owners->others[kind_gid.group] = nsswitch->group_others[0] != '\0';
	}
	return r ? VERB_UNREADABLE : 0;
}

/*
 * Prepares for questions about those alone whom owners_user() finds: no other owner has a
 * uid. A million users cost nothing then.
 *
 * place: has to outlive the owners.
 * Returns 0, or an exit status with the reason told. Freed with owners_cleanup().
 */
int owners_start_named(struct owners *owners, const struct verb_place *place)
{
	*owners = (struct owners){ .place = place, .asker = NSS_CLIENT_LOOK };
	return place->image ? 0 : read_nsswitch(owners, place->etc);
}

/*
 * Tells, once, that local users (of kind_uid) or groups (of kind_gid) cannot be read; @r
 * is what passwd_file_load() returned. The verb goes on without them. Returns 0, or an
 * exit status with the reason told.
 */
int owners_unread(struct owners *owners, const struct kind *kind, int r)
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
 * Tells whether it is known which lines are one user's. Otherwise it is not known either
 * what an id is inside.
 */
bool owners_tell_apart(const struct owners *owners)
{
	return !owners->unread[kind_uid.group];
}

/* The exit status of a verb with which nothing else is wrong. */
int owners_status(const struct owners *owners)
{
	return owners->unread[0] || owners->unread[1] ? VERB_UNREADABLE : VERB_DONE;
}

/* The same about everybody: reads all local users, where they can be read. */
int owners_start(struct owners *owners, const struct verb_place *place)
{
	int r = owners_start_named(owners, place);

	if (r)
		return r;
	owners->everybody = true;
	return owners_unread(owners, &kind_uid,
			     passwd_file_load(place->folder, &kind_uid, &owners->users));
}

/* The uid of the owner of a line, if it is one or that of a local user. */
bool owners_local_uid(const struct owners *owners, const struct entry *entry,
		      uint32_t *ret_uid)
{
	const struct accounts_item *account;

	if (entry->by_id) {
		*ret_uid = entry->owner_id;
		return true;
	}
	for (struct owners_named *named = owners->named; named; named = named->next)
		if (owner_is(entry, &named->owner)) {
			*ret_uid = named->owner.account.uid;
			return true;
		}
	account = accounts_by_name(&owners->users, entry->owner, entry->owner_len);
	if (account)
		*ret_uid = account->id;
	return account != NULL;
}

/*
 * Reports, once, that the name service does not answer; @r is what nss_client_user() or
 * the like returned.
 */
void owners_note_silent(struct owners *owners, int r)
{
	if (r >= 0 || owners->silent)
		return;
	report_line(PROGRAM,
		    _("note: %s; what it knows of owners and ids is missing here"),
		    report_no_answer(r));
	owners->silent = true;
}

static struct lookup make_lookup(const struct owners *owners,
				 const struct name_service *service)
{
	if (owners->place->image)
		return (struct lookup){ .directory = owners->place->folder };
	return lookup_live(owners->place->folder, &owners->nsswitch, service);
}

/* The name service, for as long as it may take in a look at all users. */
static struct lookup look(struct owners *owners, struct name_service *service)
{
	*service = nss_client_service(&owners->asker);
	return make_lookup(owners, service);
}

/* Who the owners are that were added; what is not answered is reported. */
static int ask_unknown(struct owners *owners, struct unknown_owners *unknown)
{
	struct name_service service;
	struct lookup lookup = look(owners, &service);
	int r = unknown_owners_ask(unknown, &lookup);

	for (size_t i = 0; r == 0 && i < unknown->n; i++)
		owners_note_silent(owners, unknown->items[i].answer.r);
	return r;
}

/* The uid of the owner of a line, if it is known. */
bool owners_uid(struct owners *owners, const struct entry *entry, uint32_t *ret_uid)
{
	const struct unknown_owner *owner;

	if (owners_local_uid(owners, entry, ret_uid))
		return true;
	if (!owners->others[kind_uid.group] ||
	    unknown_owners_add(&owners->asked, entry->owner, entry->owner_len))
		return false;
	owner = unknown_owners_find(&owners->asked, entry->owner, entry->owner_len);
	if (!owner || (!owner->asked && ask_unknown(owners, &owners->asked)) ||
	    owner->answer.r)
		return false;
	*ret_uid = owner->answer.account.uid;
	return true;
}

/*
 * Looks a user up, by login name where @word is not NULL, else by uid; in the local file
 * first, whose users need no question. Returns 0, ACCOUNT_NONE or -errno.
 */
static int look_up(struct owners *owners, const char *word, uint32_t uid,
		   struct account *ret_account)
{
	/* If one user is all that is asked about, the answer is waited for. */
	CLEANUP(nss_client_end) struct nss_client patient = NSS_CLIENT_PATIENT;
	const struct name_service service =
		nss_client_service(owners->everybody ? &owners->asker : &patient);
	const struct lookup lookup = make_lookup(owners, &service);

	return word ? lookup_name(&lookup, word, ret_account) :
		      lookup_uid(&lookup, uid, ret_account);
}

/* The owners of lines that are not the user's by the names that are known. */
struct naming {
	const struct owner *owner;
	struct unknown_owners unknown;
	bool digits; /* some line has digits that are the user's */
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
 * Asks which of the lines have another name of the user that only the name service knows;
 * within the time of a look. What cannot be read the verb itself reports.
 */
static int add_names(struct owners *owners, struct owner *owner)
{
	struct naming naming = { .owner = owner };
	struct name_service service;
	struct lookup lookup = look(owners, &service);
	int r = 0;

	if (!owners->others[kind_uid.group])
		return 0;
	if (lines_each(owners->place, &kind_uid, false, take_unknown, &naming) == 0)
		lines_each(owners->place, &kind_gid, false, take_unknown, &naming);
	r = ask_unknown(owners, &naming.unknown);
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
 * Finds all names of a user, once; those that only the name service knows within the time
 * of a look. Returns 0 or -errno.
 */
int owners_account(struct owners *owners, const struct account *account,
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
	r = owner_init(&named->owner, account, owners->place->folder);
	if (r)
		return r;
	r = add_names(owners, &named->owner);
	if (r) {
		owner_cleanup(&named->owner);
		return r;
	}
	/* Lines with digits that are two users' are counted for neither. */
	owner_choose_digits(&named->owner, false, false);
	named->next = owners->named;
	*ret_owner = &named->owner;
	owners->named = TAKE_PTR(named);
	return 0;
}

/* Fills in what there is to know, by what look_up() returned. */
static int found(struct owners *owners, const struct account *account, int r,
		 struct user *user)
{
	if (r == 0)
		r = owners_account(owners, account, &user->owner);
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
 * Finds the user that a word means: a login name, or else a uid. A user who does not
 * exist may own lines, too.
 * Returns 0, or an exit status with the reason told.
 */
int owners_user(struct owners *owners, const char *word, struct user *ret_user)
{
	struct user user = { .word = word };
	struct account account;
	uint64_t uid = 0;
	int r;

	user.has_uid = num_parse(word, strlen(word), ID_NONE - 1, &uid) == 0;
	user.uid = (uint32_t)uid;
	snprintf(user.name, sizeof(user.name), "%s", word);
	r = look_up(owners, word, 0, &account);
	if (r == ACCOUNT_NONE && user.has_uid)
		r = look_up(owners, NULL, user.uid, &account);
	r = found(owners, &account, r, &user);
	if (r == 0)
		*ret_user = user;
	return r;
}

/*
 * Finds the user who has a uid; one without an account is named by it. As owners_user(),
 * whose word of digits may be a login name.
 */
int owners_user_of(struct owners *owners, uint32_t uid, struct user *ret_user)
{
	struct user user = { .has_uid = true, .uid = uid };
	struct account account;
	int r;

	output_number(uid, user.name);
	r = found(owners, &account, look_up(owners, NULL, uid, &account), &user);
	if (r == 0)
		*ret_user = user;
	return r;
}

/* Tells whether a line is the user's: by any local name of the uid, or by the word. */
bool owners_is(const struct user *user, const struct entry *entry)
{
	if (user->owner)
		return owner_is(entry, user->owner);
	if (user->has_uid)
		return entry->by_id && entry->owner_id == user->uid;
	return strlen(user->name) == entry->owner_len &&
	       memcmp(user->name, entry->owner, entry->owner_len) == 0;
}

/* Frees what is known. Takes owners that were never started. */
void owners_cleanup(struct owners *owners)
{
	while (owners->named) {
		struct owners_named *named = owners->named;

		owners->named = named->next;
		owner_cleanup(&named->owner);
		free(named);
	}
	nss_client_end(&owners->asker);
	unknown_owners_cleanup(&owners->asked);
	accounts_cleanup(&owners->users);
}
