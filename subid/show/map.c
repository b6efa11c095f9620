// SPDX-License-Identifier: BSD-3-Clause
/*
 * map: shows the mapping of a user's ranges, as a table or in the format of a runtime.
 *
 * Ranges are mapped in ascending order, as podman does. 4294967295 is not an id and is
 * left out. Ranges that no runtime can map, such as overlapping ones, are refused here,
 * because here the reason can be reported.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/known-users.h"
#include "explain/causes.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/map.h"
#include "subid/verb/index.h"
#include "subid/verb/progress.h"

enum {
	COLUMN_KIND,
	COLUMN_INSIDE,
	COLUMN_OUTSIDE,
	COLUMN_COUNT,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_INSIDE] = { .name = "INSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_OUTSIDE] = { .name = "OUTSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_COUNT] = { .name = "COUNT", .type = OUTPUT_NUMBER },
};

static const struct output_columns map_columns = { columns, N_COLUMNS };

static void map_cleanup(struct map *map)
{
	output_cleanup(&map->output);
	user_cache_cleanup(&map->owners);
}

static int load_kind(struct map *map, const struct kind *kind)
{
	CLEANUP(index_cleanup) struct index index = INDEX_NONE;
	const struct source *source = NULL;
	int r = index_load_granted(&index, &map->sources, &map->mapping.user, kind,
				   &source);

	if (r == 0 && source && source->type == SOURCE_FILES)
		return map_take_ranges(map, kind, &index, NULL);
	if (r == 0 && source)
		map->mapping.plugin = source->name;
	if (r == 0)
		r = sources_tell_void(&map->sources, &map->mapping.user, kind, source);
	return r ? r : map_take_ranges(map, kind, &index, source);
}

static int map_load(struct map *map)
{
	for (size_t i = 0; i < 2; i++) {
		int r = load_kind(map, kind_all[i]);

		if (r)
			return r;
	}
	return map_lay_out(map);
}

static int map_show_kind(struct map *map, const struct kind *kind)
{
	const struct idmap *usual = &map->mapping.usual[kind->group];

	for (size_t i = 0; i < usual->n; i++) {
		char inside[OUTPUT_NUMBER_BYTES], outside[OUTPUT_NUMBER_BYTES];
		char count[OUTPUT_NUMBER_BYTES];
		const struct extent *extent = &usual->extents[i];
		const char *cells[N_COLUMNS] = {
			[COLUMN_KIND] = kind->id,
			[COLUMN_INSIDE] = output_number(extent->inner, inside),
			[COLUMN_OUTSIDE] = output_number(extent->outer, outside),
			[COLUMN_COUNT] = output_number(extent->count, count),
		};
		int r = output_row(&map->output, cells, NULL);

		if (r)
			return r;
	}
	return 0;
}

static int map_show(struct map *map)
{
	int status;

	status = output_start(&map->output, "extents", columns, N_COLUMNS,
			      &map->options.output);
	if (status)
		return status;
	status = map_show_kind(map, &kind_uid);
	if (status == 0)
		status = map_show_kind(map, &kind_gid);
	return output_end(&map->output, status);
}

static int take_runtime(void *target, const struct option_row *row, const char *argument)
{
	struct map *map = target;
	char names[128];

	map->runtime = runtime_find(argument);
	if (map->runtime)
		return 0;
	runtime_names(false, names, sizeof(names));
	report_line(PROGRAM, _("there is no runtime '%s', but: %s"), argument, names);
	option_suggest_word(&verb_map.command, row->word, argument, strlen(argument));
	return OPTION_WRONG;
}

static int take_through(void *target, const struct option_row *row, const char *argument)
{
	int r;

	(void)row;
	r = map_take_through(target, argument);
	return r == VERB_USAGE ? OPTION_WRONG : r;
}

static int map_check_options(const struct map *map, int words)
{
	if (map->explains && (map->runtime || map_has_through(&map->mapping)))
		report_line(PROGRAM, _("--explain excludes --for and --through"));
	else if (map->explains && words < 2)
		report_line(PROGRAM,
			    _("--explain requires a user, and files or lines of a "
			      "mapping"));
	else if (!map->explains && words != 1)
		report_line(PROGRAM, _("one user is required"));
	else if (map->runtime && output_has_format(&map->options.output))
		report_line(PROGRAM,
			    _("--for prints the format of the runtime, and no other"));
	else
		return 0;
	return verb_misuse(&verb_map);
}

/* Adds how to get help to the report of a wrong command line. */
static int map_misuse(int status)
{
	return status == VERB_USAGE ? verb_misuse(&verb_map) : status;
}

static int map_parse(int argc, char **argv, struct map *map)
{
	int r = verb_parse(&verb_map, argc, argv, map);

	return r ? r : map_check_options(map, argc - optind);
}

static int map_find_user(struct map *map, const char *word)
{
	struct user *user = &map->mapping.user;
	int r = user_cache_user(&map->owners, word, user);

	if (r == 0 && !user->exists && !map->explains &&
	    !(map->runtime && !map->runtime->as_user)) {
		report_line(PROGRAM, _("user '%s' does not exist"), word);
		known_users_suggest(PROGRAM, map->place.directory, word);
		return VERB_NO_USER;
	}
	return r;
}

static int map_run(int argc, char **argv)
{
	CLEANUP(map_cleanup)
	struct map map = { .output = OUTPUT_NONE };
	int r;

	r = map_parse(argc, argv, &map);
	if (r == 0)
		r = verb_find_place(map.options.root, &map.place);
	if (r)
		return r;
	map.place.gaps = &map.output.gaps;
	if ((r = user_cache_start_named(&map.owners, &map.place)) ||
	    (r = sources_start(&map.sources, &map.place, &map.owners)) ||
	    (r = map_find_user(&map, argv[optind])))
		return r;
	/* Leave out ranges that the map writers would refuse. */
	map.sources.extents = true;
	if (map.explains)
		return map_explain(&map, argv + optind + 1, (size_t)(argc - optind - 1));
	if ((r = map_misuse(map_check_through(&map))) || (r = map_load(&map)))
		return r;
	if (!map.runtime)
		return map_show(&map);
	progress_rows();
	r = map.runtime->print(&map.mapping);
	return r ? r : output_flush();
}

static const struct option_row map_rows[] = {
	{ 'f', "for", N_("RUNTIME"),
	  N_("in the syntax of newuidmap, unshare, podman, lxc, runc, bwrap, nspawn, docker, libvirt, nova or incus"),
	  .take = take_runtime, .word = runtime_word },
	{ 0, "through", N_("ID[:INNER]"),
	  N_("also map this id of the host, to itself or to INNER; u:ID, g:ID: only as a uid or a gid"),
	  .take = take_through },
	{ 0, "explain", NULL,
	  N_("why lines of a mapping, as 'u 0 100000 65536', or those in a file of LXC, Incus or OCI are refused"),
	  OPTION_INTO(struct map, explains) },
	{ .name = NULL },
};

static const struct option_group map_options[] = {
	{ map_rows, 0 },
	{ verb_output_rows, offsetof(struct map, options) },
	{ verb_root_rows, offsetof(struct map, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row map_examples[] = {
	{ "subid map anna", N_("as a table") },
	{ "subid map --for lxc anna", N_("as lines of a configuration of LXC") },
	{ "subid map --explain anna 'u 0 100000 65536'",
	  N_("why newuidmap refuses this") },
	{ .term = NULL },
};

const struct verb verb_map = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " map",
		.usage = N_("[OPTION]... USER [FILE | LINE]..."),
		.summary = N_("Show what a user's ids are inside a container"),
		.options = map_options,
		.arguments = { COMPLETE_OWNERS, COMPLETE_FILES },
		.examples = map_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_FINDINGS) | VERB_EXIT(VERB_NO_USER) | VERB_EXIT(VERB_NONE),
		.page = "subid-list(1)",
	},
	.run = map_run,
	.columns = { &map_columns, &map_explain_columns },
	.other_rows = offsetof(struct map, explains),
};
