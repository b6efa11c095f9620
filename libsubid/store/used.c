// SPDX-License-Identifier: BSD-3-Clause
/*
 * used: collects ids in use by one pass over a database and one over the local accounts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/reserved.h"
#include "libsubid/store/used.h"

/* Adds a range. Returns 0 or -ENOMEM. */
int used_put(struct used *used, struct range range)
{
	struct range *last = used->n > 0 ? &used->ranges[used->n - 1] : NULL;
	int r;

	/* Most databases are sorted and without gaps, which makes this one range. */
	if (last && range.start == last->end) {
		last->end = range.end;
		return 0;
	}
	r = ARRAY_RESERVE(used->ranges, used->n, used->allocated);
	if (r == 0)
		used->ranges[used->n++] = range;
	return r;
}

static int put_ids(struct used *used, const struct accounts *accounts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < accounts->n; i++) {
		uint64_t id = accounts->items[i].id;

		r = used_put(used, (struct range){ id, id + 1 });
	}
	return r;
}

/* Adds the ids of accounts, groups and primary groups. Returns 0 or -ENOMEM. */
int used_put_accounts(struct used *used, const struct ids_in_use *in_use)
{
	int r = put_ids(used, &in_use->accounts);

	return r ? r : put_ids(used, &in_use->primary);
}

/* Adds a range that one of the owners holds. Returns 0 or -ENOMEM. */
int used_put_holding(struct used *used, size_t person, struct range range)
{
	int r = ARRAY_RESERVE(used->holdings, used->n_holdings, used->allocated_holdings);

	if (r == 0)
		used->holdings[used->n_holdings++] = (struct holding){ person, range };
	return r;
}

static int put_entry(struct used *used, const struct entry *entry, struct range bounds,
		     const struct people *people)
{
	size_t person;
	int r = 0;

	if (people_find(people, entry->owner, entry->owner_len, &person))
		r = used_put_holding(used, person, entry->range);
	if (r || !range_overlaps(entry->range, bounds))
		return r;
	if (entry->range.end > used->top)
		used->top = entry->range.end;
	return used_put(used, entry->range);
}

/* Adds what other programs read in a malformed line: ids in use, but no holding. */
static int put_readings(struct used *used, const struct table *table,
			const struct table_line *line, struct range bounds)
{
	struct entry_readings readings;
	int r = 0;

	used->malformed += !entry_fault_is_harmless(line->fault);
	table_readings(table, line, &readings);
	for (size_t i = 0; r == 0 && i < readings.n; i++)
		if (!readings.items[i].excessive &&
		    range_overlaps(readings.items[i].entry.range, bounds))
			r = used_put(used, readings.items[i].entry.range);
	return r;
}

/*
 * Reads which ids of @bounds lines use, also malformed lines as other programs read them,
 * and what @people hold, within the bounds or not. Returns 0 or -ENOMEM; free with
 * used_cleanup().
 */
int used_read_lines(struct used *used, const struct table *table, struct range bounds,
		    const struct people *people)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	*used = (struct used){ 0 };
	while (table_next(table, &cursor, &line)) {
		int r = line.fault ? put_readings(used, table, &line, bounds) :
				     put_entry(used, &line.entry, bounds, people);

		if (r)
			return r;
	}
	return 0;
}

static bool may_be_held(const char *line, size_t len, const void *context)
{
	const char *colon = memchr(line, ':', len);
	size_t person;

	return colon && people_find(context, line, (size_t)(colon - line), &person);
}

/* Reads only what @people hold. Returns 0 or -ENOMEM; free with used_cleanup(). */
int used_read_holdings(struct used *used, const struct table *table,
		       const struct people *people)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	*used = (struct used){ 0 };
	while (r == 0 && table_next_entry(table, &cursor, may_be_held, people, &line)) {
		size_t person;

		if (people_find(people, line.entry.owner, line.entry.owner_len, &person))
			r = used_put_holding(used, person, line.entry.range);
	}
	return r;
}

/*
 * Copies the result of used_read_lines(), for a database with the same text and the same
 * arguments. Returns 0 or -ENOMEM; free with used_cleanup().
 */
int used_copy_lines(struct used *used, const struct used *from)
{
	*used = (struct used){ .top = from->top };
	for (size_t i = 0; i < from->n; i++) {
		int r = used_put(used, from->ranges[i]);

		if (r)
			return r;
	}
	for (size_t i = 0; i < from->n_holdings; i++) {
		int r = used_put_holding(used, from->holdings[i].person,
					 from->holdings[i].range);

		if (r)
			return r;
	}
	return 0;
}

/* Adds the reserved ids of @bounds. Returns 0 or -ENOMEM. */
int used_put_reserved(struct used *used, struct range bounds)
{
	const struct reserved *reserved = NULL;
	struct range ids;
	int r = 0;

	while (r == 0 && (reserved = reserved_next(bounds, reserved, &ids)))
		r = used_put(used, ids);
	return r;
}

/*
 * Adds the ids of @wanted that local accounts or groups have, and keeps these accounts.
 * An error sets db->accounts to its file. Returns 0 or -errno.
 */
int used_read_accounts(struct used *used, struct db *db, const struct kind *kind,
		       const struct range_set *wanted)
{
	int r = ids_in_use_local(db->folder, kind, wanted, &used->in_use);

	if (r && r != -ENOMEM)
		db->accounts = used->in_use.failed;
	return r ? r : used_put_accounts(used, &used->in_use);
}

/* Frees the ranges. Takes a zeroed one. */
void used_cleanup(struct used *used)
{
	free(used->ranges);
	free(used->holdings);
	ids_in_use_cleanup(&used->in_use);
	*used = (struct used){ 0 };
}
