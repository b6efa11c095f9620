// SPDX-License-Identifier: BSD-3-Clause
/*
 * owners: local users are read once; each owner that is none of them is asked for once,
 * and all of them together for OWNERS_SECONDS. A line of somebody whom nobody knows keeps
 * its name and has no uid.
 */
#include <stdio.h>
#include <string.h>

#include "common/i18n.h"
#include "common/report.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/nsswitch.h"
#include "subid/clock.h"
#include "subid/owners.h"

static int read_nsswitch(struct owners *owners, const char *etc)
{
	struct nsswitch nsswitch;
	char path[PATH_MAX + 16];
	int r;

	snprintf(path, sizeof(path), "%s/nsswitch.conf", etc);
	r = nsswitch_read(path, &nsswitch);
	if (r)
		report_line(PROGRAM, "%s: %s", path, report_error(-r));
	else
		owners->others = nsswitch.passwd_others[0] != '\0';
	return r ? VERB_UNREADABLE : 0;
}

/*
 * Reads the local users of @place, which has to outlive the owners.
 * Returns 0, or an exit status with the reason told. Freed with owners_cleanup().
 */
int owners_start(struct owners *owners, const struct verb_place *place)
{
	int r;

	*owners = (struct owners){ .place = place };
	r = roster_load(place->folder, &kind_uid, &owners->users);
	if (r) {
		report_line(PROGRAM, "%s/%s: %s", place->etc, kind_uid.accounts,
			    report_error(-r));
		return VERB_UNREADABLE;
	}
	return place->image ? 0 : read_nsswitch(owners, place->etc);
}

/* The uid of the owner of a line, if it is one or that of a local user. */
bool owners_local_uid(const struct owners *owners, const struct entry *entry,
		      uint32_t *ret_uid)
{
	const struct roster_account *account;

	if (entry->by_id) {
		*ret_uid = entry->owner_id;
		return true;
	}
	account = roster_by_name(&owners->users, entry->owner, entry->owner_len);
	if (account)
		*ret_uid = account->id;
	return account != NULL;
}

static const struct names_answer *ask(struct owners *owners, const char *name)
{
	struct names_answer answer = { .name = name };
	struct account account;
	int64_t start = clock_now();

	if (owners->waited >= OWNERS_SECONDS * 1000) {
		owners->gave_up = true;
		return NULL;
	}
	if (account_by_name(name, &account) == 0) {
		answer.exists = true;
		answer.uid = account.uid;
	}
	owners->waited += clock_now() - start;
	return names_put(&owners->asked, &answer);
}

/* The uid of the owner of a line, if anybody knows one. */
bool owners_uid(struct owners *owners, const struct entry *entry, uint32_t *ret_uid)
{
	const struct names_answer *answer;
	char name[LIMIT_OWNER_BYTES + 1];

	if (owners_local_uid(owners, entry, ret_uid))
		return true;
	if (!owners->others)
		return false;
	memcpy(name, entry->owner, entry->owner_len);
	name[entry->owner_len] = '\0';
	answer = names_find(&owners->asked, name);
	if (!answer)
		answer = ask(owners, name);
	if (answer && answer->exists)
		*ret_uid = answer->uid;
	return answer && answer->exists;
}

static int look_up(const struct owners *owners, const char *word, struct user *user)
{
	const struct roster *users = &owners->users;
	const struct roster_account *local = roster_by_name(users, word, strlen(word));
	struct account account;
	uint64_t uid;
	int r = ACCOUNT_NONE;

	user->has_uid = num_parse(word, strlen(word), ID_NONE - 1, &uid) == 0;
	if (!local && !owners->place->image)
		r = account_by_name(word, &account);
	if (!local && r == ACCOUNT_NONE && user->has_uid) {
		user->uid = (uint32_t)uid;
		local = roster_by_id(users, user->uid);
		if (!local && !owners->place->image)
			r = account_by_uid(user->uid, NULL, &account);
	}
	if (!local && r)
		return r == ACCOUNT_NONE ? 0 : r;
	user->exists = user->has_uid = true;
	user->uid = local ? local->id : account.uid;
	user->gid = local ? local->gid : account.gid;
	snprintf(user->name, sizeof(user->name), "%s",
		 local ? local->name : account.name);
	return 0;
}

/*
 * Finds the user that a word means: a login name, or else a uid. A user who does not
 * exist may own lines, too.
 * Returns 0, or an exit status with the reason told.
 */
int owners_user(const struct owners *owners, const char *word, struct user *ret_user)
{
	int r;

	*ret_user = (struct user){ .word = word };
	snprintf(ret_user->name, sizeof(ret_user->name), "%s", word);
	r = look_up(owners, word, ret_user);
	if (r)
		report_line(PROGRAM, _("cannot look up user '%s': %s"), word,
			    report_error(-r));
	return r ? VERB_UNREADABLE : 0;
}

/*
 * Finds the user who has a uid; one without an account is named by it. As owners_user(),
 * whose word of digits may be a login name.
 */
int owners_user_of(const struct owners *owners, uint32_t uid, struct user *ret_user)
{
	const struct roster_account *local = roster_by_id(&owners->users, uid);
	struct account account;
	int r = ACCOUNT_NONE;

	*ret_user = (struct user){ .has_uid = true, .uid = uid };
	output_number(uid, ret_user->name);
	if (!local && !owners->place->image)
		r = account_by_uid(uid, NULL, &account);
	ret_user->exists = local || r == 0;
	if (ret_user->exists)
		snprintf(ret_user->name, sizeof(ret_user->name), "%s",
			 local ? local->name : account.name);
	if (r >= 0)
		return 0;
	report_line(PROGRAM, _("cannot look up user '%s': %s"), ret_user->name,
		    report_error(-r));
	return VERB_UNREADABLE;
}

/* Tells whether a line is the user's: by any local name of the uid, or by the word. */
bool owners_is(const struct owners *owners, const struct user *user,
	       const struct entry *entry)
{
	uint32_t uid;

	if (user->has_uid && owners_local_uid(owners, entry, &uid))
		return uid == user->uid;
	return strlen(user->name) == entry->owner_len &&
	       memcmp(user->name, entry->owner, entry->owner_len) == 0;
}

/* Tells what is not known of the owners that were asked for. */
void owners_end(struct owners *owners)
{
	if (owners->gave_up)
		report_line(
			PROGRAM,
			_("note: the name service did not answer in time; some owners "
			  "have no uid here"));
}

/* Frees what is known. Takes owners that were never started. */
void owners_cleanup(struct owners *owners)
{
	names_cleanup(&owners->asked);
	roster_cleanup(&owners->users);
}
