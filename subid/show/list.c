// SPDX-License-Identifier: BSD-3-Clause
/*
 * list: every range, the gaps between them, or a picture of both.
 */
#include <errno.h>
#include <stdlib.h>

#include "message/i18n.h"
#include "message/report.h"
#include "libsubid/core/cleanup.h"
#include "subid/show/list.h"

static void list_cleanup(struct list *list)
{
	output_cleanup(&list->output);
	owners_cleanup(&list->owners);
	free(list->users);
	free(list->found);
}

/* Tells whether a line is one of a user who is asked for, and notes that there is one. */
bool list_wants(const struct list *list, const struct entry *entry)
{
	bool wanted = list->n_users == 0;

	for (size_t i = 0; i < list->n_users; i++) {
		if (!owners_is(&list->users[i], entry))
			continue;
		list->found[i] = true;
		wanted = true;
	}
	return wanted;
}

enum {
	OPTION_FREE = 256,
	OPTION_MAP,
};

static int take_option(void *context, int option)
{
	struct list *list = context;

	switch (option) {
	case OPTION_FREE:
		list->free = true;
		return VERB_GO;
	case OPTION_MAP:
		list->map = true;
		return VERB_GO;
	default:
		return verb_take(&verb_list, &list->options, option);
	}
}

static int check_options(const struct list *list, int words)
{
	const struct output_format *format = &list->options.output;

	if (list->free && list->map)
		report_line(PROGRAM, _("--free and --map exclude each other"));
	else if (list->free && words > 0)
		report_line(PROGRAM, _("--free is about nobody: it takes no owner"));
	else if (list->map &&
		 (format->json || format->raw || format->columns || format->no_headings))
		report_line(PROGRAM, _("--map draws: it has neither rows nor columns"));
	else
		return VERB_GO;
	return verb_misuse(&verb_list);
}

static int parse(int argc, char **argv, struct list *list)
{
	static const struct option long_options[] = {
		VERB_LONG_KINDS,
		{ "free", no_argument, NULL, OPTION_FREE },
		{ "map", no_argument, NULL, OPTION_MAP },
		VERB_LONG_OUTPUT,
		VERB_LONG_ROOT,
		VERB_LONG_HELP,
		VERB_LONG_END,
	};
	static const char short_options[] =
		VERB_SHORT_KINDS VERB_SHORT_OUTPUT VERB_SHORT_ROOT VERB_SHORT_HELP;
	int r = verb_parse(argc, argv, short_options, long_options, take_option, list);

	list->n_kinds = verb_kinds(&list->options, list->kinds);
	return r == VERB_GO ? check_options(list, argc - optind) : r;
}

static int find_users(struct list *list, int n, char **words)
{
	int r;

	list->users = calloc((size_t)n + 1, sizeof(*list->users));
	list->found = calloc((size_t)n + 1, sizeof(*list->found));
	if (!list->users || !list->found)
		return verb_fail(ENOMEM);
	for (; list->n_users < (size_t)n; list->n_users++) {
		r = owners_user(&list->owners, words[list->n_users],
				&list->users[list->n_users]);
		if (r)
			return r;
	}
	return 0;
}

/* Who was asked for and has nothing. */
static int tell_missing(const struct list *list)
{
	int status = VERB_DONE;

	for (size_t i = 0; i < list->n_users; i++) {
		const struct user *user = &list->users[i];

		if (list->found[i])
			continue;
		if (list->map && list->sources.plugins)
			report_line(PROGRAM, _("no line of a database is about %s"),
				    user->word);
		else if (list->owners.silent)
			report_line(PROGRAM,
				    _("it is not known whether %s has subordinate ids"),
				    user->word);
		else if (user->exists)
			report_line(PROGRAM, _("%s has no subordinate ids"), user->word);
		else
			report_line(PROGRAM,
				    _("user '%s' does not exist, and no line names it"),
				    user->word);
		if (list->owners.silent)
			status = VERB_UNREADABLE;
		else if (status == VERB_DONE || status == VERB_NONE)
			status = user->exists ? VERB_NONE : VERB_NO_USER;
	}
	return status;
}

static int run(int argc, char **argv)
{
	CLEANUP(list_cleanup)
	struct list list = { .output = OUTPUT_NONE, .owners = OWNERS_NONE };
	int r;

	r = parse(argc, argv, &list);
	if (r == VERB_GO)
		r = verb_find_place(list.options.root, &list.place);
	if (r != VERB_GO)
		return r;
	/* One owner is found without looking at all users. */
	r = optind < argc || list.free ? owners_start_named(&list.owners, &list.place) :
					 owners_start(&list.owners, &list.place);
	if (r == 0)
		r = sources_start(&list.sources, &list.place, &list.owners);
	/* What the map writers would refuse is not shown. */
	list.sources.extents = true;
	if (r == 0)
		r = find_users(&list, argc - optind, argv + optind);
	if (r)
		return r;
	if (list.n_users == 0 || list.map)
		sources_note_unasked(&list.sources);
	r = list.free ? list_free(&list) :
	    list.map  ? list_map(&list) :
			list_ranges(&list);
	r = r ? r : tell_missing(&list);
	return r ? r : owners_status(&list.owners);
}

const struct verb verb_list = {
	.name = "list",
	.run = run,
	.synopsis = N_("[OPTION]... [OWNER]..."),
	.help = N_("show every range, whose it is and where it stands"),
	.options = N_("  -u, --uid             only ranges of uids\n"
		      "  -g, --gid             only ranges of gids\n"
		      "      --free            the gaps, and how many ranges still fit\n"
		      "      --map             draw the ranges, a row an owner\n"),
	.shared = VERB_SHARES_OUTPUT | VERB_SHARES_ROOT,
};
