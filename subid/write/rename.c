// SPDX-License-Identifier: BSD-3-Clause
/*
 * rename: after `usermod -l NEW OLD`, replaces the owner OLD by NEW.
 *
 * MUST: ranges never move from one user to another. They are merged with other ranges of
 * NEW only with --merge.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/known-users.h"
#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/write/rename.h"

static void rename_cleanup(struct rename *rename)
{
	edit_cleanup(&rename->edit);
	owner_cleanup(&rename->found);
	free(rename->renamed);
}

static bool is_digits_name(const char *name)
{
	return owner_is_number(name, strlen(name));
}

/* OLD may be a uid that no account has any more, NEW is a login name. */
static int check_name(const char *name, bool or_uid)
{
	if (entry_check_owner(name, strlen(name)) == 0 &&
	    (or_uid || !is_digits_name(name)))
		return 0;
	report_line(PROGRAM, _("'%s' is no name that a line can have"), name);
	return verb_misuse(&verb_rename);
}

static int parse_names(int argc, char **argv, struct rename *rename)
{
	int r;

	if (rename->canonical && (rename->change.no_account || rename->merge)) {
		report_line(PROGRAM,
			    rename->merge ?
				    _("--canonical and --merge exclude each other") :
				    _("--canonical and --no-account exclude each other"));
		return verb_misuse(&verb_rename);
	}
	if (rename->canonical && optind < argc) {
		report_line(PROGRAM, _("too many arguments: %s"), argv[optind]);
		return verb_misuse(&verb_rename);
	}
	if (rename->canonical)
		return 0;
	if (argc - optind != 2) {
		report_line(PROGRAM, _("OLD and NEW are required"));
		return verb_misuse(&verb_rename);
	}
	rename->old = argv[optind];
	rename->owner = argv[optind + 1];
	r = check_name(rename->old, true);
	return r ? r : check_name(rename->owner, false);
}

static int rename_parse(int argc, char **argv, struct rename *rename)
{
	int r = verb_parse(&verb_rename, argc, argv, rename);

	return r ? r : parse_names(argc, argv, rename);
}

/*
 * Looks up OLD and NEW. Fails if the name service does not answer; but with --local-only
 * OLD is then an owner without account, and with --no-account, too, so is NEW.
 */
static int find_old_and_new(struct rename *rename, struct name_service_answer *ret_old,
			    struct name_service_answer *ret_owner)
{
	const char *names[] = { rename->old, rename->owner };
	struct name_service_answer *answers[] = { ret_old, ret_owner };
	struct edit *edit = &rename->edit;
	/* No account has OLD, if it is a uid: see check_uid(). */
	size_t first = is_digits_name(rename->old);
	int r = 0;

	ret_old->r = ACCOUNT_NONE;
	for (size_t i = first; r == 0 && i < 2; i++)
		r = unknown_owners_add(&edit->unknown, names[i], strlen(names[i]));
	if (r == 0)
		r = unknown_owners_ask(&edit->unknown, &edit->lookup);
	r = edit_tell_error(edit, r);
	for (size_t i = first; r == 0 && i < 2; i++) {
		const struct unknown_owner *owner =
			unknown_owners_find(&edit->unknown, names[i], strlen(names[i]));
		struct name_service_answer *answer =
			&edit->unknown.items[owner - edit->unknown.items].answer;

		if (answer->r < 0 && rename->change.local_only &&
		    (i == 0 || rename->change.no_account))
			answer->r = ACCOUNT_NONE;
		if (answer->r < 0)
			r = edit_fail_user(edit, names[i], answer->r);
		*answers[i] = *answer;
	}
	return r;
}

/* Finds all names of NEW, to find lines it already has; not by uid: those stay valid. */
static int find_new_names(struct rename *rename, struct account *account, bool exists)
{
	struct edit *edit = &rename->edit;
	const struct range all = { 0, ID_END };
	int r = 0;

	if (exists) {
		r = edit_tell_error(edit, owner_init(&rename->found, account, edit->etc));
	} else {
		account_set_text(account, rename->owner, strlen(rename->owner));
		owner_set(&rename->found, account);
	}
	rename->found.by_number = false;
	if (r == 0)
		r = edit_tell_error(edit, owner_add_name(&rename->found, rename->owner,
							 strlen(rename->owner)));
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (rename->kinds[k])
			r = edit_find_names(edit, kind_all[k], &all, 1, &rename->found);
	return r;
}

/* Lines by a uid need no renaming while an account has it, except to its own name, with
 * which they no longer belong to whoever gets the uid. */
static int check_uid(struct rename *rename)
{
	CLEANUP(owner_cleanup) struct owner old = { 0 };
	int r;

	if (!is_digits_name(rename->old))
		return 0;
	r = edit_find_line_owner(&rename->edit, rename->old, &old);
	if (r || !owner_has_account(&old) || strcmp(old.account.name, rename->owner) == 0)
		return r;
	report_line(PROGRAM, _("%s is the uid of %s: the lines need no new name"),
		    rename->old, old.account.name);
	return DB_CONFLICT;
}

/* Checks that NEW has an account, and OLD none or the same one. */
static int check_accounts(struct rename *rename)
{
	struct name_service_answer old = { 0 }, owner = { 0 };
	int r = check_uid(rename);

	if (r == 0)
		r = find_old_and_new(rename, &old, &owner);
	if (r)
		return r;
	if (owner.r && !rename->change.no_account) {
		report_line(PROGRAM, _("user '%s' does not exist"), rename->owner);
		known_users_suggest(PROGRAM, rename->edit.etc, rename->owner);
		rename_report_no_account(rename, old.r == 0);
		return VERB_NO_USER;
	}
	if (old.r == 0 && owner.r == 0 && old.account.uid != owner.account.uid) {
		report_line(PROGRAM, _("%s (uid %u) and %s (uid %u) are two users"),
			    rename->old, old.account.uid, rename->owner,
			    owner.account.uid);
		rename_report_handover(rename, &old.account);
		return VERB_POLICY;
	}
	rename->same = old.r == 0 && owner.r == 0;
	if (!rename->same)
		r = find_new_names(rename, &owner.account, owner.r == 0);
	return r;
}

/* Returns the number of the first line of an owner, or 0. */
static uint64_t find_first_line(const struct table *table, struct owner *owner)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	while (table_next_entry(table, &cursor, owner_begins, owner, &line))
		if (owner_is(&line.entry, owner))
			return line.number;
	return 0;
}

/* Malformed lines keep their owner: what other programs read in them is not certain. */
static void report_malformed(struct rename *rename, size_t k, const struct owner *old)
{
	const struct edit *edit = &rename->edit;
	const struct range all = { 0, ID_END };
	struct table_near near = { .next = 0 };
	uint64_t last = 0;

	while (table_next_near(&edit->db.sides[k].table, all, &near)) {
		const struct entry *entry = &near.reading->entry;

		if (near.line.fault == 0 || near.line.number == last ||
		    !owner_is_text(old, entry->owner, entry->owner_len))
			continue;
		last = near.line.number;
		rename->found_old = true;
		report_line(PROGRAM,
			    _("note: %s/%s:%" PRIu64
			      " is left: it is malformed, and other "
			      "programs read it as a line of %s; '%s check' shows how to "
			      "correct it"),
			    edit->directory, kind_all[k]->database, last, rename->old,
			    PROGRAM);
	}
}

/* Ids of a malformed line of OLD could be removed only with all of the line. */
static int check_merge(const struct rename *rename, const struct kind *kind,
		       struct owner *old, struct range range)
{
	const struct edit *edit = &rename->edit;
	struct table_near near = { .next = 0 };

	while (table_next_in_force(&edit->db.sides[kind->group].table, range, &near)) {
		if (!near.line.fault || !owner_is(&near.reading->entry, old))
			continue;
		report_line(PROGRAM,
			    _("line %" PRIu64 " of %s/%s is malformed and has ids of %s: "
			      "'%s fix' first"),
			    near.line.number, edit->directory, kind->database,
			    rename->owner, PROGRAM);
		return DB_CONFLICT;
	}
	return 0;
}

/* Removes from the lines of OLD what NEW has already. */
static int merge_into_new(struct rename *rename, const struct kind *kind,
			  struct owner *old)
{
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(SIZE_MAX);
	struct edit *edit = &rename->edit;
	int r = db_held(&edit->db, kind, &rename->found, &held);

	for (size_t i = 0; r == 0 && i < held.n; i++) {
		if (check_merge(rename, kind, old, held.ranges[i]))
			return DB_CONFLICT;
		r = db_revoke(&edit->db, kind, old, held.ranges[i]);
	}
	return edit_tell_error(edit, r);
}

/* After a crash between both files one has the new name already, which is no obstacle. */
static int rename_lines(struct rename *rename, size_t k)
{
	struct edit *edit = &rename->edit;
	const struct table *table = &edit->db.sides[k].table;
	struct account account;
	struct owner old;
	uint64_t line;
	bool found;
	int r;

	if (strcmp(rename->old, rename->owner) == 0)
		return 0;
	account_set_text(&account, rename->old, strlen(rename->old));
	owner_set(&old, &account);
	found = find_first_line(table, &old) > 0;
	rename->found_old |= found;
	line = found && !rename->same ? find_first_line(table, &rename->found) : 0;
	if (line > 0 && !rename->merge) {
		report_line(PROGRAM,
			    _("%s has a range of its own (%s/%s:%" PRIu64
			      "); --merge adds the lines of %s to it"),
			    rename->owner, edit->directory, kind_all[k]->database, line,
			    rename->old);
		return DB_CONFLICT;
	}
	r = line > 0 ? merge_into_new(rename, kind_all[k], &old) : 0;
	if (r)
		return r;
	r = edit_tell_error(
		edit, db_rename(&edit->db, kind_all[k], rename->old, rename->owner));
	if (r == 0)
		report_malformed(rename, k, &old);
	return r;
}

/* Finds lines of NEW under other names; it must be known for all lines. */
static int confirm_new_names(struct rename *rename)
{
	struct edit *edit = &rename->edit;
	const struct range all = { 0, ID_END };
	size_t silent = 0;
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (edit->db.sides[k].loaded)
			r = edit_confirm_names(edit, kind_all[k], all, &rename->found,
					       &silent);
	return r ? r : change_judge_silent(&rename->change, silent);
}

static int rename_one(struct rename *rename)
{
	int result = 0, r = rename->same ? 0 : confirm_new_names(rename);

	if (r)
		return r;
	for (size_t k = 0; k < 2; k++) {
		if (!rename->edit.db.sides[k].loaded)
			continue;
		r = rename_lines(rename, k);
		result = r ? r : result;
	}
	/* Also after a renaming that is complete, which is no error to repeat. */
	if (result == 0 && !rename->found_old) {
		progress_end();
		report_line(PROGRAM, _("note: no line has the owner %s"), rename->old);
	}
	return result;
}

static int apply_rename(struct rename *rename)
{
	int r = edit_begin(&rename->edit, rename->kinds);

	if (r)
		return r;
	return rename->canonical ? rename_canonical(rename) : rename_one(rename);
}

/* Looks up names before the locks are taken. Returns 0 or an exit status. */
static int rename_prepare(struct rename *rename)
{
	int r = change_prepare(&rename->edit, &verb_rename, &rename->change,
			       rename->kinds);

	if (r)
		return r;
	if (!rename->canonical)
		return check_accounts(rename);
	r = rename_find_owners(rename);
	return r;
}

static int rename_work(struct rename *rename)
{
	bool to_record;
	int r = rename_prepare(rename);

	if (r)
		return r;
	r = edit_finish(&rename->edit, apply_rename(rename), &to_record);
	if (to_record)
		rename_record(rename, r == 0);
	return r ? r : rename_show(rename);
}

static int rename_run(int argc, char **argv)
{
	CLEANUP(rename_cleanup)
	struct rename rename = { .edit = EDIT(PROGRAM) };
	int r = rename_parse(argc, argv, &rename);

	rename.edit.if_there = true;
	rename.edit.change = rename.merge ? EDIT_MERGES : EDIT_RENAMES;
	return r ? r : rename_work(&rename);
}

static const struct option_row rename_rows[] = {
	{ 0, "canonical", NULL, N_("write the login name of the owner in all lines"),
	  OPTION_INTO(struct rename, canonical) },
	{ 0, "merge", NULL, N_("NEW may have ranges already"),
	  OPTION_INTO(struct rename, merge) },
	{ .name = NULL },
};

static const struct option_group rename_options[] = {
	{ rename_rows, 0 },
	{ change_local_rows, offsetof(struct rename, change) },
	{ change_account_rows, offsetof(struct rename, change) },
	{ change_rows, offsetof(struct rename, change) },
	{ verb_root_rows, offsetof(struct rename, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row rename_examples[] = {
	{ "subid rename anna alice", N_("after usermod -l alice anna") },
	{ "subid rename --canonical --dry-run",
	  N_("show lines that have another name of a user") },
	{ .term = NULL },
};

const struct verb verb_rename = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " rename",
		.usage = N_("[OPTION]... OLD NEW | --canonical"),
		.summary = N_("Replace the old name of a user in the lines"),
		.options = rename_options,
		.arguments = { COMPLETE_OWNERS, COMPLETE_USERS },
		.examples = rename_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_WRITE | VERB_EXIT(VERB_NONE) | VERB_EXIT(VERB_POLICY),
		.page = "subid-grant(8)",
	},
	.run = rename_run,
	.writes = true,
};
