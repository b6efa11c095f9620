// SPDX-License-Identifier: BSD-3-Clause
/*
 * follow-plan: what became of the owners that are known, and the change of their lines.
 *
 * MUST: lines get a new name only if the account is the same one: uid and home directory
 * are as they were, since a new user may have the uid of one who is gone; and the home
 * directory has the old name, since accounts of services share ones like /nonexistent.
 * MUST: lines with a uid that no account has any more stay as they are, though the login
 * name has another uid: the account may be a new one, of another person. Its ids that no
 * line has any more are retired.
 * MUST: ids are retired only if the local file has neither name nor uid, and the name
 * service says that there is no such user.
 * MUST: users of the network are gone only if the name service knows another one: sssd
 * says that there is no such user if it has no cache and cannot reach the directory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/cure.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/write/follow.h"

/* A name in a command, and the option -R. */
#define WORDS_BYTES (CURE_ROOT_BYTES + CURE_QUOTED_BYTES)

/* Whether an account is known with another uid: then it was not renamed. */
static bool is_known_name(const struct follow_pass *pass, const char *name, uint32_t uid)
{
	for (size_t i = 0; i < pass->known.n; i++)
		if (pass->known.items[i].uid != uid &&
		    strcmp(owner_records_text(&pass->known, pass->known.items[i].owner),
			   name) == 0)
			return true;
	return false;
}

/* Asks for a user who is not in the file. Returns the state. */
static enum follow_state ask_whether_gone(struct follow_pass *pass,
					  const struct follow_fate *fate)
{
	const struct lookup *lookup = &pass->edit.lookup;
	struct account account;
	int r = lookup_name(lookup, fate->name, &account);

	if (r == 0)
		return account.uid == fate->uid ? FOLLOW_SAME : FOLLOW_UNCLEAR;
	if (r == ACCOUNT_NONE)
		r = lookup_uid(lookup, fate->uid, &account);
	if (r < 0)
		pass->silent = r;
	return r == ACCOUNT_NONE ? FOLLOW_GONE : r == 0 ? FOLLOW_UNCLEAR : FOLLOW_LEFT;
}

/* The same for a user of the network. */
static enum follow_state judge_network(struct follow_pass *pass,
				       const struct follow_fate *fate)
{
	enum follow_state state = ask_whether_gone(pass, fate);

	if (state != FOLLOW_GONE || pass->knows_some)
		return state;
	pass->doubtful = true;
	return FOLLOW_LEFT;
}

static bool is_home_of(const char *note, const char *name)
{
	const char *slash = strrchr(note, '/');

	return slash && strcmp(slash + 1, name) == 0;
}

/* Whether the account that has the uid of a known owner now is the same person's. */
static bool is_same_person(const struct follow_pass *pass,
			   const struct owner_record *record,
			   const struct follow_fate *fate,
			   const struct accounts_item *by_uid)
{
	const char *home = follow_home(&pass->users, by_uid);

	return strcmp(home, owner_records_text(&pass->known, record->note)) == 0 &&
	       is_home_of(home, fate->name) &&
	       !is_known_name(pass, fate->new_name, fate->uid);
}

static void judge_local(struct follow_pass *pass, const struct owner_record *record,
			struct follow_fate *fate)
{
	const struct follow_users *users = &pass->users;
	const struct accounts_item *by_name =
		accounts_by_name(&users->accounts, fate->name, strlen(fate->name));
	const struct accounts_item *by_uid = accounts_by_id(&users->accounts, fate->uid);

	fate->state = by_name && by_name->id == fate->uid ? FOLLOW_SAME : FOLLOW_UNCLEAR;
	if (fate->state == FOLLOW_SAME)
		return;
	if (by_name)
		fate->new_uid = by_name->id;
	if (by_uid)
		fate->new_name = accounts_name(&users->accounts, by_uid);
	if (!by_name && !by_uid)
		fate->state = ask_whether_gone(pass, fate);
	else if (by_uid && is_same_person(pass, record, fate, by_uid)) {
		fate->state = by_name ? FOLLOW_UNCLEAR : FOLLOW_RENAMED;
		fate->name_taken = by_name != NULL;
	}
}

static bool is_line_owner(const struct entry *entry, const char *owner)
{
	size_t len = strlen(owner);

	return entry->owner_len == len && memcmp(entry->owner, owner, len) == 0;
}

/* Whether lines of a database have this owner. */
static bool has_lines_of(const struct follow_pass *pass, const char *owner)
{
	for (size_t k = 0; k < 2; k++) {
		struct table_cursor cursor = { 0 };
		struct table_line line;

		while (table_next(&pass->edit.db.sides[k].table, &cursor, &line))
			if (line.fault == 0 && is_line_owner(&line.entry, owner))
				return true;
	}
	return false;
}

/* Whether lines of the owner have ids of the record. */
static bool has_ids_of(const struct follow_pass *pass, const struct owner_record *record,
		       const char *owner)
{
	struct table_near near = { .next = 0 };

	while (table_next_near(&pass->edit.db.sides[record->group].table, record->range,
			       &near))
		if (is_line_owner(&near.reading->entry, owner))
			return true;
	return false;
}

/* With a new uid the name still exists, and lines with the name are its own, unless the
 * uid is that of a user who was renamed. */
static bool is_without_account(const struct follow_fate *fate)
{
	return fate->state == FOLLOW_UNCLEAR && fate->new_uid == ID_NONE;
}

/* Finds out what a known owner is now. Returns 0. */
int follow_judge(struct follow_pass *pass, const struct owner_record *record,
		 struct follow_fate *ret_fate)
{
	char number[NUM_BYTES + 1] = "";
	const char *note = owner_records_text(&pass->known, record->note);
	bool network = strcmp(note, "network") == 0;

	*ret_fate = (struct follow_fate){
		.state = FOLLOW_LEFT,
		.name = owner_records_text(&pass->known, record->owner),
		.uid = record->uid,
		.new_uid = ID_NONE,
	};
	if (!network)
		judge_local(pass, record, ret_fate);
	else if (pass->follow->network)
		ret_fate->state = judge_network(pass, ret_fate);
	number[num_format(ret_fate->uid, number)] = '\0';
	ret_fate->has_lines =
		(ret_fate->state == FOLLOW_UNCLEAR && has_lines_of(pass, number)) ||
		((is_without_account(ret_fate) || ret_fate->state == FOLLOW_RENAMED) &&
		 has_lines_of(pass, ret_fate->name)) ||
		(ret_fate->name_taken && has_ids_of(pass, record, ret_fate->name));
	return 0;
}

static int show_owner_of(struct follow_pass *pass, const char *owner)
{
	return owner_set_add_text(&pass->shown, owner, strlen(owner));
}

static int rename_lines_of(struct follow_pass *pass, const char *old, const char *owner)
{
	int r = show_owner_of(pass, old);

	if (r == 0)
		r = show_owner_of(pass, owner);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (pass->edit.db.sides[k].loaded)
			r = db_rename(&pass->edit.db, kind_all[k], old, owner);
	return r;
}

/* Whether no earlier record is about the same owner. */
static bool is_first_record(const struct follow_pass *pass,
			    const struct owner_record *record)
{
	const char *owner = owner_records_text(&pass->known, record->owner);

	for (const struct owner_record *other = pass->known.items; other < record;
	     other++)
		if (other->uid == record->uid &&
		    strcmp(owner_records_text(&pass->known, other->owner), owner) == 0)
			return false;
	return true;
}

/* Writes a name as a word of a command for this system or image. */
static const char *name_word(const struct follow_pass *pass, const char *name,
			     char words[static WORDS_BYTES])
{
	char word[CURE_QUOTED_BYTES];
	size_t len;

	if (!cure_quote(name, word))
		return "USER";
	cure_root_option(pass->follow->change.common.root, words);
	len = strlen(words);
	snprintf(words + len, WORDS_BYTES - len, "%s", word);
	return words;
}

static void report_unclear(struct follow_pass *pass, const struct owner_record *record,
			   const struct follow_fate *fate)
{
	char old[WORDS_BYTES], now[CURE_QUOTED_BYTES], number[NUM_BYTES + 1];
	char root[CURE_ROOT_BYTES];
	const char *owner = fate->name;

	pass->undecided = true;
	if (!pass->reports || !is_first_record(pass, record))
		return;
	if (!has_lines_of(pass, owner)) {
		number[num_format(fate->uid, number)] = '\0';
		owner = number;
	}
	cure_root_option(pass->follow->change.common.root, root);
	if (fate->new_name && fate->new_uid == ID_NONE)
		report_line(
			PROGRAM,
			_("%s (uid %u) is gone or was renamed, and uid %u is that of "
			  "%s: 'subid rename %s %s' if they are the same person, else "
			  "'subid retire --no-account %s'"),
			fate->name, fate->uid, fate->uid, fate->new_name,
			name_word(pass, owner, old),
			cure_quote(fate->new_name, now) ? now : "USER",
			name_word(pass, owner, old));
	else if (!fate->new_name && fate->new_uid != ID_NONE)
		report_line(
			PROGRAM,
			_("%s had the uid %u and has the uid %u now, and lines have the old "
			  "one: 'subid rename --merge %s%u %s' if it is the same person, "
			  "else 'subid retire --no-account %s%u'"),
			fate->name, fate->uid, fate->new_uid, root, fate->uid,
			cure_quote(fate->name, now) ? now : "USER", root, fate->uid);
	else
		report_line(PROGRAM, _("%s had the uid %u and has another one now"),
			    fate->name, fate->uid);
}

/* Reports who has ids now that a user who is gone had. */
static void report_taken(struct follow_pass *pass, const struct owner_record *record,
			 const struct account *gone)
{
	const struct kind *kind = kind_all[record->group];
	struct table_near near = { .next = 0 };

	while (table_next_near(&pass->edit.db.sides[record->group].table, record->range,
			       &near)) {
		const struct entry *entry = &near.reading->entry;

		if (near.reading->excessive || retired_is(entry, NULL))
			continue;
		pass->undecided = true;
		if (pass->reports)
			report_line(PROGRAM,
				    _("%s is gone, and %.*s has %ss of %" PRIu64
				      "-%" PRIu64 " now"),
				    gone->name, (int)entry->owner_len, entry->owner,
				    kind->id, record->range.start, record->range.end - 1);
	}
}

/* Retires the ids of a record that no line has any more. */
static int retire_free(struct follow_pass *pass, const struct owner_record *record,
		       const struct follow_fate *fate)
{
	struct account account;
	int r;

	account_set(&account, fate->name, strlen(fate->name), fate->uid, ID_NONE);
	r = retired_put_free(&pass->edit.db, kind_all[record->group], &account,
			     record->range, &pass->retired);
	return r ? r : show_owner_of(pass, fate->name);
}

static int retire_gone(struct follow_pass *pass, const struct owner_record *record,
		       const struct follow_fate *fate)
{
	const struct range all = { 0, ID_END };
	const struct kind *kind = kind_all[record->group];
	struct account account;
	struct owner owner;
	int r;

	account_set(&account, fate->name, strlen(fate->name), fate->uid, ID_NONE);
	owner_set(&owner, &account);
	r = retired_take(&pass->edit.db, kind, &owner, all, &pass->retired);
	if (r)
		return r;
	/* userdel(8) removes lines. */
	report_taken(pass, record, &account);
	return retire_free(pass, record, fate);
}

static int follow_owner(struct follow_pass *pass, const struct owner_record *record)
{
	struct follow_fate fate;
	int r = follow_judge(pass, record, &fate);

	if (r || !pass->edit.db.sides[record->group].loaded)
		return r;
	switch (fate.state) {
	case FOLLOW_SAME:
	case FOLLOW_LEFT:
		return 0;
	case FOLLOW_GONE:
		return retire_gone(pass, record, &fate);
	case FOLLOW_RENAMED:
		if (!has_lines_of(pass, fate.name))
			return 0;
		if (!has_lines_of(pass, fate.new_name))
			return rename_lines_of(pass, fate.name, fate.new_name);
		break;
	case FOLLOW_UNCLEAR:
		break;
	}
	if (fate.has_lines || fate.state == FOLLOW_RENAMED)
		report_unclear(pass, record, &fate);
	else if (fate.new_name && fate.new_uid == ID_NONE)
		return retire_gone(pass, record, &fate);
	else
		return retire_free(pass, record, &fate);
	return 0;
}

/* Changes the lines of all owners, in memory. Returns 0 or -errno. */
int follow_change(struct follow_pass *pass)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pass->known.n; i++)
		r = follow_owner(pass, &pass->known.items[i]);
	return r;
}
