// SPDX-License-Identifier: BSD-3-Clause
/*
 * verb: options shared by several verbs, and messages about a wrong command line.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/help.h"
#include "libsubid/store/state-file.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/verb.h"

const struct help_status verb_statuses[] = {
	{ VERB_DONE, N_("success") },
	{ VERB_USAGE, N_("the command line is wrong") },
	{ VERB_FINDINGS,
	  N_("something does not work as it is configured, the user has too few ids, "
	     "files have no owner, or root must decide about a user") },
	{ VERB_UNREADABLE, N_("a file could not be read, or a service did not answer") },
	{ VERB_LOCKED, N_("another program has locked the databases") },
	{ VERB_NOT_WRITTEN, N_("a database or standard output could not be written") },
	{ VERB_NO_USER, N_("the user does not exist") },
	{ VERB_NONE, N_("there is no such range or id, or no room for a new range") },
	{ VERB_BUSY, N_("a process uses an id that would be removed") },
	{ VERB_NOT_PERMITTED, N_("the caller is not permitted to do this") },
	{ VERB_WARNINGS, N_("there are warnings, and no errors") },
	{ VERB_POLICY, N_("the ids are in use, reserved, or another user's") },
	{ VERB_SET, N_("the set is damaged, older than the last one, or lost owners") },
	{ .text = NULL },
};

const struct option_row verb_kind_rows[] = {
	{ 'u', "uid", NULL, N_("only uids"), OPTION_INTO(struct verb_options, kinds[0]) },
	{ 'g', "gid", NULL, N_("only gids"), OPTION_INTO(struct verb_options, kinds[1]) },
	{ .name = NULL },
};

const struct option_row verb_from_zero_rows[] = {
	{ 'z', "from-zero", NULL,
	  N_("root of the container is the first subordinate id, as with LXC"),
	  OPTION_INTO(struct verb_options, from_zero) },
	{ .name = NULL },
};

/* The names of the columns of both tables. */
static const char *column_word(const struct command *command, size_t i)
{
	/* The command is the first member of a verb. */
	const struct verb *verb = (const struct verb *)command;

	for (size_t t = 0; t < 2 && verb->columns[t]; t++) {
		if (i < verb->columns[t]->n)
			return verb->columns[t]->columns[i].name;
		i -= verb->columns[t]->n;
	}
	return NULL;
}

const struct option_row verb_output_rows[] = {
	{ 'J', "json", NULL, N_("print JSON, not a table"),
	  OPTION_INTO(struct verb_options, output.json) },
	{ 'r', "raw", NULL, N_("print a line for each row, a space between columns"),
	  OPTION_INTO(struct verb_options, output.raw) },
	{ 'n', "noheadings", NULL, N_("print no line with the names of the columns"),
	  OPTION_INTO(struct verb_options, output.no_headings) },
	{ 'o', "output", N_("LIST"),
	  N_("print these columns, separated by commas; +LIST: besides the usual ones"),
	  OPTION_INTO(struct verb_options, output.columns), .completes = COMPLETE_LIST,
	  .word = column_word },
	{ 0, "list-columns", NULL, N_("print the names of the columns"),
	  OPTION_INTO(struct verb_options, output.list_columns) },
	{ .name = NULL },
};

/* An empty DIR is none, as `--root "$DPKG_ROOT"` in scripts of packages. */
static int take_root(void *target, const struct option_row *row, const char *argument)
{
	struct verb_options *options = target;

	(void)row;
	options->root = *argument ? argument : NULL;
	return 0;
}

const struct option_row verb_root_rows[] = {
	{ 'R', "root", N_("DIR"), N_("work on the system in DIR"), .take = take_root,
	  .completes = COMPLETE_DIRECTORIES },
	{ .name = NULL },
};

/* The verb on the command line. */
const char *verb_word(const struct verb *verb)
{
	return verb->command.name + sizeof(PROGRAM);
}

/* Prints what fixes something, below what is wrong; a command has a line of its own. */
void verb_print_cure(const char *cure, bool as_root)
{
	if (as_root)
		printf("  %s\n", _("to fix it (as root):"));
	fputs("    ", stdout);
	report_put(cure, strlen(cure), report_charset());
	putchar('\n');
}

/*
 * Reports how to get help. Call it after reporting what is wrong with the command line.
 * Returns VERB_USAGE.
 */
int verb_misuse(const struct verb *verb)
{
	report_line(PROGRAM, _("try '%s --help'"), verb->command.name);
	return VERB_USAGE;
}

/* Reports an error of the system such as ENOMEM. Returns VERB_UNREADABLE. */
int verb_fail(int error)
{
	report_line(PROGRAM, "%s", report_error(error));
	return VERB_UNREADABLE;
}

/* Reports an error of a file in /var/lib/subid; @root: as in struct verb_options. */
void verb_report_state(const char *root, const char *name, const char *reason)
{
	report_line(PROGRAM, "%s%s/%s: %s", etc_image_prefix(root), STATE_DIRECTORY, name,
		    reason);
}

/* Whether --list-columns is among the options that were read into @target. */
static bool wants_columns(const struct verb *verb, const char *target)
{
	for (const struct option_group *group = verb->command.options; group->rows;
	     group++)
		if (group->rows == verb_output_rows)
			return ((const struct verb_options *)(const void *)(target +
									    group->base))
				->output.list_columns;
	return false;
}

static int print_columns(const struct verb *verb, const char *target)
{
	bool other = verb->columns[1] && *(const bool *)(target + verb->other_rows);
	const struct output_columns *table = verb->columns[other];

	for (size_t i = 0; i < table->n; i++)
		puts(table->columns[i].name);
	return VERB_ENDED;
}

/*
 * Reads the options of a command line into the verb's struct @target. The arguments begin
 * at argv[optind] then. Returns 0 or an exit status.
 */
int verb_parse(const struct verb *verb, int argc, char **argv, void *target)
{
	int r = option_parse(&verb->command, argc, argv, target);

	switch (r) {
	case OPTION_WRONG:
		return verb_misuse(verb);
	case OPTION_HELP:
		help_print(&verb->command);
		return VERB_ENDED;
	case OPTION_VERSION:
		help_print_version(&verb->command);
		return VERB_ENDED;
	default:
		return r || !wants_columns(verb, target) ? r :
							   print_columns(verb, target);
	}
}

/* Lists the kinds chosen with -u and -g; returns their number. */
size_t verb_kinds(const struct verb_options *options,
		  const struct kind *ret_kinds[static 2])
{
	size_t n = 0;

	if (options->kinds[0] || !options->kinds[1])
		ret_kinds[n++] = &kind_uid;
	if (options->kinds[1] || !options->kinds[0])
		ret_kinds[n++] = &kind_gid;
	return n;
}

/*
 * Finds the path of a directory that etc_open_directory() opened. Commands shown to the
 * user must not lead to a directory of this system through a symbolic link of an image,
 * so then the path is resolved. Returns 0 or an exit status with the reason reported.
 */
int verb_name_directory(int directory, const char *root, const char *path,
			char ret_path[static PATH_MAX])
{
	char link[sizeof("/proc/self/fd/") + 10];
	int n = snprintf(ret_path, PATH_MAX, "%s%s", etc_image_prefix(root), path);
	ssize_t len;

	if (n < 0 || n >= PATH_MAX) {
		report_line(PROGRAM, "%s: %s", root, report_error(ENAMETOOLONG));
		return VERB_USAGE;
	}
	if (!root || etc_is_named(directory, ret_path))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
	len = readlink(link, ret_path, PATH_MAX - 1);
	if (len < 0) {
		report_line(PROGRAM, "%s: %s", link, report_error(errno));
		return VERB_UNREADABLE;
	}
	ret_path[len] = '\0';
	return 0;
}

/*
 * Finds the files of the running system, or of the one in @root, whose symbolic links
 * cannot lead out of it.
 * Returns 0 or an exit status.
 */
int verb_find_place(const char *root, struct verb_place *ret_place)
{
	int n = snprintf(ret_place->etc, sizeof(ret_place->etc), "%s%s",
			 etc_image_prefix(root), SYSCONFDIR);

	if (n < 0 || (size_t)n >= sizeof(ret_place->etc)) {
		report_line(PROGRAM, "%s: %s", root, report_error(ENAMETOOLONG));
		return VERB_USAGE;
	}
	ret_place->image = root != NULL;
	ret_place->gaps = NULL;
	ret_place->directory = etc_open_directory(root, SYSCONFDIR);
	if (ret_place->directory >= 0)
		return verb_name_directory(ret_place->directory, root, SYSCONFDIR,
					   ret_place->etc);
	report_line(PROGRAM, "%s: %s", ret_place->etc,
		    report_error(-ret_place->directory));
	return VERB_UNREADABLE;
}
