// SPDX-License-Identifier: BSD-3-Clause
/*
 * verb: options that several verbs have, and what is said about a wrong command line.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "message/i18n.h"
#include "message/report.h"
#include "libsubid/sys/etc.h"
#include "subid/verb/verb.h"

static int help(const struct verb *verb)
{
	printf(_("Usage: %s %s %s\n"), PROGRAM, verb->name, _(verb->synopsis));
	printf("\n%s\n\n", _(verb->help));
	if (verb->options)
		fputs(_(verb->options), stdout);
	if (verb->shared & VERB_SHARES_FROM_ZERO)
		fputs(_("  -z, --from-zero       container root is the first subordinate id, "
			"as with LXC\n"),
		      stdout);
	if (verb->shared & VERB_SHARES_OUTPUT)
		fputs(_("  -J, --json            JSON, not a table\n"
			"  -r, --raw             a line a row, a blank between columns\n"
			"  -n, --noheadings      no line with the names of columns\n"
			"  -o, --output LIST     these columns, with commas between them\n"),
		      stdout);
	if (verb->shared & VERB_SHARES_ROOT)
		fputs(_("  -R, --root DIR        look at the system in DIR\n"), stdout);
	printf(_("  -h, --help            show this help and exit\n"));
	printf(_("\nSee %s and %s(1).\n"), verb->page, PROGRAM);
	return VERB_DONE;
}

/*
 * Ends a verb whose command line is wrong, after it has said what is wrong.
 * Returns VERB_USAGE.
 */
int verb_misuse(const struct verb *verb)
{
	report_line(PROGRAM, _("try '%s %s --help'"), PROGRAM, verb->name);
	return VERB_USAGE;
}

/* Ends a verb that the system gives too little memory, say. Returns VERB_UNREADABLE. */
int verb_fail(int error)
{
	report_line(PROGRAM, "%s", report_error(error));
	return VERB_UNREADABLE;
}

/*
 * Takes an option that is none of the verb's own, as getopt_long(3) returned it, and
 * answers --help and what is no option.
 * Returns VERB_GO or an exit status.
 */
int verb_take(const struct verb *verb, struct verb_options *options, int option)
{
	switch (option) {
	case 'J':
		options->output.json = true;
		return VERB_GO;
	case 'r':
		options->output.raw = true;
		return VERB_GO;
	case 'n':
		options->output.no_headings = true;
		return VERB_GO;
	case 'o':
		options->output.columns = optarg;
		return VERB_GO;
	case 'R':
		options->root = optarg;
		return VERB_GO;
	case 'u':
	case 'g':
		options->kinds[option == 'g'] = true;
		return VERB_GO;
	case 'z':
		options->from_zero = true;
		return VERB_GO;
	case 'h':
		return help(verb);
	default:
		return verb_misuse(verb);
	}
}

/*
 * Hands the options of a command line to @take, one after the other; what is behind them
 * begins at argv[optind] then.
 * Returns VERB_GO or the exit status of @take that ended it.
 */
int verb_parse(int argc, char **argv, const char *short_options,
	       const struct option *long_options, verb_take_fn take, void *context)
{
	int option, r = VERB_GO;

	while (r == VERB_GO &&
	       (option = arguments_next(argc, argv, short_options, long_options)) >= 0)
		r = take(context, option);
	return r;
}

/* The kinds that are asked for, by -u and -g; returns how many. */
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
 * Tells the path of a folder that etc_folder() opened. What is told as a command must not
 * mean a folder of this system where a link of an image does so: then it is the path
 * without links.
 * Returns 0 or an exit status with the reason told.
 */
int verb_name_folder(int folder, const char *root, const char *path,
		     char ret_path[static PATH_MAX])
{
	char link[sizeof("/proc/self/fd/") + 10];
	int n = snprintf(ret_path, PATH_MAX, "%s%s", root ? root : "", path);
	ssize_t len;

	if (n < 0 || n >= PATH_MAX) {
		report_line(PROGRAM, "%s: %s", root, report_error(ENAMETOOLONG));
		return VERB_USAGE;
	}
	if (!root || etc_is_named(folder, ret_path))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", folder);
	len = readlink(link, ret_path, PATH_MAX - 1);
	if (len < 0) {
		report_line(PROGRAM, "%s: %s", link, report_error(errno));
		return VERB_UNREADABLE;
	}
	ret_path[len] = '\0';
	return 0;
}

/*
 * Finds the files of the running system, or of the one in @root, out of which no symbolic
 * link of it leads.
 * Returns VERB_GO or an exit status.
 */
int verb_find_place(const char *root, struct verb_place *ret_place)
{
	int n = snprintf(ret_place->etc, sizeof(ret_place->etc), "%s%s", root ? root : "",
			 SYSCONFDIR);

	if (n < 0 || (size_t)n >= sizeof(ret_place->etc)) {
		report_line(PROGRAM, "%s: %s", root, report_error(ENAMETOOLONG));
		return VERB_USAGE;
	}
	ret_place->image = root != NULL;
	ret_place->folder = etc_folder(root, SYSCONFDIR);
	if (ret_place->folder >= 0) {
		n = verb_name_folder(ret_place->folder, root, SYSCONFDIR, ret_place->etc);
		return n ? n : VERB_GO;
	}
	report_line(PROGRAM, "%s: %s", ret_place->etc, report_error(-ret_place->folder));
	return VERB_UNREADABLE;
}
