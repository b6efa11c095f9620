// SPDX-License-Identifier: BSD-3-Clause
/*
 * fix: repairs one line of the databases, which is named by its text.
 *
 * MUST: ids that the line did not give before are given only if the policy allows it, as
 * for a grant. A line that gives ids is not removed, and not given to another user than
 * the one it is for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/write/change.h"
#include "subid/write/fix.h"

static void fix_cleanup(struct fix *fix)
{
	edit_cleanup(&fix->edit);
	owner_cleanup(&fix->owner);
	for (size_t k = 0; k < 2; k++) {
		free(fix->sides[k].changes);
		free(fix->sides[k].before);
		free(fix->sides[k].after);
	}
}

static int fix_parse(int argc, char **argv, struct fix *fix)
{
	int r = verb_parse(&verb_fix, argc, argv, fix);

	if (r)
		return r;
	if (fix->remove && (fix->as.end > 0 || fix->user)) {
		report_line(PROGRAM, _("--remove excludes --as and --owner"));
		return verb_misuse(&verb_fix);
	}
	if (argc - optind != 1 || argv[optind][0] == '\0') {
		report_line(PROGRAM, _("the text of one line is required"));
		return verb_misuse(&verb_fix);
	}
	fix->text = argv[optind];
	return 0;
}

/* Whether a line may be written anew for the user: its owner is that user or no user. */
static int fix_check_owner(struct fix *fix, const char *old_name)
{
	CLEANUP(owner_cleanup) struct owner old = { 0 };
	struct edit *edit = &fix->edit;
	const struct account *account = &fix->owner.account;
	int r = edit_find_line_owner(edit, old_name, &old);

	if (r)
		return r;
	fix->same_user = !fix->user ||
			 (owner_has_account(&old) &&
			  (old.account.uid == account->uid ||
			   owner_is_digits(&fix->owner, old_name, strlen(old_name))));
	if (fix->same_user || !owner_has_account(&old))
		return 0;
	report_line(PROGRAM, _("the line is for the user %s; '%s grant' gives ids to %s"),
		    old_name, PROGRAM, account->name);
	return DB_CONFLICT;
}

/* Looks up the owner of the new line, before the locks are taken. */
static int fix_find_owner(struct fix *fix)
{
	struct edit *edit = &fix->edit;
	struct entry_repair repair;
	struct entry entry;
	int r;

	if (fix->remove)
		return 0;
	entry_repair(fix->text, strlen(fix->text), &repair);
	if (!fix->user && !repair.owner_ok) {
		report_line(PROGRAM,
			    _("the owner of the line cannot be a user: --owner says who "
			      "is meant, --remove removes the line"));
		return EDIT_NO_USER;
	}
	r = fix->user ? edit_find_user(edit, fix->user, &fix->owner) :
			edit_find_line_owner(edit, repair.owner, &fix->owner);
	/* The beginning of a malformed line grants nothing, even if it looks well-formed.
	 */
	if (r == 0 && !fix->begins &&
	    entry_parse(fix->text, strlen(fix->text), &entry) == 0)
		r = fix_check_owner(fix, repair.owner);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (fix->kinds[k])
			r = edit_find_names(edit, kind_all[k],
					    &(struct range){ 0, ID_END }, 1, &fix->owner);
	return r;
}

static void show_fix(const struct fix *fix)
{
	for (size_t k = 0; k < 2; k++) {
		const struct fix_side *side = &fix->sides[k];
		const char *at = side->after, *end;

		for (size_t i = 0; i < side->n; i++)
			edit_show_line('-', fix->edit.directory, kind_all[k],
				       side->before, side->before_len);
		for (size_t left = side->after_len; left > 0;
		     left -= (size_t)(end - at), at = end) {
			end = memchr(at, '\n', left);
			end = end ? end + 1 : at + left;
			edit_show_line('+', fix->edit.directory, kind_all[k], at,
				       (size_t)(end - at - 1));
		}
	}
}

/* For a removed line, the ids that each owner loses, as other programs read it. */
static void record_fix(const struct fix *fix, bool done)
{
	char text[CHANGE_TEXT_BYTES] = "fix";
	const char *name = fix->owner.account.name;
	size_t n = sizeof("fix") - 1;
	struct entry_repair removed = { 0 };

	if (fix->remove) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, " remove");
		entry_repair(fix->text, strlen(fix->text), &removed);
		name = removed.owner;
	}
	for (size_t k = 0; k < 2; k++) {
		if (!fix->sides[k].found)
			continue;
		n = change_describe(text, n, kind_all[k], fix->sides[k].range);
		n = change_describe(text, n, kind_all[k], removed.by_shadow);
		if (removed.n == 2 || removed.by_shadow.end == 0)
			n = change_describe(text, n, kind_all[k], removed.by_others);
	}
	edit_record(&fix->edit, *name ? name : NULL, text, done);
}

/* The owner of the new line, and that of the old one. */
static int add_fixed(const struct fix *fix, struct owner_set *people)
{
	int r = fix->remove ? 0 : owner_set_add_owner(people, &fix->owner);

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (fix->sides[k].found && fix->sides[k].repair.owner_ok)
			r = owner_set_add_text(people, fix->sides[k].repair.owner,
					       strlen(fix->sides[k].repair.owner));
	return r;
}

static int show_changes(struct fix *fix)
{
	static const struct edit_reasons reasons = { "fixed", "unchanged" };
	CLEANUP(owner_set_cleanup) struct owner_set people = { 0 };
	int r = edit_tell_error(&fix->edit, add_fixed(fix, &people));

	if (r)
		return r;
	if (fix->edit.form == EDIT_JSON)
		return change_show(&fix->edit, &people, edit_reason, &reasons);
	interrupt_let_go(&fix->edit.interrupt);
	progress_rows();
	show_fix(fix);
	return 0;
}

static int report_no_line(const struct fix *fix)
{
	report_line(PROGRAM, fix->begins ?
				     _("no malformed line of the databases begins so") :
				     _("no line of the databases has this text"));
	return VERB_NONE;
}

static int fix_work(struct fix *fix)
{
	struct edit *edit = &fix->edit;
	int r = change_prepare(edit, &verb_fix, &fix->change, fix->kinds);
	bool found, to_record;

	if (r)
		return r;
	r = edit_names_by_id(edit, &fix->settings.by_id);
	if (r == 0)
		r = fix_find_owner(fix);
	if (r)
		return r;
	r = edit_finish(edit, fix_lines(fix), &to_record);
	found = fix->sides[0].found || fix->sides[1].found;
	if (to_record)
		record_fix(fix, r == 0);
	if (r == 0 && !found)
		return report_no_line(fix);
	return r ? r : show_changes(fix);
}

static int fix_run(int argc, char **argv)
{
	CLEANUP(fix_cleanup)
	struct fix fix = { .edit = EDIT(PROGRAM) };
	int r = fix_parse(argc, argv, &fix);

	fix.edit.if_there = true;
	return r ? r : fix_work(&fix);
}

static const struct option_row fix_rows[] = {
	{ 0, "as", N_("FIRST-LAST"), N_("the ids that the line is to give"),
	  OPTION_INTO(struct fix, as) },
	{ 0, "owner", N_("USER"), N_("the user the line is for"),
	  OPTION_INTO(struct fix, user), .completes = COMPLETE_USERS },
	{ 0, "remove", NULL, N_("remove the line, which gives no ids"),
	  OPTION_INTO(struct fix, remove) },
	{ 0, "begins", NULL, N_("LINE is the beginning of a malformed line"),
	  OPTION_INTO(struct fix, begins) },
	{ 0, "allow-overlap", NULL, N_("also ids that others have"),
	  OPTION_INTO(struct fix, policy.allow_overlap) },
	{ 0, "allow-root", NULL, N_("also id 0"),
	  OPTION_INTO(struct fix, policy.allow_root) },
	{ 0, "allow-reserved", NULL, N_("also ids that systemd uses"),
	  OPTION_INTO(struct fix, policy.allow_reserved) },
	{ .name = NULL },
};

static const struct option_group fix_options[] = {
	{ fix_rows, 0 },
	{ change_rows, offsetof(struct fix, change) },
	{ verb_root_rows, offsetof(struct fix, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row fix_examples[] = {
	{ "subid fix 'anna: 100000:65536'", N_("write the line as it was meant") },
	{ "subid fix --remove 'anna:x'", N_("remove a line that gives no ids") },
	{ .term = NULL },
};

const struct verb verb_fix = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " fix",
		.usage = N_("[OPTION]... LINE"),
		.summary = N_("Repair a line"),
		.options = fix_options,
		.examples = fix_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_WRITE | VERB_EXIT(VERB_NONE) | VERB_EXIT(VERB_POLICY),
		.page = "subid-grant(8)",
	},
	.run = fix_run,
	.writes = true,
};
