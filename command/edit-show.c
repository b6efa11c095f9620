// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-show: prints a change as lines that go and lines that come, with their database.
 */
#include <stdio.h>
#include <string.h>

#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "message/report.h"

/* Prints one line of a database, with '-' if it goes, or '+'. */
void edit_show_line(char sign, const char *directory, const struct kind *kind,
		    const char *text, size_t len)
{
	enum printable_charset charset = report_charset();

	printf("%c ", sign);
	report_put(directory, strlen(directory), charset);
	printf("/%s: ", kind->database);
	report_put(text, len, charset);
	putchar('\n');
}

static void print_changed_line(char sign, const char *directory, const struct kind *kind,
			       const struct table_line *line)
{
	edit_show_line(sign, directory, kind, line->text, line->len);
}

static bool same_line(const struct table_line *a, const struct table_line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static bool same_owner(const struct table_line *a, const struct table_line *b)
{
	return a->entry.owner_len == b->entry.owner_len &&
	       memcmp(a->entry.owner, b->entry.owner, a->entry.owner_len) == 0;
}

/* Whether @line is a part of @old that is left: within its range, of the same owner. */
static bool is_rest_of(const struct table_line *old, const struct table_line *line,
		       enum edit_change change)
{
	return !old->fault && !line->fault &&
	       (change == EDIT_MERGES || same_owner(old, line)) &&
	       old->entry.range.start <= line->entry.range.start &&
	       line->entry.range.end <= old->entry.range.end;
}

/* Whether @line is @old, made longer at its end. */
static bool is_longer(const struct table_line *old, const struct table_line *line)
{
	return !old->fault && !line->fault && same_owner(old, line) &&
	       old->entry.range.start == line->entry.range.start &&
	       old->entry.range.end < line->entry.range.end;
}

static bool is_retired_line(const struct table_line *line)
{
	return !line->fault &&
	       entry_owner_is_retired(line->entry.owner, line->entry.owner_len);
}

/* Whether @line is @old, given back to its former owner. */
static bool is_given_back(const struct table_line *old, const struct table_line *line)
{
	return is_retired_line(old) && !line->fault &&
	       range_equals(old->entry.range, line->entry.range);
}

/* Whether @line is a part of @old, of the same owner or retired. */
static bool is_retired_part(const struct table_line *old, const struct table_line *line)
{
	if (old->fault || !is_retired_line(line))
		return old->fault ? is_retired_line(line) :
				    is_rest_of(old, line, EDIT_RETIRES);
	return is_rest_of(old, line, EDIT_MERGES);
}

/* What the functions below compare. */
struct comparison {
	const struct table *old_table;
	const struct table *table;
	const char *directory;
	const struct kind *kind;
	enum edit_change change;
	struct table_cursor begin; /* of the first line that differs */
	/* EDIT_MERGES: where lines of `table` begin that were appended. */
	struct table_cursor appended;
};

/*
 * Whether @line takes the place of @old. After a merge, a line that the old table has as
 * well does not: it is an unchanged line of the new owner.
 */
static bool replaces(const struct comparison *comparison, struct table_cursor old_cursor,
		     const struct table_line *old, const struct table_line *line)
{
	struct table_line other;

	if (comparison->change == EDIT_RENAMES)
		return true;
	if (comparison->change == EDIT_GRANTS)
		return is_longer(old, line) || is_given_back(old, line);
	if (comparison->change == EDIT_RETIRES)
		return is_retired_part(old, line) ||
		       (!old->fault && !line->fault &&
			range_equals(old->entry.range, line->entry.range));
	if (!is_rest_of(old, line, comparison->change))
		return false;
	while (comparison->change == EDIT_MERGES &&
	       table_next(comparison->old_table, &old_cursor, &other))
		if (same_line(&other, line))
			return false;
	return true;
}

/* Whether a line of the same owner before @old has the ids of @line as well. */
static bool has_earlier(const struct comparison *comparison, const struct table_line *old,
			const struct table_line *line)
{
	struct table_cursor cursor = { 0 };
	struct table_line other;

	while (table_next(comparison->old_table, &cursor, &other) &&
	       other.number < old->number)
		if (is_rest_of(&other, line, EDIT_MERGES) && same_owner(&other, old))
			return true;
	return false;
}

/* Shows which of the appended lines are left of @old; a removal may split lines. */
static void print_rests(const struct comparison *comparison, const struct table_line *old)
{
	struct table_cursor cursor = comparison->appended;
	struct table_line line;

	while (table_next(comparison->table, &cursor, &line))
		if (is_rest_of(old, &line, EDIT_MERGES) &&
		    !has_earlier(comparison, old, &line))
			print_changed_line('+', comparison->directory, comparison->kind,
					   &line);
}

/* Whether a line became several, of which @line is one. */
static bool print_next_part(const struct comparison *comparison,
			    const struct table_line *old, const struct table_line *line,
			    bool print)
{
	if (comparison->change != EDIT_RETIRES || !is_retired_part(old, line))
		return false;
	if (print)
		print_changed_line('+', comparison->directory, comparison->kind, line);
	return true;
}

/* Walks both texts in parallel. Returns where the lines begin that were appended. */
static struct table_cursor compare_tables(const struct comparison *comparison, bool print)
{
	struct table_cursor old_cursor = comparison->begin, cursor = old_cursor;
	struct table_cursor before = old_cursor;
	struct table_line old, line;
	bool more = table_next(comparison->table, &cursor, &line);

	while (table_next(comparison->old_table, &old_cursor, &old)) {
		bool same = more && same_line(&old, &line);
		bool replaced =
			same || (more && replaces(comparison, old_cursor, &old, &line));

		if (print && !same)
			print_changed_line('-', comparison->directory, comparison->kind,
					   &old);
		if (print && replaced && !same)
			print_changed_line('+', comparison->directory, comparison->kind,
					   &line);
		if (print && !same && comparison->change == EDIT_MERGES)
			print_rests(comparison, &old);
		if (!replaced)
			continue;
		do {
			before = cursor;
			more = table_next(comparison->table, &cursor, &line);
		} while (more && !same &&
			 print_next_part(comparison, &old, &line, print));
	}
	return before;
}

/* Skips the lines in front that both texts have. */
static struct table_cursor skip_common(const struct table *a, const struct table *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	struct table_cursor cursor = { 0 };

	while (cursor.offset < len) {
		const char *at = a->text + cursor.offset;
		const char *end = memchr(at, '\n', len - cursor.offset);
		size_t n = end ? (size_t)(end + 1 - at) : 0;

		if (!end || memcmp(at, b->text + cursor.offset, n) != 0)
			break;
		cursor.offset += n;
		cursor.number++;
	}
	return cursor;
}

/* Shows each line that goes, and what takes its place. */
static void show_tables(struct comparison *comparison)
{
	struct table_cursor appended;
	struct table_line line;

	comparison->begin = skip_common(comparison->old_table, comparison->table);
	if (comparison->change == EDIT_MERGES)
		comparison->appended = compare_tables(comparison, false);
	appended = compare_tables(comparison, true);
	while (comparison->change != EDIT_MERGES &&
	       table_next(comparison->table, &appended, &line))
		print_changed_line('+', comparison->directory, comparison->kind, &line);
}

/* Shows on stdout which lines of the databases in @directory go and come. */
void edit_show_lines(const struct edit_texts *texts, const char *directory,
		     enum edit_change change)
{
	for (size_t k = 0; k < 2; k++) {
		struct comparison comparison = { .old_table = &texts->old[k],
						 .table = &texts->now[k],
						 .directory = directory,
						 .kind = kind_all[k],
						 .change = change };

		if (texts->changed[k])
			show_tables(&comparison);
	}
}
