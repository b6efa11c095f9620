// SPDX-License-Identifier: BSD-3-Clause
/*
 * files-summary: a row for each group of orphans.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/core/cleanup.h"
#include "subid/files/files.h"

enum {
	COLUMN_KIND,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_FILES,
	COLUMN_BYTES,
	COLUMN_FORMER,
	COLUMN_NEWEST,
	COLUMN_COMMAND,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_FILES] = { .name = "FILES", .type = OUTPUT_NUMBER },
	[COLUMN_BYTES] = { .name = "BYTES", .type = OUTPUT_NUMBER },
	[COLUMN_FORMER] = { .name = "FORMER" },
	[COLUMN_NEWEST] = { .name = "NEWEST" },
	[COLUMN_COMMAND] = { .name = "COMMAND", .json_only = true, .wrap = true },
};

const struct output_columns files_summary_columns = { columns, N_COLUMNS };

static int show_group(struct files *files, size_t side, const struct orphan_group *group)
{
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	char n[OUTPUT_NUMBER_BYTES], bytes[OUTPUT_NUMBER_BYTES];
	char newest[OUTPUT_TIME_BYTES];
	struct orphan_side *ids = &files->ids.sides[side];
	uint32_t number = (uint32_t)(group - ids->groups) + 1;
	CLEANUP(cleanup_free) char *command = NULL;
	const char *cells[N_COLUMNS] = {
		[COLUMN_KIND] = ids->states.kind->id,
		[COLUMN_FIRST] = output_number(group->first, first),
		[COLUMN_LAST] = output_number(group->last, last),
		[COLUMN_FILES] = output_number(group->files, n),
		[COLUMN_BYTES] = output_number(group->bytes, bytes),
		[COLUMN_FORMER] = files_former(ids, number),
		[COLUMN_NEWEST] = output_time(group->newest, newest),
	};

	if (files_find_command(files, side, number, &command))
		return verb_fail(ENOMEM);
	cells[COLUMN_COMMAND] = command;
	return output_row(&files->output, cells, NULL);
}

static int compare_groups(const void *a, const void *b)
{
	const struct orphan_group *x = *(const struct orphan_group *const *)a;
	const struct orphan_group *y = *(const struct orphan_group *const *)b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Shows the groups of one kind, by their first ids. Returns an exit status. */
static int show_groups(struct files *files, size_t side)
{
	const struct orphan_side *ids = &files->ids.sides[side];
	CLEANUP(cleanup_free)
	const struct orphan_group **sorted = calloc(ids->n_groups + 1, sizeof(*sorted));
	int r = 0;

	if (!sorted)
		return verb_fail(ENOMEM);
	for (size_t i = 0; i < ids->n_groups; i++)
		sorted[i] = &ids->groups[i];
	if (ids->n_groups > 0)
		qsort(sorted, ids->n_groups, sizeof(*sorted), compare_groups);
	for (size_t i = 0; i < ids->n_groups && r == 0; i++)
		r = show_group(files, side, sorted[i]);
	return r;
}

/* Shows all groups, after orphan_ids_sort(). Returns an exit status. */
int files_show_summary(struct files *files)
{
	int r = show_groups(files, 0);

	return r ? r : show_groups(files, 1);
}

/* Begins the rows. Returns an exit status. */
int files_start_summary(struct files *files)
{
	return output_start(&files->output, "orphans", columns, N_COLUMNS,
			    &files->options.output);
}
