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
	COLUMN_SINCE,
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
	[COLUMN_FORMER] = { .name = "FORMER", .wrap = true },
	[COLUMN_SINCE] = { .name = "SINCE" },
	[COLUMN_NEWEST] = { .name = "NEWEST" },
	[COLUMN_COMMAND] = { .name = "COMMAND", .json_only = true, .wrap = true },
};

const struct output_columns files_summary_columns = { columns, N_COLUMNS };

static int show_group(struct files *files, size_t side, uint32_t number)
{
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	char n[OUTPUT_NUMBER_BYTES], bytes[OUTPUT_NUMBER_BYTES];
	char newest[OUTPUT_TIME_BYTES], since[FORMER_DATE_BYTES];
	struct orphan_side *ids = &files->ids.sides[side];
	const struct orphan_group *group = orphan_ids_group(ids, number);
	CLEANUP(cleanup_free) char *command = NULL;
	const char *cells[N_COLUMNS] = {
		[COLUMN_KIND] = ids->states.kind->id,
		[COLUMN_FIRST] = output_number(group->first, first),
		[COLUMN_LAST] = output_number(group->last, last),
		[COLUMN_FILES] = output_number(group->files, n),
		[COLUMN_BYTES] = output_number(group->bytes, bytes),
		[COLUMN_NEWEST] = output_time(group->newest, newest),
	};

	if (files_find_command(files, side, number, &command))
		return verb_fail(ENOMEM);
	files_former(group, since, &cells[COLUMN_FORMER], &cells[COLUMN_SINCE]);
	cells[COLUMN_COMMAND] = command;
	return output_row(&files->output, cells, NULL);
}

static int by_first_orphan(const void *a, const void *b, void *side)
{
	const struct orphan_group *x = orphan_ids_group(side, *(const uint32_t *)a);
	const struct orphan_group *y = orphan_ids_group(side, *(const uint32_t *)b);

	return (x->first > y->first) - (x->first < y->first);
}

/* Shows the groups of one kind, by their first ids. Returns an exit status. */
static int show_groups(struct files *files, size_t side)
{
	struct orphan_side *ids = &files->ids.sides[side];
	size_t n = ids->n_groups;
	CLEANUP(cleanup_free) uint32_t *numbers = calloc(n + 1, sizeof(*numbers));
	int r = 0;

	if (!numbers)
		return verb_fail(ENOMEM);
	for (size_t i = 0; i < n; i++)
		numbers[i] = (uint32_t)i + 1;
	if (n > 0)
		qsort_r(numbers, n, sizeof(*numbers), by_first_orphan, ids);
	for (size_t i = 0; i < n && r == 0; i++)
		r = show_group(files, side, numbers[i]);
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
