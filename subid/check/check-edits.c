// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-edits: lines that lose ids which another line of their owner gives.
 */
#include <stdlib.h>

#include "libsubid/core/array.h"
#include "subid/check/check.h"

/* Frees the replaced lines. */
void check_edits_cleanup(struct check_edits *edits)
{
	free(edits->changes);
	table_clear(&edits->lines);
}

/* Replaces a line by what is left of it without @ids. */
static int put_shortened(struct check_edits *edits, const struct table_line *line,
			 struct range ids)
{
	const struct entry *entry = &line->entry;
	const struct range parts[] = {
		{ entry->range.start, ids.start },
		{ ids.end, entry->range.end },
	};
	size_t from = edits->lines.len;
	int r = ARRAY_RESERVE(edits->changes, edits->n, edits->allocated);

	for (size_t i = 0; r == 0 && i < 2; i++)
		if (parts[i].start < parts[i].end)
			r = table_append(&edits->lines, entry->owner, entry->owner_len,
					 parts[i]);
	if (r == 0)
		edits->changes[edits->n++] = (struct table_change){
			.number = line->number,
			.len = edits->lines.len - from,
		};
	return r;
}

/* Finds what is left of the lines that lose ids, once for each line. */
int check_make_edits(const struct table *table, const struct finding *list, size_t n,
		     struct check_edits *edits)
{
	struct table_cursor cursor = { 0 };
	struct table_line line = { .number = 0 };
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i > 0 && list[i].line == list[i - 1].line)
			continue;
		while (line.number < list[i].line && table_next(table, &cursor, &line))
			;
		r = put_shortened(edits, &line, list[i].ids);
	}
	for (size_t i = 0; r == 0 && i < edits->n; i++) {
		edits->changes[i].text = edits->lines.text + at;
		at += edits->changes[i].len;
	}
	return r;
}
