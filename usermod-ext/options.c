// SPDX-License-Identifier: BSD-3-Clause
/*
 * options: the range options of usermod(8), with its syntax, and options of our own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/option.h"
#include "libsubid/core/array.h"
#include "message/i18n.h"
#include "message/report.h"
#include "usermod-ext/options.h"

/* Prints the usage line and how to get help, for a wrong command line. */
static void print_usage(void)
{
	fprintf(stderr, _("Usage: %s %s\n"), PROGRAM, _(options_command.usage));
	fprintf(stderr, _("Try '%s --help'.\n"), PROGRAM);
}

static int add_change(void *target, const struct option_row *row, const char *argument)
{
	struct options *options = target;
	struct change change = {
		.kind = row->letter == 'v' || row->letter == 'V' ? &kind_uid : &kind_gid,
		.add = row->letter == 'v' || row->letter == 'w',
	};

	if (range_parse(argument, &change.range)) {
		report_line(PROGRAM, _("invalid subordinate %s range '%s'"),
			    change.kind->id, argument);
		return OPTIONS_RANGE;
	}
	if (ARRAY_RESERVE(options->changes, options->n, options->allocated))
		return -ENOMEM;
	options->changes[options->n++] = change;
	return 0;
}

static int check_options(const struct options *options, int words)
{
	bool nothing = words == 1 && options->n == 0 && !options->allocate;

	if (nothing)
		report_line(PROGRAM, _("no options"));
	if (!nothing && words == 1 && !(options->root && options->prefix))
		return 0;
	print_usage();
	return OPTION_WRONG;
}

/*
 * Reads the command line, and reports errors in it.
 * Returns 0, OPTIONS_RANGE, -ENOMEM or as option_parse(); freed with options_cleanup().
 */
int options_parse(int argc, char **argv, struct options *ret_options)
{
	struct options *options = ret_options;
	int r;

	*options = (struct options){ 0 };
	r = option_parse(&options_command, argc, argv, options);
	if (r == OPTION_WRONG)
		print_usage();
	if (r)
		return r;
	r = check_options(options, argc - optind);
	if (r == 0)
		options->login = argv[optind];
	return r;
}

/* Whether the database of @kind is to be changed. */
bool options_touch(const struct options *options, const struct kind *kind)
{
	for (size_t i = 0; i < options->n; i++)
		if (options->changes[i].kind == kind)
			return true;
	return options->allocate;
}

/* Whether ids of @kind are to be given. */
bool options_add(const struct options *options, const struct kind *kind)
{
	for (size_t i = 0; i < options->n; i++)
		if (options->changes[i].kind == kind && options->changes[i].add)
			return true;
	return options->allocate;
}

/* Whether ids are to be removed. */
bool options_delete(const struct options *options)
{
	for (size_t i = 0; i < options->n; i++)
		if (!options->changes[i].add)
			return true;
	return false;
}

/* Frees the list of changes. */
void options_cleanup(struct options *options)
{
	free(options->changes);
	options->changes = NULL;
}

static const struct option_row options_rows[] = {
	{ 'v', "add-subuids", N_("FIRST-LAST"), N_("add a range of subordinate uids"),
	  .take = add_change },
	{ 'V', "del-subuids", N_("FIRST-LAST"), N_("remove a range of subordinate uids"),
	  .take = add_change, .completes = COMPLETE_RANGES },
	{ 'w', "add-subgids", N_("FIRST-LAST"), N_("add a range of subordinate gids"),
	  .take = add_change },
	{ 'W', "del-subgids", N_("FIRST-LAST"), N_("remove a range of subordinate gids"),
	  .take = add_change, .completes = COMPLETE_RANGES },
	{ 'S', "add-subids", NULL,
	  N_("add the next free range of both, unless the user has one"),
	  OPTION_INTO(struct options, allocate) },
	{ 0, "allow-overlap", NULL, N_("also ids that others have"),
	  OPTION_INTO(struct options, allow_overlap) },
	{ 0, "allow-root", NULL, N_("also id 0"),
	  OPTION_INTO(struct options, allow_root) },
	{ 0, "allow-reserved", NULL, N_("also ids that systemd uses"),
	  OPTION_INTO(struct options, allow_reserved) },
	{ 0, "create", NULL, N_("make a database that does not exist"),
	  OPTION_INTO(struct options, create) },
	{ 0, "dry-run", NULL, N_("show the lines that would be removed and added"),
	  OPTION_INTO(struct options, dry_run) },
	{ 0, "json", NULL, N_("show the ranges before and after as JSON"),
	  OPTION_INTO(struct options, json) },
	{ 0, "verbose", NULL, N_("show the lines that were removed and added"),
	  OPTION_INTO(struct options, verbose) },
	{ 'R', "root", N_("DIR"), N_("work on the system in DIR"),
	  OPTION_INTO(struct options, root), .completes = COMPLETE_DIRECTORIES },
	{ 'P', "prefix", N_("DIR"), N_("work on the files in DIR/etc"),
	  OPTION_INTO(struct options, prefix), .completes = COMPLETE_DIRECTORIES },
	{ 0, "help", NULL, N_("show this help and exit"), .take = option_take_help },
	{ 0, "version", NULL, N_("show the version and exit"),
	  .take = option_take_version },
	{ .name = NULL },
};

static const struct option_group options_groups[] = {
	{ options_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row options_examples[] = {
	{ "usermod-ext -S anna", N_("a free range, unless anna has one") },
	{ "usermod-ext -v 200000-265535 anna", N_("these uids") },
	{ "usermod-ext -W 200000-265535 anna", N_("remove these gids") },
	{ .term = NULL },
};

static const struct help_status options_statuses[] = {
	{ EXIT_DONE, N_("success") },
	{ EXIT_NOT_PERMITTED, N_("not permitted, or the account databases are locked") },
	{ EXIT_USAGE, N_("the command line is wrong, or a database does not exist") },
	{ EXIT_RANGE, N_("a range is wrong") },
	{ EXIT_NO_USER, N_("the user does not exist") },
	{ EXIT_BUSY, N_("a process uses an id of the user") },
	{ EXIT_SUBUID, N_("/etc/subuid could not be changed") },
	{ EXIT_SUBGID, N_("/etc/subgid could not be changed") },
	{ EXIT_POLICY, N_("the ids are in use, reserved, or another user's") },
	{ .text = NULL },
};

const struct command options_command = {
	.program = PROGRAM,
	.name = PROGRAM,
	.usage = N_("[options] LOGIN"),
	.summary = N_("Add and remove subordinate ids of a user"),
	.options = options_groups,
	.arguments = { COMPLETE_USERS },
	.examples = options_examples,
	.statuses = options_statuses,
	.page = "usermod-ext(8)",
};
