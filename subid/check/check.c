// SPDX-License-Identifier: BSD-3-Clause
/*
 * check: reports all problems of the databases, as pwck(8) does for passwd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/edit.h"
#include "command/identity.h"
#include "explain/causes.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/userns.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"
#include "subid/verb/progress.h"

/* With fewer ids, a user namespace has none besides those of its accounts. */
#define SCARCE_IDS (2 * 65536)

static void check_cleanup(struct check *check)
{
	site_cleanup(&check->site);
	former_cleanup(&check->former);
	for (size_t i = 0; i < 2; i++) {
		table_clear(&check->sides[i].table);
		range_set_clear(&check->taken[i]);
		free(check->use[i].items);
	}
	accounts_cleanup(&check->users);
	accounts_cleanup(&check->groups);
	accounts_cleanup(&check->primary);
	accounts_cleanup(&check->spellings);
	accounts_cleanup(&check->unknown);
	accounts_cleanup(&check->renamed);
	accounts_cleanup(&check->by_home);
	accounts_cleanup(&check->misspelt);
	range_set_clear(&check->kept);
	for (size_t i = 0; i < check->n_noted; i++)
		free(check->noted[i].own_path);
	free(check->noted);
	findings_clear(&check->findings);
	output_cleanup(&check->output);
	edit_texts_cleanup(&check->texts);
	owner_set_cleanup(&check->repaired);
}

/* Returns whether only some findings are to be shown, or none. */
static bool chooses(const struct check *check)
{
	return check->n_owners > 0 || check->severity_word || check->codes ||
	       check->quiet;
}

static int check_parse(int argc, char **argv, struct check *check)
{
	int r = verb_parse(&verb_check, argc, argv, check);

	if (r)
		return r;
	check->owners = argv + optind;
	check->n_owners = (size_t)(argc - optind);
	if (check->fix && check->before_switch)
		report_line(PROGRAM, _("--fix and --before-switch exclude each other"));
	else if (check->before_switch && chooses(check))
		report_line(PROGRAM, _("--before-switch lists the losses of all users"));
	else if (check->quiet && output_has_format(&check->options.output))
		report_line(PROGRAM, _("--quiet prints no rows"));
	else if (check_read_filter(check, &verb_check.command, check_code_word))
		return 0;
	return verb_misuse(&verb_check);
}

/* Prepares the -R option of commands shown for an image. */
static int prepare_prefix(struct check *check)
{
	if (cure_root_option(check->options.root, check->prefix))
		return 0;
	report_line(PROGRAM, "%s: %s", check->options.root, report_error(ENAMETOOLONG));
	return VERB_USAGE;
}

/*
 * --fix changes the running system, so PAM is asked, as for a grant. Otherwise drops
 * setuid privilege.
 */
static int authorise(const struct check *check)
{
	if (check->fix && !check->options.root) {
		if (auth_check(PROGRAM) == 0)
			return 0;
		edit_log(PROGRAM, NULL, "fix", false);
		return VERB_NOT_PERMITTED;
	}
	return identity_drop() ? VERB_NOT_PERMITTED : 0;
}

static int load_accounts(struct check *check)
{
	const struct kind *kind = &kind_uid;
	int r = passwd_file_load(check->place.directory, kind, &check->users);

	check->n_local = check->users.n;
	if (r == 0) {
		kind = &kind_gid;
		r = passwd_file_load(check->place.directory, kind, &check->groups);
	}
	if (r == 0)
		return 0;
	report_line(PROGRAM, "%s/%s: %s", check->place.etc, kind->accounts,
		    report_error(-r));
	return VERB_UNREADABLE;
}

/*
 * Finds out which ids are another system's: with limited ids, those of systemd; and with
 * few, those of accounts, since there are no others.
 */
static void look_at_ids(struct check *check)
{
	CLEANUP(range_set_cleanup) struct range_set mapped = RANGE_SET(LIMIT_EXTENTS);
	bool limited = userns_is_limited() > 0;
	uint64_t n = 0;

	check->reserved = !check->place.image && !limited;
	if (check->place.image || !limited || userns_mapped(&kind_uid, &mapped))
		return;
	for (size_t i = 0; i < mapped.n; i++)
		n += range_count(mapped.ranges[i]);
	check->scarce = n < SCARCE_IDS;
}

static int check_prepare(struct check *check)
{
	int r;

	check->former.root = check->options.root;
	r = verb_find_place(check->options.root, &check->place);
	if (r == 0)
		r = prepare_prefix(check);
	if (r)
		return r;
	for (size_t i = 0; i < 2; i++) {
		struct check_side *side = &check->sides[i];

		side->kind = kind_all[i];
		snprintf(side->path, sizeof(side->path), "%s/%s", check->place.etc,
			 side->kind->database);
	}
	look_at_ids(check);
	r = site_read(&check->site, &check->place, check->options.root);
	if (r)
		return r;
	check->table = output_has_format(&check->options.output);
	return load_accounts(check);
}

static int check_databases(struct check *check)
{
	int r = 0;

	if (check->fix)
		r = check_repair(check);
	if (r == 0)
		r = check_files(check);
	if (r == 0)
		r = check_lines(check);
	if (r == 0 && check->before_switch)
		r = check_note_lines(check);
	if (r == 0 && check->before_switch)
		return check_switch(check);
	if (r == 0)
		r = check_policy(check);
	if (r == 0)
		r = check_find_owners(check);
	if (r == 0)
		r = check_leftovers(check);
	if (r == 0)
		r = check_mappers(check);
	if (r == 0)
		r = check_nsswitch(check);
	return r ? r : check_print_findings(check);
}

/* Failures take precedence over findings. */
static int check_status(const struct check *check)
{
	if (check->failed)
		return check->failed;
	if (check->unreadable || check->silent)
		return VERB_UNREADABLE;
	return check->counts[FINDING_ERROR]   ? VERB_FINDINGS :
	       check->counts[FINDING_WARNING] ? VERB_WARNINGS :
						VERB_DONE;
}

static int check_run(int argc, char **argv)
{
	CLEANUP(check_cleanup) struct check check = { .site = SITE_NONE };
	int r;

	r = check_parse(argc, argv, &check);
	if (check.fix)
		edit_ignore_sigpipe();
	if (r == 0)
		r = authorise(&check);
	if (r == 0)
		r = check_prepare(&check);
	if (r)
		return r;
	r = check.table ? check_start_rows(&check) : 0;
	if (r)
		return r;
	r = check_databases(&check);
	r = r ? r : check_status(&check);
	return check.table ? check_end_rows(&check, r) : r;
}

static const struct option_row check_rows[] = {
	{ 0, "all", NULL, N_("show all findings of a kind, not the first 1000"),
	  OPTION_INTO(struct check, all) },
	{ 0, "before-switch", NULL,
	  N_("list what users lose when these map writers replace shadow's"),
	  OPTION_INTO(struct check, before_switch) },
	{ 0, "code", N_("LIST"),
	  N_("only findings of these codes, with commas between them"),
	  OPTION_INTO(struct check, codes), .completes = COMPLETE_LIST,
	  .word = check_code_word },
	{ 0, "fix", NULL, N_("make the repairs that neither grant nor revoke ids"),
	  OPTION_INTO(struct check, fix) },
	{ 'q', "quiet", NULL,
	  N_("print no findings; the exit status says whether there are any"),
	  OPTION_INTO(struct check, quiet) },
	{ 0, "severity", N_("LEVEL"),
	  N_("only findings of this severity or worse: error, warning or note"),
	  OPTION_INTO(struct check, severity_word), .word = check_severity_word },
	{ 0, "verbose", NULL, N_("report how many ids the name service was asked about"),
	  OPTION_INTO(struct check, verbose) },
	{ .name = NULL },
};

static const struct option_group check_options[] = {
	{ check_rows, 0 },
	{ verb_output_rows, offsetof(struct check, options) },
	{ verb_root_rows, offsetof(struct check, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row check_examples[] = {
	{ "subid check", N_("show what is wrong, and how to fix it") },
	{ "subid check elsa", N_("what is wrong with the lines of one user") },
	{ "subid check --fix", N_("repair what needs no decision") },
	{ .term = NULL },
};

const struct verb verb_check = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " check",
		.usage = N_("[OPTION]... [OWNER]..."),
		.summary = N_("Find what is wrong with the databases"),
		.options = check_options,
		.examples = check_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_FINDINGS) |
			 VERB_EXIT(VERB_LOCKED) | VERB_EXIT(VERB_NO_USER) |
			 VERB_EXIT(VERB_NOT_PERMITTED) | VERB_EXIT(VERB_WARNINGS),
		.arguments = { COMPLETE_OWNERS, COMPLETE_OWNERS },
		.page = "subid-check(1)",
	},
	.run = check_run,
	.columns = { &check_columns },
	.writes = true,
};
