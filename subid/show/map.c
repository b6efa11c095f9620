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

struct map {
	struct verb_options options;
	struct verb_place place;
	struct user_cache owners;
	struct sources sources;
	const struct runtime *runtime; /* NULL: print a table */
	struct mapping mapping;
	struct output output;
};

static void map_cleanup(struct map *map)
{
	output_cleanup(&map->output);
	user_cache_cleanup(&map->owners);
}

/* Reports that the user has no ids. source: the plugin that answered, or NULL. */
static int refuse_none(const struct map *map, const struct kind *kind,
		       const struct source *source)
{
	const char *word = map->mapping.user.word, *root = map->options.root;
	char name[CURE_QUOTED_BYTES], directory[CURE_QUOTED_BYTES] = "";
	bool sayable = cure_quote(map->mapping.user.name, name) &&
		       (!root || cure_quote(root, directory));

	if (map->owners.silent) {
		report_line(PROGRAM, _("it is not known whether %s has subordinate %ss"),
			    word, kind->id);
		return VERB_UNREADABLE;
	}
	if (!source && !map->sources.files)
		source = &map->sources.list.sources[0];
	if (source)
		report_line(PROGRAM,
			    _("%s has no subordinate %ss from the source '%s' that %s "
			      "names"),
			    word, kind->id, source->name, NSSWITCH_CONF);
	else if (sayable)
		report_line(PROGRAM,
			    _("%s has no subordinate %ss; to fix it: usermod-ext "
			      "%s%s%s-S %s"),
			    word, kind->id, root ? "-R " : "", directory, root ? " " : "",
			    name);
	else
		report_line(PROGRAM, _("%s has no subordinate %ss"), word, kind->id);
	return VERB_NONE;
}

/* Appends an extent. Returns false if there are too many. */
static bool append_extent(struct idmap *map, uint32_t outer, uint64_t count)
{
	const struct extent *last = map->n > 0 ? &map->extents[map->n - 1] : NULL;

	if (map->n == LIMIT_EXTENTS)
		return false;
	map->extents[map->n++] = (struct extent){
		.inner = last ? last->inner + last->count : 0,
		.outer = outer,
		.count = (uint32_t)count,
	};
	return true;
}

static int refuse_clash(const struct map *map, const struct kind *kind,
			const struct extent *a, const struct extent *b)
{
	report_line(PROGRAM,
		    _("the %ss of %s cannot be mapped: %" PRIu32 "-%" PRIu32
		      " and %" PRIu32 "-%" PRIu32 " overlap; see '%s check'"),
		    kind->id, map->mapping.user.word, a->outer, a->outer + a->count - 1,
		    b->outer, b->outer + b->count - 1, PROGRAM);
	return VERB_FINDINGS;
}

/* Refuses what the kernel would refuse. */
static int refuse_clashes(const struct map *map, const struct kind *kind,
			  const struct idmap *made)
{
	size_t a, b;

	if (idmap_clash(made, &a, &b))
		return refuse_clash(map, kind, &made->extents[a], &made->extents[b]);
	return 0;
}

/* Makes the mappings. source: the plugin that granted the ranges, or NULL. */
static int make(struct map *map, const struct kind *kind, const struct index *index,
		const struct source *source)
{
	struct mapping *mapping = &map->mapping;
	struct idmap *delegated = &mapping->delegated[kind->group];
	struct idmap *usual = &mapping->usual[kind->group];
	bool fits = append_extent(usual,
				  kind->group ? mapping->user.gid : mapping->user.uid, 1);
	int r;

	for (size_t i = 0; i < index->n && fits; i++) {
		const struct index_range *range = &index->ranges[i];
		uint32_t last = range->last == ID_NONE ? ID_NONE - 1 : range->last;
		uint64_t count = (uint64_t)last - range->first + 1;

		if (count > 0)
			fits = append_extent(delegated, range->first, count) &&
			       append_extent(usual, range->first, count);
	}
	if (!fits) {
		report_line(PROGRAM,
			    _("%s has more ranges than the %d that the kernel maps"),
			    mapping->user.word, LIMIT_EXTENTS);
		return VERB_FINDINGS;
	}
	if (delegated->n == 0)
		return refuse_none(map, kind, source);
	r = refuse_clashes(map, kind, delegated);
	if (r == 0 && mapping->user.exists && !(map->runtime && !map->runtime->as_user))
		r = refuse_clashes(map, kind, usual);
	return r;
}

static int load_kind(struct map *map, const struct kind *kind)
{
	CLEANUP(index_cleanup) struct index index = INDEX_NONE;
	const struct source *source = NULL;
	int r = index_load_granted(&index, &map->sources, &map->mapping.user, kind,
				   &source);

	if (r == 0 && source && source->type == SOURCE_FILES)
		return make(map, kind, &index, NULL);
	if (r == 0 && source)
		map->mapping.plugin = source->name;
	if (r == 0)
		r = sources_tell_void(&map->sources, &map->mapping.user, kind, source);
	return r ? r : make(map, kind, &index, source);
}

static int map_load(struct map *map)
{
	/* Leave out ranges that the map writers would refuse. */
	map->sources.extents = true;
	for (size_t i = 0; i < 2; i++) {
		int r = load_kind(map, kind_all[i]);

		if (r)
			return r;
	}
	return 0;
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

static int choose_runtime(struct map *map, const char *name)
{
	char names[128];

	map->runtime = runtime_find(name);
	if (map->runtime)
		return VERB_GO;
	runtime_names(names, sizeof(names));
	report_line(PROGRAM, _("there is no runtime '%s', but: %s"), name, names);
	return verb_misuse(&verb_map);
}

static int map_check_options(const struct map *map, int words)
{
	const struct output_format *format = &map->options.output;

	if (words != 1)
		report_line(PROGRAM, _("one user is wanted"));
	else if (map->runtime &&
		 (format->json || format->raw || format->columns || format->no_headings))
		report_line(PROGRAM,
			    _("--for has the form of the runtime, and no other"));
	else
		return VERB_GO;
	return verb_misuse(&verb_map);
}

static int map_take_option(void *context, int option)
{
	struct map *map = context;

	return option == 'f' ? choose_runtime(map, optarg) :
			       verb_take(&verb_map, &map->options, option);
}

static int map_parse(int argc, char **argv, struct map *map)
{
	static const struct option long_options[] = {
		{ "for", required_argument, NULL, 'f' },
		VERB_LONG_OUTPUT,
		VERB_LONG_ROOT,
		VERB_LONG_HELP,
		VERB_LONG_END,
	};
	static const char short_options[] =
		"f:" VERB_SHORT_OUTPUT VERB_SHORT_ROOT VERB_SHORT_HELP;
	int r = verb_parse(argc, argv, short_options, long_options, map_take_option, map);

	return r == VERB_GO ? map_check_options(map, argc - optind) : r;
}

static int map_find_user(struct map *map, const char *word)
{
	struct user *user = &map->mapping.user;
	int r = user_cache_user(&map->owners, word, user);

	if (r == 0 && !user->exists && !(map->runtime && !map->runtime->as_user)) {
		report_line(PROGRAM, _("user '%s' does not exist"), word);
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
	if (r == VERB_GO)
		r = verb_find_place(map.options.root, &map.place);
	if (r != VERB_GO)
		return r;
	if ((r = user_cache_start_named(&map.owners, &map.place)) ||
	    (r = sources_start(&map.sources, &map.place, &map.owners)) ||
	    (r = map_find_user(&map, argv[optind])) || (r = map_load(&map)))
		return r;
	if (!map.runtime)
		return map_show(&map);
	progress_rows();
	r = map.runtime->print(&map.mapping);
	return r ? r : output_flush();
}

const struct verb verb_map = {
	.name = "map",
	.page = "subid-list(1)",
	.run = map_run,
	.synopsis = N_("[OPTION]... USER"),
	.help = N_("show what a user's ids are inside a container"),
	.options = N_(
		"  -f, --for RUNTIME     for newuidmap, unshare, podman, lxc, runc, bwrap,\n"
		"                        nspawn, docker, libvirt or nova, in its own words\n"),
	.shared = VERB_SHARES_OUTPUT | VERB_SHARES_ROOT,
};
