// SPDX-License-Identifier: BSD-3-Clause
/*
 * changes: the order of usermod(8): what goes, goes first; of several ranges the last on
 * the command line is the first to go or to come.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "usermod-ext/changes.h"
#include "usermod-ext/usermod-ext.h"

/*
 * Makes the changes in memory.
 * Returns 0, DB_CONFLICT (all conflicts of all ranges are in the list) or -errno.
 */
int changes_apply(const struct options *options, struct db *db, struct db_grant *grant)
{
	int conflict = 0, r;

	for (size_t i = options->n; i > 0; i--) {
		const struct change *change = &options->changes[i - 1];

		if (change->add)
			continue;
		r = db_revoke(db, change->kind, grant->owner, change->range);
		if (r)
			return r;
	}
	for (size_t i = options->n; i > 0; i--) {
		const struct change *change = &options->changes[i - 1];

		if (!change->add)
			continue;
		r = db_grant(db, change->kind, grant, change->range);
		if (r == DB_CONFLICT)
			conflict = r;
		else if (r)
			return r;
	}
	return conflict;
}

static void show_line(char sign, const char *folder, const struct db_side *side,
		      const struct table_line *line)
{
	printf("%c %s/%s: %.*s\n", sign, folder, side->kind->database, (int)line->len,
	       line->text);
}

static bool same_line(const struct table_line *a, const struct table_line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* What is left of @old, behind it: lines of the same owner within its range. */
static bool is_rest_of(const struct table_line *old, const struct table_line *line)
{
	return !old->fault && !line->fault &&
	       old->entry.owner_len == line->entry.owner_len &&
	       memcmp(old->entry.owner, line->entry.owner, old->entry.owner_len) == 0 &&
	       old->entry.range.start <= line->entry.range.start &&
	       line->entry.range.end <= old->entry.range.end;
}

/*
 * Shows the lines that go and come. A change removes a line, puts what is left of it in
 * its place, or appends: so both texts are walked side by side.
 */
static void show_tables(const struct table *old_table, const struct db_side *side,
			const char *folder)
{
	struct table_cursor old_cursor = { 0 }, new_cursor = { 0 };
	struct table_line old, line;
	bool more = table_next(&side->table, &new_cursor, &line);

	while (table_next(old_table, &old_cursor, &old)) {
		if (more && same_line(&old, &line)) {
			more = table_next(&side->table, &new_cursor, &line);
			continue;
		}
		show_line('-', folder, side, &old);
		while (more && is_rest_of(&old, &line)) {
			show_line('+', folder, side, &line);
			more = table_next(&side->table, &new_cursor, &line);
		}
	}
	for (; more; more = table_next(&side->table, &new_cursor, &line))
		show_line('+', folder, side, &line);
}

/*
 * Shows on stdout what a commit would change. Returns 0 or -errno.
 */
int changes_show(const struct db *db, const char *folder)
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
		show_tables(&old, side, folder);
	}
	return 0;
}

/* Appends ` add-uids=5-6`; what is too long is cut. */
static size_t describe(char *text, size_t size, size_t n, bool add,
		       const struct kind *kind, struct range range)
{
	int r;

	if (n >= size)
		return n;
	r = snprintf(text + n, size - n, " %s-%ss=%" PRIu64 "-%" PRIu64,
		     add ? "add" : "del", kind->id, range.start, range.end - 1);
	return r < 0 ? n : n + (size_t)r;
}

/*
 * Describes the changes in one line for the logs: `change-subids add-uids=5-6 ...`, the
 * ranges that were asked for and those that were allocated; what is too long is cut.
 */
void changes_text(const struct options *options, const struct allocated *allocated,
		  char *text, size_t size)
{
	static const struct kind *const kinds[] = { &kind_uid, &kind_gid };
	int r = snprintf(text, size, "change-subids%s",
			 options->allocate ? " allocate=yes" : "");
	size_t n = r < 0 ? 0 : (size_t)r;

	for (size_t i = 0; i < options->n; i++)
		n = describe(text, size, n, options->changes[i].add,
			     options->changes[i].kind, options->changes[i].range);
	for (size_t i = 0; i < 2; i++)
		if (allocated->ranges[i].end > 0)
			n = describe(text, size, n, true, kinds[i], allocated->ranges[i]);
}
