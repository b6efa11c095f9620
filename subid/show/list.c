// SPDX-License-Identifier: BSD-3-Clause
/*
 * list: shows all ranges, the gaps between them, or a drawing of both.
 */
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/list.h"

static void list_cleanup(struct list *list)
{
	policy_files_cleanup(&list->policy);
	output_cleanup(&list->output);
	user_cache_cleanup(&list->owners);
	former_cleanup(&list->former);
	free(list->users);
	free(list->found);
}

static int list_check_options(const struct list *list, int words)
{
	if (list->free && list->map)
		report_line(PROGRAM, _("--free and --map exclude each other"));
	else if (list->free && words > 0)
		report_line(PROGRAM, _("--free takes no owner"));
	else if (list->retired && (list->free || list->map))
		report_line(PROGRAM, _("--retired excludes --free and --map"));
	else if (list->retired && words > 0)
		report_line(PROGRAM, _("--retired takes no owner"));
	else if (list->map && output_has_format(&list->options.output))
		report_line(PROGRAM, _("--map prints a drawing, not rows"));
	else
		return 0;
	return verb_misuse(&verb_list);
}

/* Whether a word has the form FIRST-LAST, whatever its numbers are. */
static bool is_like_range(const char *word)
{
	static const char digits[] = "0123456789";
	size_t n = strspn(word, digits);

	return n > 0 && word[n] == '-' && word[n + 1] != '\0' &&
	       word[n + 1 + strspn(word + n + 1, digits)] == '\0';
}

static int refuse_range(const char *word)
{
	report_line(
		PROGRAM,
		_("'%s' is no range: FIRST-LAST are ids up to %u, the lower one first"),
		word, ID_NONE);
	return verb_misuse(&verb_list);
}

/* Takes a range off the arguments of --map. Returns the number of the other ones. */
static int take_zoom(struct list *list, int n, char **words)
{
	int left = 0;

	for (int i = 0; i < n; i++)
		if (!list->map || list->zoom.end || range_parse(words[i], &list->zoom))
			words[left++] = words[i];
	return left;
}

static int take_words(struct list *list, int n, char **words)
{
	int left = take_zoom(list, n, words);

	if (list->zoom.end && left > 0) {
		report_line(PROGRAM, _("--map takes owners or one range"));
		return verb_misuse(&verb_list);
	}
	for (int i = 0; list->map && i < left; i++)
		if (is_like_range(words[i]))
			return refuse_range(words[i]);
	return list_find_users(list, left, words);
}

static int list_parse(int argc, char **argv, struct list *list)
{
	int r = verb_parse(&verb_list, argc, argv, list);

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
	list.place.gaps = &list.output.gaps;
	list.former.root = list.options.root;
	/* The OWNER arguments are looked up one by one, without reading all users. */
	r = optind < argc || list.free ?
		    user_cache_start_named(&list.owners, &list.place) :
		    user_cache_start(&list.owners, &list.place);
	if (r == 0)
		r = sources_start(&list.sources, &list.place, &list.owners);
	/* Do not show ranges that the map writers would refuse. */
	list.sources.extents = true;
	if (r == 0)
		r = take_words(&list, argc - optind, argv + optind);
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

static const struct option_row list_rows[] = {
	{ 0, "free", NULL, N_("the gaps, and how many ranges still fit"),
	  OPTION_INTO(struct list, free) },
	{ 0, "map", NULL,
	  N_("a picture of all ids, or of those around OWNER or FIRST-LAST"),
	  OPTION_INTO(struct list, map) },
	{ 0, "retired", NULL, N_("the ranges that no one gets, and who had them"),
	  OPTION_INTO(struct list, retired) },
	{ .name = NULL },
};

static const struct option_group list_options[] = {
	{ list_rows, 0 },
	{ verb_kind_rows, offsetof(struct list, options) },
	{ verb_output_rows, offsetof(struct list, options) },
	{ verb_root_rows, offsetof(struct list, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row list_examples[] = {
	{ "subid list", N_("all ranges") },
	{ "subid list anna bob", N_("those of two users") },
	{ "subid list --free", N_("which ids are free") },
	{ "subid list --map", N_("a picture of all ids") },
	{ .term = NULL },
};

const struct verb verb_list = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " list",
		.usage = N_("[OPTION]... [OWNER]..."),
		.summary = N_("Show the ranges, their owners and their lines"),
		.options = list_options,
		.arguments = { COMPLETE_OWNERS, COMPLETE_OWNERS },
		.examples = list_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_NO_USER) | VERB_EXIT(VERB_NONE),
		.page = "subid-list(1)",
	},
	.run = list_run,
	.columns = { &list_columns, &list_free_columns },
	.other_rows = offsetof(struct list, free),
};
