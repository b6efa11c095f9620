// SPDX-License-Identifier: BSD-3-Clause
/*
 * verb: options shared by several verbs, and messages about a wrong command line.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/verb.h"

static int verb_help(const struct verb *verb)
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
			"  -r, --raw             one line per row, a space between columns\n"
			"  -n, --noheadings      no line with the names of columns\n"
			"  -o, --output LIST     these columns, with commas between them\n"),
		      stdout);
	if (verb->shared & VERB_SHARES_ROOT)
		fputs(_("  -R, --root DIR        look at the system in DIR\n"), stdout);
	printf(_("  -h, --help            show this help and exit\n"));
	printf(_("\nSee %s and %s(1).\n"), verb->page, PROGRAM);
	return VERB_ENDED;
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
	report_line(PROGRAM, _("try '%s %s --help'"), PROGRAM, verb->name);
	return VERB_USAGE;
}

/* Reports an error of the system such as ENOMEM. Returns VERB_UNREADABLE. */
int verb_fail(int error)
{
	report_line(PROGRAM, "%s", report_error(error));
	return VERB_UNREADABLE;
}

/*
 * Handles a shared option as getopt_long(3) returned it, --help and unknown options.
 * Returns 0 or an exit status.
 */
int verb_take(const struct verb *verb, struct verb_options *options, int option)
{
	switch (option) {
	case 'J':
		options->output.json = true;
		return 0;
	case 'r':
		options->output.raw = true;
		return 0;
	case 'n':
		options->output.no_headings = true;
		return 0;
	case 'o':
		options->output.columns = optarg;
		return 0;
	case 'R':
		/* As `--root "$DPKG_ROOT"` in scripts of packages. */
		options->root = *optarg ? optarg : NULL;
		return 0;
	case 'u':
	case 'g':
		options->kinds[option == 'g'] = true;
		return 0;
	case 'z':
		options->from_zero = true;
		return 0;
	case 'h':
		return verb_help(verb);
	default:
		return verb_misuse(verb);
	}
}

/*
 * Calls @take for each option of a command line. The arguments begin at argv[optind]
 * then. Returns 0, or the exit status of @take that ended the loop.
 */
int verb_parse(int argc, char **argv, const char *short_options,
	       const struct option *long_options, verb_take_fn take, void *context)
{
	int option, r = 0;

	while (r == 0 &&
	       (option = arguments_next(argc, argv, short_options, long_options)) >= 0)
		r = take(context, option);
	return r;
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
	int n = snprintf(ret_path, PATH_MAX, "%s%s", root ? root : "", path);
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
	int n = snprintf(ret_place->etc, sizeof(ret_place->etc), "%s%s", root ? root : "",
			 SYSCONFDIR);

	if (n < 0 || (size_t)n >= sizeof(ret_place->etc)) {
		report_line(PROGRAM, "%s: %s", root, report_error(ENAMETOOLONG));
		return VERB_USAGE;
	}
	ret_place->image = root != NULL;
	ret_place->directory = etc_open_directory(root, SYSCONFDIR);
	if (ret_place->directory >= 0)
		return verb_name_directory(ret_place->directory, root, SYSCONFDIR,
					   ret_place->etc);
	report_line(PROGRAM, "%s: %s", ret_place->etc,
		    report_error(-ret_place->directory));
	return VERB_UNREADABLE;
}
