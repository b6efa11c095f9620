// SPDX-License-Identifier: BSD-3-Clause
/*
 * exact: compares the lines of owners with the ranges that they are to have.
 *
 * Invariant: after the change an owner has exactly the wanted ranges, one line for each,
 * in this order: container engines map the lines in the order of the file, so another
 * order would give the same files to other ids of the container.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/exact.h"

/* What exact_find() compares. */
struct exact_question {
	const struct owner_set *people;
	const struct exact_ranges *wanted;
};

/* Removes the wanted ranges of an owner from a set. */
static int subtract_wanted(const struct exact_ranges *wanted, size_t person,
			   struct range_set *set)
{
	int r = 0;

	for (size_t i = wanted->starts[person]; r == 0 && i < wanted->starts[person + 1];
	     i++)
		r = range_set_subtract(set, wanted->ranges[i]);
	return r;
}

/* Adds the ids of a removed line that its owner does not get again. */
static int put_lost(const struct exact_ranges *wanted, size_t person, struct range range,
		    struct exact_change *change)
{
	CLEANUP(range_set_cleanup) struct range_set lost = RANGE_SET(LIMIT_FILE_RANGES);
	int r = range_set_add(&lost, range);

	if (r == 0)
		r = subtract_wanted(wanted, person, &lost);
	for (size_t i = 0; r == 0 && i < lost.n; i++)
		r = range_set_add(&change->lost, lost.ranges[i]);
	return r;
}

static int remove_line(const struct table_line *line, struct exact_change *change)
{
	/* A malformed line may have a second reading. */
	if (change->n > 0 && change->removals[change->n - 1].number == line->number)
		return 0;
	if (ARRAY_RESERVE(change->removals, change->n, change->allocated))
		return -ENOMEM;
	change->removals[change->n++] = (struct table_change){ .number = line->number };
	return 0;
}

/* Removes a line of retired ids if its former owner is to have all of them. */
static int give_back(const struct exact_question *question, const struct table_line *line,
		     const struct entry *entry, struct exact_change *change)
{
	CLEANUP(range_set_cleanup) struct range_set rest = RANGE_SET(LIMIT_FILE_RANGES);
	size_t person;
	int r;

	if (!owner_set_find(question->people, entry->owner + 1, entry->owner_len - 1,
			    &person))
		return 0;
	r = range_set_add(&rest, entry->range);
	if (r == 0)
		r = subtract_wanted(question->wanted, person, &rest);
	return r || rest.n > 0 ? r : remove_line(line, change);
}

/* Compares one reading of a line with the next wanted range of its owner. */
static int compare_reading(const struct exact_question *question,
			   const struct table_line *line, const struct entry *entry,
			   struct exact_change *change)
{
	const struct exact_ranges *wanted = question->wanted;
	size_t person, next;
	int r;

	if (entry_owner_is_retired(entry->owner, entry->owner_len))
		return give_back(question, line, entry, change);
	if (!owner_set_find(question->people, entry->owner, entry->owner_len, &person))
		return 0;
	next = wanted->starts[person] + change->kept[person];
	if (!line->fault && next < wanted->starts[person + 1] &&
	    range_equals(wanted->ranges[next], entry->range)) {
		change->kept[person]++;
		return 0;
	}
	change->touched[person] = true;
	change->span = range_span(change->span, entry->range);
	r = put_lost(wanted, person, entry->range, change);
	return r ? r : remove_line(line, change);
}

/* Compares what shadow's map writers would grant by a malformed line. */
static int compare_malformed(const struct exact_question *question,
			     const struct table *table, const struct table_line *line,
			     struct exact_change *change)
{
	struct entry_readings readings;
	int r = 0;

	table_readings(table, line, &readings);
	for (size_t i = 0; r == 0 && i < readings.n; i++)
		if (readings.items[i].by_shadow)
			r = compare_reading(question, line, &readings.items[i].entry,
					    change);
	return r;
}

static int start_change(size_t n, struct exact_change *ret_change)
{
	*ret_change = (struct exact_change){
		.kept = calloc(n + 1, sizeof(*ret_change->kept)),
		.touched = calloc(n + 1, sizeof(*ret_change->touched)),
		.lost = RANGE_SET(LIMIT_FILE_RANGES),
	};
	return ret_change->kept && ret_change->touched ? 0 : -ENOMEM;
}

/*
 * Finds the lines that must go, and how many of the wanted ranges are there. Malformed
 * lines by which shadow's map writers would grant ids go as well.
 *
 * Returns 0 or -errno. Free with exact_change_cleanup() in any case.
 */
int exact_find(const struct table *table, const struct owner_set *people,
	       const struct exact_ranges *wanted, struct exact_change *ret_change)
{
	const struct exact_question question = { people, wanted };
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = start_change(people->n, ret_change);

	while (r == 0 && table_next(table, &cursor, &line))
		r = line.fault ?
			    compare_malformed(&question, table, &line, ret_change) :
			    compare_reading(&question, &line, &line.entry, ret_change);
	return r > 0 ? -EOVERFLOW : r;
}

/*
 * Copies the change of a database with the same text and the same wanted ranges of
 * @people owners. Returns 0 or -errno. Free with exact_change_cleanup() in any case.
 */
int exact_change_copy(const struct exact_change *from, size_t people,
		      struct exact_change *ret_change)
{
	int r = start_change(people, ret_change);

	if (r)
		return r;
	ret_change->removals = calloc(from->n + 1, sizeof(*from->removals));
	if (!ret_change->removals)
		return -ENOMEM;
	for (size_t i = 0; i < from->n; i++)
		ret_change->removals[i] = from->removals[i];
	ret_change->n = from->n;
	ret_change->span = from->span;
	memcpy(ret_change->kept, from->kept, people * sizeof(*from->kept));
	memcpy(ret_change->touched, from->touched, people * sizeof(*from->touched));
	return range_set_fill(&ret_change->lost, from->lost.ranges, from->lost.n) ?
		       -ENOMEM :
		       0;
}

void exact_ranges_cleanup(struct exact_ranges *wanted)
{
	free(wanted->ranges);
	free(wanted->starts);
	*wanted = (struct exact_ranges){ 0 };
}

void exact_change_cleanup(struct exact_change *change)
{
	free(change->removals);
	free(change->kept);
	free(change->touched);
	range_set_clear(&change->lost);
	*change = (struct exact_change){ 0 };
}
