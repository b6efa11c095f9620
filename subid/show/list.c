// SPDX-License-Identifier: BSD-3-Clause
/*
 * list: shows all ranges, the gaps between them, or a drawing of both.
 */
#include <stdlib.h>

#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/list.h"

static void list_cleanup(struct list *list)
{
	output_cleanup(&list->output);
	user_cache_cleanup(&list->owners);
	free(list->users);
	free(list->found);
}

enum {
	OPTION_FREE = 256,
	OPTION_MAP,
};

static int list_take_option(void *context, int option)
{
	struct list *list = context;

	switch (option) {
	case OPTION_FREE:
		list->free = true;
		return 0;
	case OPTION_MAP:
		list->map = true;
		return 0;
	default:
		return verb_take(&verb_list, &list->options, option);
	}
}

static int list_check_options(const struct list *list, int words)
{
	if (list->free && list->map)
		report_line(PROGRAM, _("--free and --map exclude each other"));
	else if (list->free && words > 0)
		report_line(PROGRAM, _("--free takes no owner"));
	else if (list->map && output_has_format(&list->options.output))
		report_line(PROGRAM, _("--map prints a drawing, not rows"));
	else
		return 0;
	return verb_misuse(&verb_list);
}

static int list_parse(int argc, char **argv, struct list *list)
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
	int r = verb_parse(argc, argv, short_options, long_options, list_take_option,
			   list);

	list->n_kinds = verb_kinds(&list->options, list->kinds);
	return r ? r : list_check_options(list, argc - optind);
}

static int list_run(int argc, char **argv)
{
	CLEANUP(list_cleanup)
	struct list list = { .output = OUTPUT_NONE, .owners = USER_CACHE_NONE };
	int r;

	r = list_parse(argc, argv, &list);
	if (r == 0)
		r = verb_find_place(list.options.root, &list.place);
	if (r)
		return r;
	/* The OWNER arguments are looked up one by one, without reading all users. */
	r = optind < argc || list.free ?
		    user_cache_start_named(&list.owners, &list.place) :
		    user_cache_start(&list.owners, &list.place);
	if (r == 0)
		r = sources_start(&list.sources, &list.place, &list.owners);
	/* Do not show ranges that the map writers would refuse. */
	list.sources.extents = true;
	if (r == 0)
		r = list_find_users(&list, argc - optind, argv + optind);
	if (r)
		return r;
	if (list.n_users == 0 || list.map)
		sources_note_unasked(&list.sources);
	r = list.free ? list_free(&list) :
	    list.map  ? list_map(&list) :
			list_ranges(&list);
	r = r ? r : list_report_missing(&list);
	return r ? r : user_cache_status(&list.owners);
}

const struct verb verb_list = {
	.name = "list",
	.page = "subid-list(1)",
	.run = list_run,
	.synopsis = N_("[OPTION]... [OWNER]..."),
	.help = N_("show the ranges, their owners and their lines"),
	.options = N_("  -u, --uid             only ranges of uids\n"
		      "  -g, --gid             only ranges of gids\n"
		      "      --free            the gaps, and how many ranges still fit\n"
		      "      --map             draw the ranges, a row an owner\n"),
	.shared = VERB_SHARES_OUTPUT | VERB_SHARES_ROOT,
};
