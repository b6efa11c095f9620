// SPDX-License-Identifier: BSD-3-Clause
/*
 * follow: after any program has renamed or removed accounts, renames or retires their
 * lines; other changes are reported, and left to root.
 *
 * A pass without locks finds out whether there is anything to do. A pass with locks
 * changes the databases or, if they need no change, the file of known owners; so after a
 * crash the next run does the rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/store/state-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/write/follow.h"
#include "subid/write/revoke.h"

/* Passes that change the databases, the file, and nothing. */
#define PASSES 3

static void follow_pass_cleanup(struct follow_pass *pass)
{
	edit_cleanup(&pass->edit);
	follow_users_cleanup(&pass->users);
	owner_records_cleanup(&pass->known);
	owner_records_cleanup(&pass->now);
	retired_cleanup(&pass->retired);
	owner_set_cleanup(&pass->shown);
	free(pass->old_text);
	free(pass->text);
}

static int fail_state(const struct follow_pass *pass, int error, int result)
{
	verb_report_state(pass->follow->change.common.root, STATE_OWNERS,
			  known_owners_reason(error));
	return result;
}

/* Reads accounts and known owners. Returns 0 or an exit status. */
static int read_known(struct follow_pass *pass)
{
	const char *root = pass->follow->change.common.root;
	int r = state_file_read(root, STATE_OWNERS, &pass->old_text, &pass->old_len);

	if (r == 0)
		r = known_owners_parse(&pass->known, pass->old_text ? pass->old_text : "",
				       pass->old_len);
	if (r)
		return fail_state(pass, r, VERB_UNREADABLE);
	r = follow_users_load(pass->edit.etc, &pass->users);
	/* A program may be writing it in place: all users would be gone. */
	if (r == 0 && accounts_by_id(&pass->users.accounts, 0))
		return 0;
	report_line(PROGRAM, "%s/passwd: %s", pass->edit.directory,
		    r ? report_error(-r) : _("the file is not whole: root is missing"));
	return VERB_UNREADABLE;
}

static bool is_text_changed(const struct follow_pass *pass)
{
	/* Without a file, other verbs would record nothing, though it were empty. */
	return !pass->old_text || pass->len != pass->old_len ||
	       (pass->len > 0 && memcmp(pass->text, pass->old_text, pass->len) != 0);
}

/* Asks about owners that are not in passwd(5); needed to record them. */
static int ask_owners(struct follow_pass *pass, const bool kinds[static 2])
{
	struct edit *edit = &pass->edit;
	int r = 0;

	for (size_t k = 0; r == 0 && pass->follow->network && k < 2; k++)
		if (kinds[k])
			r = edit_find_owners(edit, kind_all[k]);
	if (r == 0 && pass->follow->network)
		r = edit_tell_error(edit,
				    unknown_owners_ask(&edit->unknown, &edit->lookup));
	for (size_t i = 0; r == 0 && i < edit->unknown.n; i++)
		pass->knows_some |= edit->unknown.items[i].asked &&
				    edit->unknown.items[i].answer.r == 0;
	return r;
}

/* Changes lines and the file in memory. Returns as edit.h says. */
static int plan_pass(struct follow_pass *pass)
{
	int r = follow_change(pass);

	if (r == 0)
		r = follow_record(pass);
	return edit_tell_error(&pass->edit, r);
}

/* Writes the records of retired ids, or if no line changes the file of owners. */
static int write_pass(struct follow_pass *pass)
{
	const char *root = pass->follow->change.common.root;
	int r;

	if (pass->edit.dry_run)
		return 0;
	if (edit_changed(&pass->edit))
		return pass->retired.records.n > 0 ?
			       retire_write_records(&pass->edit, &pass->retired) :
			       0;
	if (!is_text_changed(pass))
		return 0;
	r = edit_tell_error(&pass->edit, db_release(&pass->edit.db));
	if (r)
		return r;
	r = state_file_write(root, STATE_OWNERS, pass->text, pass->len);
	return r ? fail_state(pass, r, VERB_NOT_WRITTEN) : 0;
}

/* *ret_more: there is something to write. */
static int run_pass(struct follow_pass *pass, bool shows, bool *ret_more)
{
	static const struct edit_reasons reasons = { "followed", "unchanged" };
	struct edit *edit = &pass->edit;
	bool kinds[2], to_record;
	int r = change_prepare(edit, &verb_follow, &pass->follow->change, kinds);

	edit->dry_run |= pass->reports;
	if (r == 0)
		r = ask_owners(pass, kinds);
	if (r)
		return r;
	r = edit_begin(edit, kinds);
	/* With the lock: another program may just have changed an account, and another
	 * run the file of owners. */
	if (r == 0)
		r = read_known(pass);
	if (r == 0)
		r = plan_pass(pass);
	*ret_more = r == 0 && (edit_changed(&pass->edit) || is_text_changed(pass));
	if (r == 0)
		r = write_pass(pass);
	r = edit_finish(edit, r, &to_record);
	for (size_t i = 0; to_record && i < pass->shown.n; i++)
		edit_record(edit, owner_set_login(&pass->shown, i), "follow", r == 0);
	if (r || !shows || !(edit->texts.changed[0] || edit->texts.changed[1]))
		return r;
	return change_show(edit, &pass->shown, edit_reason, &reasons);
}

/* Reports why users may not be gone. Returns whether there are such. */
static bool report_unsure(const struct follow_pass *pass)
{
	if (pass->silent)
		report_line(PROGRAM,
			    _("%s; lines of users who may be gone stay as they are"),
			    report_no_answer(pass->silent));
	else if (pass->doubtful)
		report_line(PROGRAM,
			    _("the name service knows no owner who is not in passwd: "
			      "its directory may be down; 'subid retire --no-account "
			      "USER' retires the ids of a user who is gone"));
	return pass->silent || pass->doubtful;
}

/* Runs one pass; @probes: only finds out and reports what there is to do. */
static int start_pass(const struct follow *follow, bool probes, bool *ret_more,
		      int *ret_status)
{
	CLEANUP(follow_pass_cleanup)
	struct follow_pass pass = {
		.follow = follow,
		.edit = EDIT(PROGRAM),
		.retired = { .epoch = retired_clock(), .note = "follow" },
		.reports = probes,
	};
	int r;

	pass.edit.if_there = true;
	pass.edit.records_owners = true;
	pass.edit.change = EDIT_RETIRES;
	r = run_pass(&pass, !probes || follow->change.dry_run, ret_more);
	if (probes && pass.undecided)
		*ret_status = VERB_FINDINGS;
	if (probes && r == 0 && report_unsure(&pass))
		*ret_status = VERB_UNREADABLE;
	return r;
}

static int follow_run(int argc, char **argv)
{
	struct follow follow = { .network = false };
	int r = verb_parse(&verb_follow, argc, argv, &follow), status = VERB_DONE;
	bool more = false;

	if (r == 0 && optind < argc) {
		report_line(PROGRAM, _("too many arguments: %s"), argv[optind]);
		return verb_misuse(&verb_follow);
	}
	if (r == 0)
		r = start_pass(&follow, true, &more, &status);
	for (int i = 0; r == 0 && more && !follow.change.dry_run && i < PASSES; i++)
		r = start_pass(&follow, false, &more, &status);
	return r ? r : status;
}

static const struct option_row follow_rows[] = {
	{ 0, "network", NULL, N_("also owners that only the name service knows"),
	  OPTION_INTO(struct follow, network) },
	{ 0, "dry-run", NULL, N_("show the lines that would be removed and added"),
	  OPTION_INTO(struct follow, change.dry_run) },
	{ .name = NULL },
};

static const struct option_group follow_options[] = {
	{ follow_rows, 0 },
	{ verb_root_rows, offsetof(struct follow, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row follow_examples[] = {
	{ "subid follow --dry-run", N_("show what has to follow the accounts") },
	{ "subid follow", N_("rename and retire") },
	{ .term = NULL },
};

const struct verb verb_follow = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " follow",
		.usage = N_("[OPTION]..."),
		.summary = N_("Change lines as accounts have changed"),
		.options = follow_options,
		.examples = follow_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_CHANGE | VERB_EXIT(VERB_FINDINGS),
		.page = "subid-follow(8)",
	},
	.run = follow_run,
	.writes = true,
};
