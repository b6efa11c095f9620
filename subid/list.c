// SPDX-License-Identifier: BSD-3-Clause
/*
 * list: every range, whose it is and where it stands.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/i18n.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "subid/lines.h"
#include "subid/verb.h"

enum column {
	COLUMN_KIND,
	COLUMN_OWNER,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_COUNT,
	COLUMN_WHERE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_OWNER] = { .name = "OWNER" },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_COUNT] = { .name = "COUNT", .type = OUTPUT_NUMBER },
	[COLUMN_WHERE] = { .name = "WHERE" },
};

struct list {
	struct verb_options options;
	struct verb_place place;
	bool uid;
	bool gid;
	struct output output;
};

static void list_cleanup(struct list *list)
{
	output_cleanup(&list->output);
}

static int show(const struct line *line, void *context)
{
	struct list *list = context;
	const struct entry *entry = &line->entry;
	char owner[LIMIT_OWNER_BYTES + 1], where[PATH_MAX + 32];
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES],
		count[OUTPUT_NUMBER_BYTES];
	const char *cells[N_COLUMNS] = {
		[COLUMN_KIND] = line->kind->id,
		[COLUMN_OWNER] = owner,
		[COLUMN_FIRST] = output_number(entry->range.start, first),
		[COLUMN_LAST] = output_number(entry->range.end - 1, last),
		[COLUMN_COUNT] = output_number(range_count(entry->range), count),
		[COLUMN_WHERE] = where,
	};

	memcpy(owner, entry->owner, entry->owner_len);
	owner[entry->owner_len] = '\0';
	snprintf(where, sizeof(where), "%s:%" PRIu64, line->path, line->number);
	return output_row(&list->output, cells, NULL);
}

static int parse(int argc, char **argv, struct list *list)
{
	static const struct option long_options[] = {
		{ "uid", no_argument, NULL, 'u' },
		{ "gid", no_argument, NULL, 'g' },
		VERB_LONG_OUTPUT,
		VERB_LONG_ROOT,
		VERB_LONG_HELP,
		VERB_LONG_END,
	};
	static const char short_options[] =
		"ug" VERB_SHORT_OUTPUT VERB_SHORT_ROOT VERB_SHORT_HELP;
	int option, r;

	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) >=
	       0) {
		if (option == 'u') {
			list->uid = true;
			continue;
		}
		if (option == 'g') {
			list->gid = true;
			continue;
		}
		r = verb_take(&verb_list, &list->options, option);
		if (r != VERB_GO)
			return r;
	}
	if (list->uid == list->gid)
		list->uid = list->gid = true;
	return optind == argc ? VERB_GO : verb_misuse(&verb_list);
}

static int run(int argc, char **argv)
{
	CLEANUP(list_cleanup) struct list list = { .output = OUTPUT_NONE };
	int r, status = VERB_DONE;

	r = parse(argc, argv, &list);
	if (r == VERB_GO)
		r = verb_find_place(list.options.root, &list.place);
	if (r != VERB_GO)
		return r;
	r = output_start(&list.output, "ranges", columns, N_COLUMNS,
			 &list.options.output);
	if (r)
		return r;
	if (list.uid)
		status = lines_each(&list.place, &kind_uid, show, &list);
	if (list.gid && status != VERB_NOT_WRITTEN) {
		r = lines_each(&list.place, &kind_gid, show, &list);
		status = r ? r : status;
	}
	r = output_end(&list.output);
	return r ? r : status;
}

const struct verb verb_list = {
	.name = "list",
	.run = run,
	.synopsis = N_("[OPTION]..."),
	.help = N_("show every range, whose it is and where it stands"),
	.options = N_("  -u, --uid             only ranges of uids\n"
		      "  -g, --gid             only ranges of gids\n"),
};
