// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-lines: prints a change as removed and added lines, with their database.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command/edit-lines.h"
#include "libsubid/core/cleanup.h"
#include "message/report.h"

static void show_line(char sign, const char *directory, const struct kind *kind,
		      const struct table_line *line)
{
	enum printable_charset charset = report_charset();

	printf("%c ", sign);
	report_put(directory, strlen(directory), charset);
	printf("/%s: ", kind->database);
	report_put(line->text, line->len, charset);
	putchar('\n');
}

static bool same_line(const struct table_line *a, const struct table_line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Whether @line is a part of @old that is left: of the same owner, within its range. */
static bool is_rest_of(const struct table_line *old, const struct table_line *line)
{
	return !old->fault && !line->fault &&
	       old->entry.owner_len == line->entry.owner_len &&
	       memcmp(old->entry.owner, line->entry.owner, old->entry.owner_len) == 0 &&
	       old->entry.range.start <= line->entry.range.start &&
	       line->entry.range.end <= old->entry.range.end;
}

/*
 * Shows removed and added lines. A change removes a line, replaces it by the parts that
 * are left or by a line with a new owner, or appends: both texts are walked in parallel.
 */
static void show_tables(const struct table *old_table, const struct db_side *side,
			const char *directory, bool renames)
{
	struct table_cursor old_cursor = { 0 }, new_cursor = { 0 };
	struct table_line old, line;
	bool more = table_next(&side->table, &new_cursor, &line);

	while (table_next(old_table, &old_cursor, &old)) {
		if (more && same_line(&old, &line)) {
			more = table_next(&side->table, &new_cursor, &line);
			continue;
		}
		show_line('-', directory, side->kind, &old);
		while (more && (renames || is_rest_of(&old, &line))) {
			show_line('+', directory, side->kind, &line);
			more = table_next(&side->table, &new_cursor, &line);
			if (renames)
				break;
		}
	}
	for (; more; more = table_next(&side->table, &new_cursor, &line))
		show_line('+', directory, side->kind, &line);
}

/*
 * Shows on stdout what a commit would change. Returns 0 or -errno.
 *
 * renames: only the owners of lines have changed.
 */
int edit_lines_changed(const struct db *db, const char *directory, bool renames)
{
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(table_cleanup) struct table old = { 0 };
		const struct db_side *side = &db->sides[i];
		int r;

		if (!db_changed(db, side->kind))
			continue;
		r = db_load_old(db, side->kind, &old);
		if (r)
			return r;
		show_tables(&old, side, directory, renames);
	}
	return 0;
}

/*
 * Shows on stdout the lines that were appended to a database.
 *
 * from: its length before.
 */
void edit_lines_appended(const struct table *table, const char *directory,
			 const struct kind *kind, size_t from)
{
	struct table_cursor cursor = { .offset = from };
	struct table_line line;

	/* A newline was added to a last line without one. */
	if (from > 0 && from < table->len && table->text[from - 1] != '\n')
		cursor.offset++;
	while (table_next(table, &cursor, &line))
		show_line('+', directory, kind, &line);
}
