// SPDX-License-Identifier: BSD-3-Clause
/*
 * table: steps through the lines of a database in memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/table.h"

/*
 * Makes a table of the @len bytes of a database.
 *
 * text: from malloc(3); with 0 the table owns it, free with table_clear(). Returns 0 or
 * -EFBIG (more than LIMIT_FILE_BYTES). Thread-safe.
 */
int table_load(char *text, size_t len, struct table *ret_table)
{
	if (len > LIMIT_FILE_BYTES)
		return -EFBIG;
	*ret_table =
		(struct table){ .text = text, .len = len, .allocated = len, .kept = len };
	return 0;
}

/* Frees the text. Takes NULL. Returns NULL. */
struct table *table_clear(struct table *table)
{
	if (!table)
		return NULL;
	free(table->text);
	*table = (struct table){ 0 };
	return NULL;
}

/* Steps to the next line, without parsing it. */
static bool next_line(const struct table *table, struct table_cursor *cursor,
		      struct table_line *ret_line)
{
	const char *text, *newline;
	size_t left;

	if (cursor->offset >= table->len)
		return false;

	text = table->text + cursor->offset;
	left = table->len - cursor->offset;
	newline = memchr(text, '\n', left);

	ret_line->text = text;
	ret_line->len = newline ? (size_t)(newline - text) : left;
	ret_line->number = ++cursor->number;
	cursor->offset += ret_line->len + (newline ? 1 : 0);
	return true;
}

/*
 * Steps to the next line. Returns false at the end; *ret_line is written only with true.
 * Thread-safe while no thread changes the table.
 */
bool table_next(const struct table *table, struct table_cursor *cursor,
		struct table_line *ret_line)
{
	if (!next_line(table, cursor, ret_line))
		return false;
	ret_line->fault = entry_parse(ret_line->text, ret_line->len, &ret_line->entry);
	return true;
}

/*
 * Finds how programs read a line of the table: an entry has one reading, a malformed line
 * none or several, see entry-readers.h. Thread-safe as table_next().
 */
void table_readings(const struct table *table, const struct table_line *line,
		    struct entry_readings *ret_readings)
{
	if (line->fault) {
		entry_readings_find(line->text, line->len,
				    table->len - (size_t)(line->text - table->text),
				    ret_readings);
		return;
	}
	ret_readings->items[0] =
		(struct entry_reading){ .entry = line->entry, .by_shadow = true };
	ret_readings->n = 1;
}

/*
 * Steps to the next entry for which @maybe returns true; the others, nearly all in a
 * large database, are not even parsed.
 * Returns false at the end; *ret_line is valid only with true. Thread-safe as
 * table_next().
 */
bool table_next_entry(const struct table *table, struct table_cursor *cursor,
		      table_maybe_fn maybe, const void *context,
		      struct table_line *ret_line)
{
	while (next_line(table, cursor, ret_line)) {
		if (!maybe(ret_line->text, ret_line->len, context))
			continue;
		ret_line->fault =
			entry_parse(ret_line->text, ret_line->len, &ret_line->entry);
		if (ret_line->fault == 0)
			return true;
	}
	return false;
}

/* Steps to the next line that a program may read as one with ids of @range. */
static bool next_near_line(const struct table *table, struct range range,
			   struct table_near *near)
{
	struct table_line *line = &near->line;

	while (next_line(table, &near->cursor, line)) {
		if (!entry_readers_may_overlap(line->text, line->len, range))
			continue;
		line->fault = entry_parse(line->text, line->len, &line->entry);
		table_readings(table, line, &near->readings);
		near->next = 0;
		if (near->readings.n > 0)
			return true;
	}
	return false;
}

/*
 * Steps to the next reading with ids of @range: an entry has one reading, a malformed
 * line those of other programs, see entry-readers.h.
 *
 * near: zeroed before the first step. Returns false at the end. Thread-safe as
 * table_next().
 */
bool table_next_near(const struct table *table, struct range range,
		     struct table_near *near)
{
	do {
		while (near->next < near->readings.n) {
			near->reading = &near->readings.items[near->next++];
			if (range_overlaps(near->reading->entry.range, range))
				return true;
		}
	} while (next_near_line(table, range, near));
	return false;
}

/*
 * As table_next_near(), but only what a map writer may grant: entries, and malformed
 * lines as shadow reads them.
 */
bool table_next_in_force(const struct table *table, struct range range,
			 struct table_near *near)
{
	while (table_next_near(table, range, near))
		if (near->reading->by_shadow)
			return true;
	return false;
}
