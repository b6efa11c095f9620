// SPDX-License-Identifier: BSD-3-Clause
/*
 * table-edit: edits of a database in memory.
 *
 * Invariant: a change writes whole new text and then takes it over, so that a failure
 * in the middle leaves the table as it was, and what no change touched is copied byte
 * for byte. The only byte added unasked is the newline of an unterminated last line.
 *
 * An addition needs the memory of one file, a deletion that of two: it makes a second
 * text, and the old one is there until it is complete.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/table.h"

/* Makes room for @extra more bytes. */
static int table_reserve(struct table *table, size_t extra)
{
	size_t need, allocated;
	char *text;

	if (__builtin_add_overflow(table->len, extra, &need))
		return -ENOMEM;
	if (table->text && need <= table->allocated)
		return 0;
	/* A sixteenth more: a batch of appends copies seldom, memory stays flat. */
	if (__builtin_add_overflow(need, need / 16 + 64, &allocated))
		return -ENOMEM;

	text = realloc(table->text, allocated);
	if (!text)
		return -ENOMEM;
	table->text = text;
	table->allocated = allocated;
	return 0;
}

static int table_put(struct table *table, const char *text, size_t len)
{
	int r;

	if (len == 0)
		return 0;
	r = table_reserve(table, len);
	if (r)
		return r;
	memcpy(table->text + table->len, text, len);
	table->len += len;
	return 0;
}

/*
 * The text between the last line of @text and a line that is added after it: a missing
 * newline, and after a line with a NUL an empty line, since shadow reads the next line as
 * the rest of that one, and so with another owner.
 */
static const char *table_joint(const char *text, size_t len)
{
	bool unterminated = len > 0 && text[len - 1] != '\n';
	const char *end = memrchr(text, '\n', len && !unterminated ? len - 1 : len);
	size_t begin = end ? (size_t)(end + 1 - text) : 0;
	bool joins = memchr(text + begin, '\0', len - begin) != NULL;

	return unterminated ? joins ? "\n\n" : "\n" : joins ? "\n" : "";
}

static int table_put_joint(struct table *table)
{
	const char *joint = table->len ? table_joint(table->text, table->len) : "";

	return table_put(table, joint, strlen(joint));
}

/*
 * Appends a line. The owner must pass entry_check_owner().
 * Returns 0, -EINVAL (no such owner can be), -EFBIG or -ENOMEM; the table changes only
 * with 0. A table belongs to one thread.
 */
int table_append(struct table *table, const char *owner, size_t owner_len,
		 struct range range)
{
	char line[ENTRY_BYTES];
	const char *joint = table->len ? table_joint(table->text, table->len) : "";
	size_t n;
	int r;

	if (entry_check_owner(owner, owner_len))
		return -EINVAL;
	n = entry_format(owner, owner_len, range, line);
	if (table->len + strlen(joint) + n > LIMIT_FILE_BYTES)
		return -EFBIG;

	r = table_reserve(table, strlen(joint) + n);
	if (r == 0)
		r = table_put(table, joint, strlen(joint));
	if (r == 0)
		r = table_put(table, line, n);
	if (r == 0)
		table->changed = true;
	return r;
}

/* Where the table ends, for table_take_back(). */
struct table_mark table_mark(const struct table *table)
{
	return (struct table_mark){ table->len, table->changed };
}

/*
 * Takes back what was appended since table_mark(), if nothing else has changed: the table
 * is then as it was.
 */
void table_take_back(struct table *table, struct table_mark mark)
{
	table->len = mark.len;
	table->changed = mark.changed;
}

static int put_entry(struct table *table, const struct entry *entry, struct range range)
{
	char line[ENTRY_BYTES];
	size_t len = entry_format(entry->owner, entry->owner_len, range, line);

	return table_put(table, line, len);
}

/*
 * Writes the rest of an entry without @range: nothing or one line to @table; the second
 * of two lines to @behind.
 */
static int put_rest(struct table *table, struct table *behind, const struct entry *entry,
		    struct range range)
{
	const struct range below = { entry->range.start, range.start };
	const struct range above = { range.end, entry->range.end };
	int r = 0;

	if (below.start < below.end)
		r = put_entry(table, entry, below);
	if (r == 0 && above.start < above.end)
		r = put_entry(below.start < below.end ? behind : table, entry, above);
	return r;
}

/*
 * Ends a change: @next gets the rest of @table from @copied on and the lines of @behind,
 * and replaces @table.
 */
static int finish_edit(struct table *table, struct table *next, size_t copied,
		       const struct table *behind)
{
	int r = table_put(next, table->text + copied, table->len - copied);

	if (r == 0 && next->len > 0 && next->text[next->len - 1] != '\n')
		r = table_put(next, "\n", 1);
	if (r == 0 && behind->len > 0)
		r = table_put_joint(next);
	if (r == 0)
		r = table_put(next, behind->text, behind->len);
	if (r)
		return r;
	if (next->len > LIMIT_FILE_BYTES)
		return -EFBIG;

	table_clear(table);
	*table = *next;
	*next = (struct table){ 0 };
	return 0;
}

/*
 * Removes @range from every entry that matches: the line is removed, trimmed, or split:
 * the lower part stays in its place, the upper one is appended like a new line. A
 * malformed line by which shadow's map writers would still grant such ids is removed as a
 * whole, since its rest would grant ids that the line does not.
 * Returns 0, -EFBIG or -ENOMEM; the table changes only with 0. A table belongs to one
 * thread.
 */
int table_subtract(struct table *table, table_match_fn match, void *context,
		   struct range range)
{
	CLEANUP(table_cleanup) struct table next = { 0 };
	CLEANUP(table_cleanup) struct table behind = { 0 };
	struct table_near near = { .next = 0 };
	size_t copied = 0;
	int r;

	while (table_next_in_force(table, range, &near)) {
		size_t offset = (size_t)(near.line.text - table->text);

		/* A line that is removed already may have a second reading. */
		if (offset < copied || !match(&near.reading->entry, context))
			continue;

		if (!next.changed) {
			/* A split adds a line at the most. */
			r = table_reserve(&next, table->len);
			if (r)
				return r;
			next.changed = true;
		}
		r = table_put(&next, table->text + copied, offset - copied);
		if (r == 0)
			r = table_put_joint(&next);
		if (r == 0 && near.line.fault == 0)
			r = put_rest(&next, &behind, &near.line.entry, range);
		if (r)
			return r;
		copied = near.cursor.offset;
	}
	if (!next.changed)
		return 0;

	return finish_edit(table, &next, copied, &behind);
}

/*
 * Changes the owner of every entry for which @name returns one.
 * Returns 0, -EINVAL (no such owner can be), -EFBIG or -ENOMEM; the table changes only
 * with 0. A table belongs to one thread.
 */
int table_rename_all(struct table *table, table_name_fn name, void *context)
{
	CLEANUP(table_cleanup) struct table next = { 0 };
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t copied = 0;
	int r;

	while (table_next(table, &cursor, &line)) {
		const char *owner = line.fault ? NULL : name(&line.entry, context);

		if (!owner)
			continue;
		if (entry_check_owner(owner, strlen(owner)))
			return -EINVAL;
		r = table_put(&next, table->text + copied,
			      (size_t)(line.text - table->text) - copied);
		if (r == 0)
			r = table_put_joint(&next);
		if (r == 0)
			r = table_put(&next, owner, strlen(owner));
		if (r)
			return r;
		copied = (size_t)(line.text - table->text) + line.entry.owner_len;
		next.changed = true;
	}
	if (!next.changed)
		return 0;
	return finish_edit(table, &next, copied, &(struct table){ 0 });
}

/* The old owner and the new one. */
struct owner_renaming {
	const char *old;
	size_t old_len;
	char owner[LIMIT_OWNER_BYTES + 1];
};

static const char *new_name(const struct entry *entry, void *context)
{
	const struct owner_renaming *rename = context;

	return entry->owner_len == rename->old_len &&
			       memcmp(entry->owner, rename->old, rename->old_len) == 0 ?
		       rename->owner :
		       NULL;
}

/* Changes the owner of every entry from @old, by exactly this name, to @owner. As above.
 */
int table_rename(struct table *table, const char *old, size_t old_len, const char *owner,
		 size_t owner_len)
{
	struct owner_renaming rename = { .old = old, .old_len = old_len };

	if (entry_check_owner(owner, owner_len))
		return -EINVAL;
	memcpy(rename.owner, owner, owner_len);
	return table_rename_all(table, new_name, &rename);
}

/*
 * Makes a table in which lines are replaced, with any content. The last remaining line
 * ends with a newline.
 *
 * changes: @n of them, by ascending line numbers. ret_table: free with table_clear().
 * Returns 0, -EFBIG or -ENOMEM. Thread-safe.
 */
int table_copy_replaced(const struct table *table, const struct table_change *changes,
			size_t n, struct table *ret_table)
{
	CLEANUP(table_cleanup) struct table next = { .changed = true };
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t at = 0, from = 0;
	int r = table_reserve(&next, table->len + 1);

	while (r == 0 && at < n && table_next(table, &cursor, &line)) {
		if (line.number != changes[at].number)
			continue;
		r = table_put(&next, table->text + from,
			      (size_t)(line.text - table->text) - from);
		if (r == 0)
			r = table_put_joint(&next);
		if (r == 0)
			r = table_put(&next, changes[at].text, changes[at].len);
		at++;
		from = cursor.offset;
	}
	if (r == 0)
		r = table_put(&next, table->text + from, table->len - from);
	if (r == 0 && next.len > 0 && next.text[next.len - 1] != '\n')
		r = table_put(&next, "\n", 1);
	if (r)
		return r;
	if (next.len > LIMIT_FILE_BYTES)
		return -EFBIG;
	*ret_table = next;
	next = (struct table){ 0 };
	return 0;
}

/* As above, in place; the table changes only with 0. A table belongs to one thread. */
int table_replace_lines(struct table *table, const struct table_change *changes, size_t n)
{
	bool ends = table->len == 0 || table->text[table->len - 1] == '\n';
	struct table next;
	int r;

	if (n == 0 && ends)
		return 0;
	r = table_copy_replaced(table, changes, n, &next);
	if (r)
		return r;
	table_clear(table);
	*table = next;
	return 0;
}
