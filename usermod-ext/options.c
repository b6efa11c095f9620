// SPDX-License-Identifier: BSD-3-Clause
/*
 * options: the range options of usermod(8), with its syntax, and options of our own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/arguments.h"
#include "libsubid/core/array.h"
#include "message/i18n.h"
#include "message/report.h"
#include "usermod-ext/options.h"

enum {
	OPTION_ALLOW_OVERLAP = 256,
	OPTION_ALLOW_RESERVED,
	OPTION_ALLOW_ROOT,
	OPTION_CREATE,
	OPTION_DRY_RUN,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "add-subuids", required_argument, NULL, 'v' },
	{ "del-subuids", required_argument, NULL, 'V' },
	{ "add-subgids", required_argument, NULL, 'w' },
	{ "del-subgids", required_argument, NULL, 'W' },
	{ "add-subids", no_argument, NULL, 'S' },
	{ "allow-overlap", no_argument, NULL, OPTION_ALLOW_OVERLAP },
	{ "allow-reserved", no_argument, NULL, OPTION_ALLOW_RESERVED },
	{ "allow-root", no_argument, NULL, OPTION_ALLOW_ROOT },
	{ "create", no_argument, NULL, OPTION_CREATE },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "root", required_argument, NULL, 'R' },
	{ "prefix", required_argument, NULL, 'P' },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ .name = NULL },
};

/* Prints the usage: on stdout for --help, else on stderr. */
void options_usage(bool as_help)
{
	FILE *out = as_help ? stdout : stderr;

	fprintf(out, _("Usage: %s [options] LOGIN\n"), PROGRAM);
	if (!as_help) {
		fprintf(out, _("Try '%s --help'.\n"), PROGRAM);
		return;
	}
	fputs(_("\nGive and take subordinate ids of a user.\n\n"
		"  -v, --add-subuids FIRST-LAST  add a range of subordinate uids\n"
		"  -V, --del-subuids FIRST-LAST  remove a range of subordinate uids\n"
		"  -w, --add-subgids FIRST-LAST  add a range of subordinate gids\n"
		"  -W, --del-subgids FIRST-LAST  remove a range of subordinate gids\n"
		"  -S, --add-subids              add the next free range of both, unless the\n"
		"                                user has one\n"
		"      --allow-overlap           also ids that others have\n"
		"      --allow-root              also id 0\n"
		"      --allow-reserved          also ids that systemd uses\n"
		"      --create                  make a database that does not exist\n"
		"      --dry-run                 show the lines that would come and go\n"
		"  -R, --root DIR                change the system in DIR\n"
		"  -P, --prefix DIR              change the files in DIR/etc\n"
		"      --help                    show this help and exit\n"
		"      --version                 show the version and exit\n\n"
		"See usermod-ext(8).\n"),
	      out);
}

static int add_change(struct options *options, int option, const char *text)
{
	struct change change = {
		.kind = option == 'v' || option == 'V' ? &kind_uid : &kind_gid,
		.add = option == 'v' || option == 'w',
	};

	if (range_parse(text, &change.range)) {
		report_line(PROGRAM, _("invalid subordinate %s range '%s'"),
			    change.kind->id, text);
		return OPTIONS_RANGE;
	}
	if (ARRAY_RESERVE(options->changes, options->n, options->allocated))
		return -ENOMEM;
	options->changes[options->n++] = change;
	return 0;
}

static int take_option(struct options *options, int option)
{
	switch (option) {
	case 'v':
	case 'V':
	case 'w':
	case 'W':
		return add_change(options, option, optarg);
	case 'S':
		options->allocate = true;
		return 0;
	case OPTION_ALLOW_OVERLAP:
		options->allow_overlap = true;
		return 0;
	case OPTION_ALLOW_RESERVED:
		options->allow_reserved = true;
		return 0;
	case OPTION_ALLOW_ROOT:
		options->allow_root = true;
		return 0;
	case OPTION_CREATE:
		options->create = true;
		return 0;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case 'R':
		options->root = optarg;
		return 0;
	case 'P':
		options->prefix = optarg;
		return 0;
	case OPTION_HELP:
		return OPTIONS_HELP;
	case OPTION_VERSION:
		return OPTIONS_VERSION;
	default:
		options_usage(false);
		return OPTIONS_USAGE;
	}
}

static int check_options(const struct options *options, int words)
{
	bool nothing = words == 1 && options->n == 0 && !options->allocate;

	if (nothing)
		report_line(PROGRAM, _("no options"));
	if (!nothing && words == 1 && !(options->root && options->prefix))
		return 0;
	options_usage(false);
	return OPTIONS_USAGE;
}

/*
 * Reads the command line, and reports errors in it.
 * Returns 0, an OPTIONS_ value or -ENOMEM; freed with options_cleanup().
 */
int options_parse(int argc, char **argv, struct options *ret_options)
{
	struct options *options = ret_options;
	int option, r;

	*options = (struct options){ 0 };
	/* getopt_long(3) begins its messages with argv[0]. */
	argv[0] = (char *)(uintptr_t)PROGRAM;
	while ((option = arguments_next(argc, argv, "v:V:w:W:SR:P:", long_options)) >=
	       0) {
		r = take_option(options, option);
		if (r)
			return r;
	}
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
