// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-ranges: a row a line, as the lines stand in the file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "subid/lines.h"
#include "subid/list.h"

enum column {
	COLUMN_KIND,
	COLUMN_OWNER,
	COLUMN_UID,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_COUNT,
	COLUMN_WHERE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_OWNER] = { .name = "OWNER" },
	[COLUMN_UID] = { .name = "UID", .type = OUTPUT_NUMBER },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_COUNT] = { .name = "COUNT", .type = OUTPUT_NUMBER },
	[COLUMN_WHERE] = { .name = "WHERE" },
};

static int show(const struct line *line, void *context)
{
	struct list *list = context;
	const struct entry *entry = &line->entry;
	char owner[LIMIT_OWNER_BYTES + 1], where[PATH_MAX + 32];
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	char count[OUTPUT_NUMBER_BYTES], uid[OUTPUT_NUMBER_BYTES];
	uint32_t owner_uid;
	const char *cells[N_COLUMNS] = {
		[COLUMN_KIND] = line->kind->id,
		[COLUMN_OWNER] = owner,
		[COLUMN_FIRST] = output_number(entry->range.start, first),
		[COLUMN_LAST] = output_number(entry->range.end - 1, last),
		[COLUMN_COUNT] = output_number(range_count(entry->range), count),
		[COLUMN_WHERE] = where,
	};

	if (!list_wants(list, entry))
		return 0;
	memcpy(owner, entry->owner, entry->owner_len);
	owner[entry->owner_len] = '\0';
	snprintf(where, sizeof(where), "%s:%" PRIu64, line->path, line->number);
	if (owners_uid(&list->owners, entry, &owner_uid))
		cells[COLUMN_UID] = output_number(owner_uid, uid);
	return output_row(&list->output, cells, NULL);
}

/* Shows the lines. Returns an exit status. */
int list_ranges(struct list *list)
{
	int r, status = VERB_DONE;

	r = output_start(&list->output, "ranges", columns, N_COLUMNS,
			 &list->options.output);
	if (r)
		return r;
	for (size_t i = 0; i < list->n_kinds && status != VERB_NOT_WRITTEN; i++) {
		r = lines_each(&list->place, list->kinds[i], true, show, list);
		status = r ? r : status;
	}
	r = output_end(&list->output);
	owners_end(&list->owners);
	return r ? r : status;
}
