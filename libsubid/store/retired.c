// SPDX-License-Identifier: BSD-3-Clause
/*
 * retired: changes lines to lines of retired ids, in their place and order, and writes
 * who had them.
 *
 * MUST: retiring frees no id: all ids that lines of the owner gave, as any map writer
 * reads them, are in lines of retired ids afterwards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/retired.h"
#include "libsubid/store/state-file.h"

/* Now, as in records. */
uint64_t retired_clock(void)
{
	time_t now = time(NULL);

	return now > 0 ? (uint64_t)now : 0;
}

/* Lines that take the place of others. */
struct replacement {
	struct table text; /* the new lines of all changes */
	struct table_change *changes;
	size_t *offsets; /* of their texts */
	size_t n;
	size_t allocated;
	size_t offsets_allocated;
	struct range_set taken; /* the ids that are in new lines */
	char name[RETIRED_NAME_BYTES];
	size_t name_len;
};

static void replacement_cleanup(struct replacement *replacement)
{
	table_clear(&replacement->text);
	free(replacement->changes);
	free(replacement->offsets);
	range_set_clear(&replacement->taken);
}

static int begin_replacement(struct replacement *replacement, uint64_t number)
{
	int r;

	if (replacement->n > 0 &&
	    replacement->changes[replacement->n - 1].number == number)
		return 0;
	r = ARRAY_RESERVE(replacement->changes, replacement->n, replacement->allocated);
	if (r == 0)
		r = ARRAY_RESERVE(replacement->offsets, replacement->n,
				  replacement->offsets_allocated);
	if (r)
		return r;
	replacement->changes[replacement->n] = (struct table_change){ .number = number };
	replacement->offsets[replacement->n++] = replacement->text.len;
	return 0;
}

static int record_range(struct retired *retired, const struct kind *kind,
			const struct account *account, struct range range)
{
	struct owner_record record = { .range = range,
				       .epoch = retired->epoch,
				       .uid = account->uid,
				       .group = kind->group };
	uint64_t uid;

	/* A caller may know the uid of an account that is gone. */
	if (record.uid == ID_NONE &&
	    num_parse(account->name, account->name_len, ID_NONE - 1, &uid) == 0)
		record.uid = (uint32_t)uid;
	return owner_records_add(&retired->records, record, account->name,
				 account->name_len, retired->note);
}

/* Adds lines for the ids of @range that are in no new line yet. */
static int put_retired(struct replacement *replacement, const struct kind *kind,
		       const struct account *account, struct range range,
		       struct retired *retired)
{
	CLEANUP(range_set_cleanup) struct range_set rest = RANGE_SET(SIZE_MAX);
	int r = range_set_add(&rest, range);

	for (size_t i = 0; r == 0 && i < replacement->taken.n; i++)
		r = range_set_subtract(&rest, replacement->taken.ranges[i]);
	for (size_t i = 0; r == 0 && i < rest.n; i++) {
		r = table_append(&replacement->text, replacement->name,
				 replacement->name_len, rest.ranges[i]);
		if (r == 0)
			r = record_range(retired, kind, account, rest.ranges[i]);
	}
	return r ? r : range_set_add(&replacement->taken, range);
}

static int keep_rest(struct replacement *replacement, const struct entry *entry,
		     uint64_t start, uint64_t end)
{
	return start < end ?
		       table_append(&replacement->text, entry->owner, entry->owner_len,
				    (struct range){ start, end }) :
		       0;
}

/* Replaces a line, or one reading of a malformed line, which is retired as a whole. */
static int replace_reading(struct replacement *replacement, const struct kind *kind,
			   const struct account *account, struct range range,
			   const struct table_near *near, struct retired *retired)
{
	const struct entry *entry = &near->reading->entry;
	struct range common = entry->range;
	bool whole = near->line.fault != 0;
	int r = begin_replacement(replacement, near->line.number);

	if (r || (whole && near->reading->excessive))
		return r;
	if (!whole && !range_intersect(entry->range, range, &common))
		return 0;
	if (!whole)
		r = keep_rest(replacement, entry, entry->range.start, common.start);
	if (r == 0)
		r = put_retired(replacement, kind, account, common, retired);
	if (r == 0 && !whole)
		r = keep_rest(replacement, entry, common.end, entry->range.end);
	return r;
}

static int finish_replacement(struct replacement *replacement, struct table *table)
{
	if (replacement->n == 0)
		return 0;
	for (size_t i = 0; i < replacement->n; i++) {
		size_t end = i + 1 < replacement->n ? replacement->offsets[i + 1] :
						      replacement->text.len;

		replacement->changes[i].text =
			replacement->text.text ?
				replacement->text.text + replacement->offsets[i] :
				"";
		replacement->changes[i].len = end - replacement->offsets[i];
	}
	return table_replace_lines(table, replacement->changes, replacement->n);
}

/*
 * Retires the ids of @range in all lines of the owner, and adds the records. Returns 0 or
 * -errno; the database changes only with 0.
 */
int retired_take(struct db *db, const struct kind *kind, struct owner *owner,
		 struct range range, struct retired *retired)
{
	CLEANUP(replacement_cleanup)
	struct replacement replacement = { .taken = RANGE_SET(SIZE_MAX) };
	struct table *table = &db_side_of(db, kind)->table;
	const struct account *account = &owner->account;
	struct table_near near = { .next = 0 };
	int r = 0;

	replacement.name_len =
		retired_name(account->name, account->name_len, replacement.name);
	while (r == 0 && table_next_in_force(table, range, &near))
		if (owner_is(&near.reading->entry, owner))
			r = replace_reading(&replacement, kind, account, range, &near,
					    retired);
	if (r == 0)
		r = finish_replacement(&replacement, table);
	return db_fail(db, kind, r);
}

static int append_retired(struct db *db, const struct kind *kind,
			  const struct account *account, struct range range,
			  struct retired *retired)
{
	char name[RETIRED_NAME_BYTES];
	size_t len = retired_name(account->name, account->name_len, name);
	int r = table_append(&db_side_of(db, kind)->table, name, len, range);

	return r || account->name_len == 0 ? r :
					     record_range(retired, kind, account, range);
}

/*
 * Adds lines of retired ids, formerly of @account, for the ids of @range that no line
 * has; with an empty name it is unknown who had them. Returns 0 or -errno.
 */
int retired_put_free(struct db *db, const struct kind *kind,
		     const struct account *account, struct range range,
		     struct retired *retired)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(SIZE_MAX);
	struct table_near near = { .next = 0 };
	int r = range_set_add(&ids, range);

	while (r == 0 && table_next_near(&db_side_of(db, kind)->table, range, &near))
		if (!near.reading->excessive)
			r = range_set_subtract(&ids, near.reading->entry.range);
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = append_retired(db, kind, account, ids.ranges[i], retired);
	return db_fail(db, kind, r);
}

/* Frees the retired ids of @range. Returns 0 or -errno. */
int retired_free(struct db *db, const struct kind *kind, struct range range)
{
	return db_fail(
		db, kind,
		table_subtract(&db_side_of(db, kind)->table, retired_is, NULL, range));
}

/* Adds the retired ids of @range to @set. Returns 0 or -ENOMEM. */
int retired_held(const struct db *db, const struct kind *kind, struct range range,
		 struct range_set *set)
{
	struct table_near near = { .next = 0 };
	struct range common;
	int r = 0;

	while (r == 0 && table_next_in_force(&db->sides[kind->group].table, range, &near))
		if (retired_is(&near.reading->entry, NULL) &&
		    range_intersect(near.reading->entry.range, range, &common))
			r = range_set_add(set, common);
	return r > 0 ? -E2BIG : r;
}

/* Whether a database may have lines of retired ids; false is certain. Thread-safe. */
bool retired_are_any(const struct table *table)
{
	const char *at = table->text, *end = at + table->len;

	/* Few names have a `~`, and memchr(3) is much faster than memmem(3). */
	while (at < end && (at = memchr(at, '~', (size_t)(end - at)))) {
		if (at == table->text || at[-1] == '\n')
			return true;
		at++;
	}
	return false;
}

/*
 * Reads the records of former owners; there are none if @root is unknown, NULL.
 * Returns 0 or -errno; free with owner_records_cleanup() in any case.
 */
int retired_read(const char *root, struct owner_records *ret_records)
{
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0;
	int r = root ? state_file_read(root, STATE_RETIRED, &text, &len) : 0;

	*ret_records = (struct owner_records){ .n = 0 };
	if (r == 0)
		r = owner_records_parse(ret_records, text ? text : "", len);
	return r ? r : owner_records_sort(ret_records);
}

/* Marks the records of the retired lines of a database. */
static void mark_lines(const struct owner_records *records, const struct table *table,
		       bool group, bool *marked)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	while (table_next(table, &cursor, &line)) {
		uint64_t id = line.entry.range.start;
		const struct owner_record *record;

		if (line.fault || !retired_is(&line.entry, NULL))
			continue;
		while (id < line.entry.range.end &&
		       (record = owner_records_find(records, group, id, &line.entry))) {
			marked[record - records->items] = true;
			id = record->range.end;
		}
	}
}

/* Marks the records that are kept: those of retired lines, and of databases not loaded.
 */
static void mark_records(const struct db *db, const struct owner_records *records,
			 bool *marked)
{
	for (size_t k = 0; k < 2; k++)
		if (db->sides[k].loaded)
			mark_lines(records, &db->sides[k].table, kind_all[k]->group,
				   marked);
	for (size_t i = 0; i < records->n; i++)
		marked[i] |= !db->sides[records->items[i].group].loaded;
}

static int copy_records(const struct owner_records *from, const bool *marked,
			struct owner_records *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++) {
		const char *owner = owner_records_text(from, from->items[i].owner);

		if (!marked || marked[i])
			r = owner_records_add(
				to, from->items[i], owner, strlen(owner),
				owner_records_text(from, from->items[i].note));
	}
	return r;
}

/* Writes the records that are kept as a text. */
static int format_marked(const struct db *db, struct owner_records *all, char **ret_text,
			 size_t *ret_len)
{
	CLEANUP(owner_records_cleanup) struct owner_records kept = { .n = 0 };
	CLEANUP(cleanup_free) bool *marked = calloc(all->n + 1, sizeof(*marked));
	int r = marked ? owner_records_sort(all) : -ENOMEM;

	if (r)
		return r;
	mark_records(db, all, marked);
	r = copy_records(all, marked, &kept);
	return r ? r : owner_records_format(&kept, ret_text, ret_len);
}

/*
 * Writes the records of the retired lines in memory: those that were known, and the new
 * ones. Does nothing if the root of the system is unknown. Returns 0 with the records on
 * disk, or -errno.
 */
int retired_write(const struct db *db, const struct retired *retired)
{
	CLEANUP(owner_records_cleanup) struct owner_records all = { .n = 0 };
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0;
	int r;

	if (!db->root)
		return 0;
	r = retired_read(db->root, &all);
	if (r == 0)
		r = copy_records(&retired->records, NULL, &all);
	if (r == 0)
		r = format_marked(db, &all, &text, &len);
	return r ? r : state_file_write(db->root, STATE_RETIRED, text, len);
}
