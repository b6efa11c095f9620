// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-join: makes an owner's line longer by new ids that follow it.
 *
 * Invariant: for a program that maps the lines of an owner in their order, or only the
 * first one, ids that the owner had before keep their places. So only the owner's last
 * line grows, and only at its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/store/allocate.h"

/* The last line of an owner, by any name; number 0: there is none. */
struct last_line {
	uint64_t number;
	struct range range;
	bool same_name; /* as a new line would have */
};

/* Whether an owner of new ids holds the id before them. */
static bool touches_any(const struct allocated_ids *missing,
			const struct allocated_ids *used)
{
	for (size_t i = 0; i < missing->n_holdings; i++) {
		const struct holding *new_ids = &missing->holdings[i];
		size_t at = BISECT(used->n_holdings, h,
				   used->holdings[h].person >= new_ids->person);

		for (; at < used->n_holdings &&
		       used->holdings[at].person == new_ids->person;
		     at++)
			if (used->holdings[at].range.end == new_ids->range.start)
				return true;
	}
	return false;
}

static void find_last_lines(const struct allocate *allocate, const struct table *table,
			    struct last_line *last)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	while (table_next_entry(table, &cursor, allocated_ids_may_be_held,
				allocate->people, &line)) {
		char number[NUM_BYTES];
		const char *owner;
		size_t person, len;

		if (!owner_set_find(allocate->people, line.entry.owner,
				    line.entry.owner_len, &person))
			continue;
		len = allocate_owner_text(allocate, person, number, &owner);
		last[person] = (struct last_line){
			.number = line.number,
			.range = line.entry.range,
			.same_name = len == line.entry.owner_len &&
				     memcmp(owner, line.entry.owner, len) == 0,
		};
	}
}

/* What allocate_join() fills, with room for each range of new ids. */
struct join {
	struct last_line *last; /* by person */
	struct table_change *changes;
	size_t n;
	char (*texts)[ENTRY_BYTES];
};

static void join_cleanup(struct join *join)
{
	free(join->last);
	free(join->changes);
	free(join->texts);
}

static int join_init(struct join *join, const struct allocate *allocate, size_t n)
{
	join->last = calloc(allocate->people->n, sizeof(*join->last));
	join->changes = calloc(n, sizeof(*join->changes));
	join->texts = calloc(n, sizeof(*join->texts));
	return join->last && join->changes && join->texts ? 0 : -ENOMEM;
}

/* Takes the new ids out of those to be appended. */
static void join_ids(struct join *join, const struct allocate *allocate,
		     struct holding *new_ids)
{
	const struct last_line *last = &join->last[new_ids->person];
	struct range range = { last->range.start, new_ids->range.end };
	char *text = join->texts[join->n], number[NUM_BYTES];
	const char *owner;
	size_t len = allocate_owner_text(allocate, new_ids->person, number, &owner);

	join->changes[join->n++] =
		(struct table_change){ last->number, text,
				       entry_format(owner, len, range, text) };
	new_ids->range = (struct range){ 0 };
}

static int compare_changes(const void *a, const void *b)
{
	const struct table_change *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/*
 * Makes the database @k with longer lines, and leaves the other new ids to be appended.
 *
 * ret_table: not written if no line becomes longer; free with table_clear().
 * Returns 0 or -errno.
 */
int allocate_join(struct allocate_work *work, size_t k, struct table *ret_table)
{
	CLEANUP(join_cleanup) struct join join = { 0 };
	const struct allocate *allocate = work->allocate;
	struct allocated_ids *missing = &work->missing[k];
	const struct table *table = &work->db->sides[k].table;

	if (!allocate->join || !touches_any(missing, &work->used[k]))
		return 0;
	if (join_init(&join, allocate, missing->n_holdings))
		return -ENOMEM;
	find_last_lines(allocate, table, join.last);
	for (size_t i = 0; i < missing->n_holdings; i++) {
		struct holding *new_ids = &missing->holdings[i];
		const struct last_line *last = &join.last[new_ids->person];

		if (last->same_name && last->range.end == new_ids->range.start)
			join_ids(&join, allocate, new_ids);
	}
	if (join.n == 0)
		return 0;
	qsort(join.changes, join.n, sizeof(*join.changes), compare_changes);
	return table_copy_replaced(table, join.changes, join.n, ret_table);
}
