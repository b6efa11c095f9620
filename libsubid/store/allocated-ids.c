// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocated-ids: collects ids in use by one pass over a database and one over the local
 * accounts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/reserved.h"
#include "libsubid/store/allocated-ids.h"

/* Adds a range. Returns 0 or -ENOMEM. */
int allocated_ids_put(struct allocated_ids *used, struct range range)
{
	struct range *last = used->n > used->n_lines ? &used->ranges[used->n - 1] : NULL;
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

static int put_ids(struct allocated_ids *used, const struct accounts *accounts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < accounts->n; i++) {
		uint64_t id = accounts->items[i].id;

		r = allocated_ids_put(used, (struct range){ id, id + 1 });
	}
	return r;
}

/* Adds the ids of accounts, groups and primary groups. Returns 0 or -ENOMEM. */
int allocated_ids_put_accounts(struct allocated_ids *used,
			       const struct ids_in_use *in_use)
{
	int r = put_ids(used, &in_use->accounts);

	return r ? r : put_ids(used, &in_use->primary);
}

/* Sorts the ranges, those of lines first: range_set_fill() sorts each copy again, and
 * sorted ones in a fraction of the time. */
void allocated_ids_sort(struct allocated_ids *used)
{
	if (used->n == 0)
		return;
	qsort(used->ranges, used->n_lines, sizeof(*used->ranges), range_compare);
	qsort(used->ranges + used->n_lines, used->n - used->n_lines,
	      sizeof(*used->ranges), range_compare);
}

/* Adds a range that one of the owners holds. Returns 0 or -ENOMEM. */
int allocated_ids_put_holding(struct allocated_ids *used, size_t person,
			      struct range range)
{
	int r = ARRAY_RESERVE(used->holdings, used->n_holdings, used->allocated_holdings);

	if (r == 0)
		used->holdings[used->n_holdings++] = (struct holding){ person, range };
	return r;
}

static int compare_holdings(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;

	return (x->person > y->person) - (x->person < y->person);
}

/* Sorts the ranges of the owners by owner. */
void allocated_ids_sort_holdings(struct allocated_ids *used)
{
	if (used->n_holdings > 0)
		qsort(used->holdings, used->n_holdings, sizeof(struct holding),
		      compare_holdings);
}

/*
 * Finds the ids of @range that an owner does not hold.
 *
 * used: with sorted holdings. ret_missing: an empty set.
 * Returns 0, RANGE_SET_FULL or -ENOMEM.
 */
int allocated_ids_find_not_held(const struct allocated_ids *used, size_t person,
				struct range range, struct range_set *ret_missing)
{
	size_t at = BISECT(used->n_holdings, h, used->holdings[h].person >= person);
	int r = range_set_add(ret_missing, range);

	for (; r == 0 && at < used->n_holdings && used->holdings[at].person == person;
	     at++)
		r = range_set_subtract(ret_missing, used->holdings[at].range);
	return r;
}

static int put_entry_range(struct allocated_ids *used, const struct entry *entry,
			   struct range bounds, const struct owner_set *people)
{
	size_t person;
	int r = 0;

	if (owner_set_find(people, entry->owner, entry->owner_len, &person))
		r = allocated_ids_put_holding(used, person, entry->range);
	if (r || !range_overlaps(entry->range, bounds))
		return r;
	if (entry->range.end > used->top)
		used->top = entry->range.end;
	return allocated_ids_put(used, entry->range);
}

/* Adds what other programs read in a malformed line: ids in use, but no holding. */
static int put_readings(struct allocated_ids *used, const struct table *table,
			const struct table_line *line, struct range bounds)
{
	struct entry_readings readings;
	int r = 0;

	used->malformed += !entry_fault_is_harmless(line->fault);
	table_readings(table, line, &readings);
	for (size_t i = 0; r == 0 && i < readings.n; i++)
		if (!readings.items[i].excessive &&
		    range_overlaps(readings.items[i].entry.range, bounds))
			r = allocated_ids_put(used, readings.items[i].entry.range);
	return r;
}

/*
 * Reads which ids of @bounds lines use, also malformed lines as other programs read them,
 * and what @people hold, within the bounds or not. Returns 0 or -ENOMEM; free with
 * allocated_ids_cleanup().
 */
int allocated_ids_read_lines(struct allocated_ids *used, const struct table *table,
			     struct range bounds, const struct owner_set *people)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	*used = (struct allocated_ids){ 0 };
	while (table_next(table, &cursor, &line)) {
		int r = line.fault ? put_readings(used, table, &line, bounds) :
				     put_entry_range(used, &line.entry, bounds, people);

		if (r)
			return r;
	}
	used->n_lines = used->n;
	return 0;
}

/* The filter of table_next_entry() for lines of @context, a set of owners. */
bool allocated_ids_may_be_held(const char *line, size_t len, const void *context)
{
	const char *colon = memchr(line, ':', len);
	size_t person;

	return colon && owner_set_find(context, line, (size_t)(colon - line), &person);
}

/* Reads only what @people hold. Returns 0 or -ENOMEM; free with allocated_ids_cleanup().
 */
int allocated_ids_read_holdings(struct allocated_ids *used, const struct table *table,
				const struct owner_set *people)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	*used = (struct allocated_ids){ 0 };
	while (r == 0 && table_next_entry(table, &cursor, allocated_ids_may_be_held,
					  people, &line)) {
		size_t person;

		if (owner_set_find(people, line.entry.owner, line.entry.owner_len,
				   &person))
			r = allocated_ids_put_holding(used, person, line.entry.range);
	}
	return r;
}

/*
 * Copies the result of allocated_ids_read_lines(), for a database with the same text and
 * the same arguments. Returns 0 or -ENOMEM; free with allocated_ids_cleanup().
 */
int allocated_ids_copy_lines(struct allocated_ids *used, const struct allocated_ids *from)
{
	*used = (struct allocated_ids){ .top = from->top };
	for (size_t i = 0; i < from->n_lines; i++) {
		int r = allocated_ids_put(used, from->ranges[i]);

		if (r)
			return r;
	}
	for (size_t i = 0; i < from->n_holdings; i++) {
		int r = allocated_ids_put_holding(used, from->holdings[i].person,
						  from->holdings[i].range);

		if (r)
			return r;
	}
	used->n_lines = used->n;
	return 0;
}

/* Adds the reserved ids of @bounds. Returns 0 or -ENOMEM. */
int allocated_ids_put_reserved(struct allocated_ids *used, struct range bounds)
{
	const struct reserved *reserved = NULL;
	struct range ids;
	int r = 0;

	while (r == 0 && (reserved = reserved_next(bounds, reserved, &ids)))
		r = allocated_ids_put(used, ids);
	return r;
}

/*
 * Adds the ids of @wanted that local accounts or groups have, and keeps these accounts.
 * An error sets db->accounts to its file. Returns 0 or -errno.
 */
int allocated_ids_read_accounts(struct allocated_ids *used, struct db *db,
				const struct kind *kind, const struct range_set *wanted)
{
	int r = ids_in_use_local(db->directory, kind, wanted, &used->in_use);

	if (r && r != -ENOMEM)
		db->accounts = used->in_use.failed;
	return r ? r : allocated_ids_put_accounts(used, &used->in_use);
}

/* Frees the ranges. Takes a zeroed one. */
void allocated_ids_cleanup(struct allocated_ids *used)
{
	free(used->ranges);
	free(used->holdings);
	ids_in_use_cleanup(&used->in_use);
	*used = (struct allocated_ids){ 0 };
}
