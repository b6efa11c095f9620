// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-explain: what the databases allow, and what the kernel would answer, for each line
 * of an existing mapping.
 *
 * The steps are those of a map writer, and explain/ has the causes. Nothing is written,
 * so what depends on the target or on privilege is not reported.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/idmap-layout.h"
#include "libsubid/sys/userns.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/map-lines.h"
#include "subid/show/map.h"
#include "subid/verb/progress.h"

enum column {
	COLUMN_WHERE,
	COLUMN_FILE,
	COLUMN_LINE,
	COLUMN_KIND,
	COLUMN_INSIDE,
	COLUMN_OUTSIDE,
	COLUMN_COUNT,
	COLUMN_STATE,
	COLUMN_CAUSE,
	COLUMN_EVIDENCE,
	COLUMN_CURE,
	COLUMN_CURE_COMMAND,
	COLUMN_CURE_TEXT,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_WHERE] = { .name = "WHERE", .wrap = true },
	[COLUMN_FILE] = { .name = "FILE", .json_only = true },
	[COLUMN_LINE] = { .name = "LINE", .type = OUTPUT_NUMBER, .json_only = true },
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_INSIDE] = { .name = "INSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_OUTSIDE] = { .name = "OUTSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_COUNT] = { .name = "COUNT", .type = OUTPUT_NUMBER },
	[COLUMN_STATE] = { .name = "STATE" },
	[COLUMN_CAUSE] = { .name = "CAUSE" },
	[COLUMN_EVIDENCE] = { .name = "EVIDENCE", .also = "message", .wrap = true },
	[COLUMN_CURE] = { .name = "CURE", .wrap = true },
	[COLUMN_CURE_COMMAND] = { .name = "CURE_COMMAND", .json_only = true },
	[COLUMN_CURE_TEXT] = { .name = "CURE_TEXT", .json_only = true },
};

const struct output_columns map_explain_columns = { columns, N_COLUMNS };

struct explain {
	struct map *map;
	struct map_lines lines;
	bool rows;	      /* print rows, not sentences */
	struct idmap maps[2]; /* of the lines so far, by kind->group */
	struct range_set granted[2];
	const struct source *sources[2];
	bool findings;
};

static void explain_cleanup(struct explain *explain)
{
	map_lines_cleanup(&explain->lines);
	range_set_clear(&explain->granted[0]);
	range_set_clear(&explain->granted[1]);
}

/*
 * What the user has.
 */

static int load_granted(struct explain *explain, const struct kind *kind)
{
	CLEANUP(index_cleanup) struct index index = INDEX_NONE;
	struct map *map = explain->map;
	struct range_set *granted = &explain->granted[kind->group];
	int r = index_load_granted(&index, &map->sources, &map->mapping.user, kind,
				   &explain->sources[kind->group]);

	*granted = (struct range_set)RANGE_SET(SIZE_MAX);
	for (size_t i = 0; i < index.n && r == 0; i++) {
		struct range range = { index.ranges[i].first,
				       (uint64_t)index.ranges[i].last + 1 };

		r = range_set_add(granted, range) ? verb_fail(ENOMEM) : 0;
	}
	return r;
}

/*
 * The answers.
 */

/* The name of the line: FILE:LINE, FILE:LIST[INDEX] or the argument. */
static void name_line(const struct map_line *line, char *text, size_t size)
{
	if (!line->file)
		snprintf(text, size, _("argument %zu"), line->number);
	else if (line->list)
		snprintf(text, size, "%s:%sMappings[%zu]", line->file, line->list->id,
			 line->number);
	else
		snprintf(text, size, "%s:%zu", line->file, line->number);
}

static int print_sentence(const char *where, const struct map_line *line,
			  const struct cause *cause, const char *name)
{
	enum printable_charset charset = report_charset();

	progress_rows();
	report_put(where, strlen(where), charset);
	if (line->kind && !line->fault)
		printf(": %s %" PRIu32 " %" PRIu32 " %" PRIu32, line->kind->id,
		       line->extent.inner, line->extent.outer, line->extent.count);
	printf(": %s", name ? _("refused") : _("good"));
	if (name) {
		fputs(": ", stdout);
		report_put(cause->evidence, strlen(cause->evidence), charset);
		printf(" [%s]", name);
		if (cause->cure[0]) {
			fputs("\n    ", stdout);
			report_put(cause->cure, strlen(cause->cure), charset);
		}
	}
	putchar('\n');
	return output_printed();
}

/* Prints a line. name: of the cause; NULL: the line is good. */
static int print_line(struct explain *explain, const struct map_line *line,
		      const struct cause *cause, const char *name)
{
	struct map *map = explain->map;
	char where[PATH_MAX + 64], numbers[4][OUTPUT_NUMBER_BYTES];
	bool known = line->kind && !line->fault;
	const char *cells[N_COLUMNS] = {
		[COLUMN_WHERE] = where,
		[COLUMN_FILE] = line->file,
		[COLUMN_LINE] = line->file && !line->list ?
					output_number(line->number, numbers[3]) :
					NULL,
		[COLUMN_KIND] = line->kind ? line->kind->id : NULL,
		[COLUMN_INSIDE] =
			known ? output_number(line->extent.inner, numbers[0]) : NULL,
		[COLUMN_OUTSIDE] =
			known ? output_number(line->extent.outer, numbers[1]) : NULL,
		[COLUMN_COUNT] =
			known ? output_number(line->extent.count, numbers[2]) : NULL,
		[COLUMN_STATE] = name ? "refused" : "good",
		[COLUMN_CAUSE] = name,
		[COLUMN_EVIDENCE] = name ? cause->evidence : NULL,
		[COLUMN_CURE] = name && cause->cure[0] ? cause->cure : NULL,
		[COLUMN_CURE_COMMAND] = name && cause->is_command ? cause->cure : NULL,
		[COLUMN_CURE_TEXT] =
			name && cause->cure[0] && !cause->is_command ? cause->cure : NULL,
	};

	name_line(line, where, sizeof(where));
	explain->findings |= name != NULL;
	if (!explain->rows)
		return print_sentence(where, line, cause, name);
	return output_row(&map->output, cells, name ? "red" : "green");
}

static const char *fault_reason(int fault)
{
	switch (fault) {
	case MAP_TEXT_NUMBER:
		return _("a number is not written in plain decimal digits");
	case MAP_TEXT_BEYOND:
		return _("its ids reach beyond 4294967294");
	case MAP_TEXT_SIZES:
		return _("the ranges outside and inside have different sizes");
	default:
		return _("it is no mapping of a form that is known");
	}
}

/* Reports a line that its program cannot read. */
static int print_malformed(struct explain *explain, const struct map_line *line)
{
	struct cause cause = { .id = 0 };

	snprintf(cause.evidence, sizeof(cause.evidence), "%s", fault_reason(line->fault));
	return print_line(explain, line, &cause, "malformed");
}

/* Whether the map writers would refuse an extent; ret_missing: the first ids of it. */
static bool is_missing(struct explain *explain, const struct kind *kind,
		       const struct extent *extent, struct range *ret_missing)
{
	CLEANUP(range_set_cleanup) struct range_set left = RANGE_SET(SIZE_MAX);
	const struct user *user = &explain->map->mapping.user;
	const struct range_set *granted = &explain->granted[kind->group];
	uint32_t own = kind->group ? user->gid : user->uid;

	if (extent->count == 0 ||
	    (user->exists && extent->outer == own && extent->count == 1) ||
	    range_set_add(&left, extent_outer(extent)))
		return false;
	for (size_t i = 0; i < granted->n; i++)
		if (range_set_subtract(&left, granted->ranges[i]))
			return false;
	if (left.n > 0)
		*ret_missing = left.ranges[0];
	return left.n > 0;
}

/* Whether the kernel would refuse it, being in this user namespace. */
static bool is_across(const struct map *map, const struct kind *kind,
		      const struct extent *extent)
{
	struct idmap parent, pieces, one = { .extents = { *extent }, .n = 1 };
	struct range absent;

	return !map->place.image && userns_map(kind, &parent) == 0 &&
	       (idmap_split(&one, &parent, &pieces, &absent) || pieces.n > 1);
}

/* Finds an extent above the last one that shares an id with it. */
static int find_clash(const struct idmap *map, size_t *ret_with)
{
	const struct extent *last = &map->extents[map->n - 1];

	for (size_t i = 0; i < map->n - 1; i++) {
		struct idmap pair = { .extents = { map->extents[i], *last }, .n = 2 };
		size_t a, b;
		int clash = last->count > 0 && map->extents[i].count > 0 ?
				    idmap_clash(&pair, &a, &b) :
				    0;

		*ret_with = i;
		if (clash)
			return clash;
	}
	return 0;
}

/* Notes what the databases have about the missing ids, if they are those of the user. */
static void gather_line_grants(struct explain *explain, struct facts *facts)
{
	const struct source *source = explain->sources[facts->kind->group];

	if (source && source->type != SOURCE_FILES) {
		facts->sources.plugin = source->name;
		facts_take_grants(facts, &explain->granted[facts->kind->group]);
	} else if (!explain->map->place.image) {
		facts_gather_grants(facts);
	}
}

/*
 * Fills in the step at which the last extent of the map would fail. Returns false if it
 * would not. others: room for the map without the other extents.
 */
static bool find_step(struct explain *explain, struct facts *facts, struct idmap *others)
{
	const struct idmap *map = facts->map;
	const struct extent *extent = &map->extents[map->n - 1];

	facts->refused = map->n - 1;
	facts->clash = find_clash(map, &facts->clash_a);
	facts->clash_b = map->n - 1;
	facts->bytes = idmap_render(map, NULL, 0);
	facts->bytes_max = userns_map_limit();
	facts->step = FACTS_EXTENTS;
	if (facts->clash == IDMAP_CLASH_OUTER && !explain->map->place.image)
		facts_gather_twice(facts);
	if (facts->clash || facts->bytes > facts->bytes_max)
		return true;
	facts->step = FACTS_RANGE;
	if (extent->count == 0)
		return true;
	if (is_missing(explain, facts->kind, extent, &facts->missing)) {
		gather_line_grants(explain, facts);
		return true;
	}
	if (!is_across(explain->map, facts->kind, extent))
		return false;
	facts->step = FACTS_WRITE;
	facts->error = EPERM;
	*others = *map;
	for (size_t i = 0; i < map->n - 1; i++)
		others->extents[i].count = 0;
	facts->map = others;
	facts_gather_namespace(facts);
	return true;
}

/* The account of the user; an owner without one has a name alone. */
static void set_user_account(const struct user *user, struct account *ret_account)
{
	if (user->owner)
		*ret_account = user->owner->account;
	else
		account_set_text(ret_account, user->name, strlen(user->name));
}

static int explain_line(struct explain *explain, const struct map_line *line)
{
	const struct user *user = &explain->map->mapping.user;
	struct idmap *map;
	struct idmap others;
	struct cause cause = { .id = 0 };
	struct account account;
	enum cause_id id;
	struct facts facts = {
		.kind = line->kind,
		.uid = user->exists ? user->uid : ID_NONE,
		.gid = user->exists ? user->gid : ID_NONE,
		.account = &account,
		.step = FACTS_EXTENTS,
	};

	if (line->fault)
		return print_malformed(explain, line);
	facts.map = map = &explain->maps[line->kind->group];
	set_user_account(user, &account);
	facts.too_many = map->n == LIMIT_EXTENTS;
	if (!facts.too_many)
		map->extents[map->n++] = line->extent;
	if (!facts.too_many && !find_step(explain, &facts, &others))
		return print_line(explain, line, NULL, NULL);
	if (causes_find(&facts, &id, 1) > 0)
		causes_describe(&facts, id, &cause);
	/* No command may change this system for another. */
	if (explain->map->place.image)
		cause.cure[0] = '\0';
	return print_line(explain, line, &cause,
			  cause.id ? cause_name(cause.id) : "unknown");
}

static int explain_lines(struct explain *explain)
{
	struct map *map = explain->map;
	int status = output_start(&map->output, "lines", columns, N_COLUMNS,
				  &map->options.output);
	int r;

	if (status)
		return status;
	for (size_t i = 0; i < explain->lines.n && status == 0; i++)
		status = explain_line(explain, &explain->lines.lines[i]);
	if (status == 0)
		status = explain->findings ? VERB_FINDINGS : VERB_DONE;
	if (explain->rows)
		return output_end(&map->output, status);
	r = output_flush();
	return r ? r : status;
}

/* Explains lines of mappings, and those in files. Returns an exit status. */
int map_explain(struct map *map, char *const *words, size_t n)
{
	CLEANUP(explain_cleanup)
	struct explain explain = {
		.map = map,
		.rows = output_has_format(&map->options.output),
	};
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = map_lines_read(&explain.lines, words[i], i + 1);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = load_granted(&explain, kind_all[i]);
	return r ? r : explain_lines(&explain);
}
