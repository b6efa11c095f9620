// SPDX-License-Identifier: BSD-3-Clause
/*
 * range: arithmetic with ranges and sets of ranges.
 *
 * Invariants: a range is half-open, never empty and never reaches beyond 2^32; the
 * ranges of a set ascend with a gap between neighbours. Sums are 64 bits wide, so
 * nothing here can wrap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/range.h"

/*
 * Makes a range of @count ids from @start on.
 * Returns 0, RANGE_EMPTY or RANGE_BEYOND; *ret_range is written only with 0.
 * Thread-safe.
 */
int range_make(uint64_t start, uint64_t count, struct range *ret_range)
{
	uint64_t end;

	if (count == 0)
		return RANGE_EMPTY;
	if (start >= ID_END || __builtin_add_overflow(start, count, &end) || end > ID_END)
		return RANGE_BEYOND;

	*ret_range = (struct range){ .start = start, .end = end };
	return 0;
}

/*
 * Reads `FIRST-LAST`, both inclusive.
 * Returns 0 or RANGE_MALFORMED; *ret_range is written only with 0. Thread-safe.
 */
int range_parse_text(const char *text, size_t len, struct range *ret_range)
{
	const char *dash = len > 0 ? memchr(text, '-', len) : NULL;
	size_t n = dash ? (size_t)(dash - text) : 0;
	uint64_t first, last;

	if (!dash || num_parse(text, n, ID_END - 1, &first) ||
	    num_parse(dash + 1, len - n - 1, ID_END - 1, &last) || first > last ||
	    range_make(first, last - first + 1, ret_range))
		return RANGE_MALFORMED;
	return 0;
}

/* The same for a string. */
int range_parse(const char *text, struct range *ret_range)
{
	return range_parse_text(text, strlen(text), ret_range);
}

/* Returns whether @a and @b share ids, and with true the shared ids. Thread-safe. */
bool range_intersect(struct range a, struct range b, struct range *ret_common)
{
	if (!range_overlaps(a, b))
		return false;

	*ret_common = (struct range){
		.start = a.start > b.start ? a.start : b.start,
		.end = a.end < b.end ? a.end : b.end,
	};
	return true;
}

/*
 * Returns the smallest range that covers @range and @span, which may be empty.
 * Thread-safe.
 */
struct range range_span(struct range span, struct range range)
{
	return (struct range){
		.start = span.end > 0 && span.start < range.start ? span.start :
								    range.start,
		.end = span.end > range.end ? span.end : range.end,
	};
}

/* Finds the first range that ends after @id. */
static size_t set_first_after(const struct range_set *set, uint64_t id)
{
	return BISECT(set->n, i, set->ranges[i].end > id);
}

/*
 * Replaces the @count ranges from @at on with the @n ranges of @with.
 * The set does not change unless it returns 0.
 */
static int set_replace(struct range_set *set, size_t at, size_t count,
		       const struct range *with, size_t n)
{
	size_t total = set->n - count + n;

	if (total > set->max)
		return RANGE_SET_FULL;
	if (total > set->allocated) {
		size_t allocated = total < 8 ? 8 : total + total / 2;
		struct range *ranges;

		if (allocated > set->max)
			allocated = set->max;
		ranges = reallocarray(set->lent ? NULL : set->ranges, allocated,
				      sizeof(*ranges));
		if (!ranges)
			return -ENOMEM;
		if (set->lent)
			memcpy(ranges, set->ranges, set->n * sizeof(*ranges));
		set->lent = false;
		set->ranges = ranges;
		set->allocated = allocated;
	}
	if (set->n > at + count)
		memmove(set->ranges + at + n, set->ranges + at + count,
			(set->n - at - count) * sizeof(*set->ranges));
	if (n > 0)
		memcpy(set->ranges + at, with, n * sizeof(*with));
	set->n = total;
	return 0;
}

/* Empties @set and frees its memory; `max` stays. Takes NULL. Returns NULL. */
struct range_set *range_set_clear(struct range_set *set)
{
	if (!set)
		return NULL;
	if (!set->lent)
		free(set->ranges);
	*set = (struct range_set)RANGE_SET(set->max);
	return NULL;
}

/*
 * Adds the ids of @range. Returns 0, RANGE_SET_FULL or -ENOMEM; the set changes only
 * with 0. A set belongs to one thread.
 */
int range_set_add(struct range_set *set, struct range range)
{
	/* Ranges that touch are joined, too. */
	size_t first = range.start > 0 ? set_first_after(set, range.start - 1) : 0;
	size_t last = first;

	while (last < set->n && set->ranges[last].start <= range.end) {
		if (set->ranges[last].start < range.start)
			range.start = set->ranges[last].start;
		if (set->ranges[last].end > range.end)
			range.end = set->ranges[last].end;
		last++;
	}
	return set_replace(set, first, last - first, &range, 1);
}

/* For qsort(3): compares two ranges by their first id. Thread-safe. */
int range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/*
 * Makes @set the union of @n ranges in any order, much faster than range_set_add() for
 * each.
 * Returns 0, RANGE_SET_FULL or -ENOMEM; the set changes only with 0. A set belongs to one
 * thread.
 */
int range_set_fill(struct range_set *set, const struct range *ranges, size_t n)
{
	struct range *sorted;
	size_t used = 0;

	sorted = reallocarray(NULL, n > 0 ? n : 1, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	if (n > 0)
		memcpy(sorted, ranges, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), range_compare);
	for (size_t i = 0; i < n; i++) {
		struct range *last = used > 0 ? &sorted[used - 1] : NULL;

		if (last && sorted[i].start <= last->end) {
			if (sorted[i].end > last->end)
				last->end = sorted[i].end;
		} else {
			sorted[used++] = sorted[i];
		}
	}
	if (used > set->max) {
		free(sorted);
		return RANGE_SET_FULL;
	}
	range_set_clear(set);
	set->ranges = sorted;
	set->n = used;
	set->allocated = n > 0 ? n : 1;
	return 0;
}

/*
 * Removes the ids of @range. Returns 0, RANGE_SET_FULL (no room to split a range) or
 * -ENOMEM; the set changes only with 0. A set belongs to one thread.
 */
int range_set_subtract(struct range_set *set, struct range range)
{
	size_t first = set_first_after(set, range.start);
	size_t last = first;
	struct range rest[2];
	size_t n = 0;

	while (last < set->n && set->ranges[last].start < range.end)
		last++;
	if (first == last)
		return 0;

	if (set->ranges[first].start < range.start)
		rest[n++] = (struct range){ set->ranges[first].start, range.start };
	if (set->ranges[last - 1].end > range.end)
		rest[n++] = (struct range){ range.end, set->ranges[last - 1].end };
	return set_replace(set, first, last - first, rest, n);
}

/*
 * Removes the ids that @other does not have. Returns 0, RANGE_SET_FULL or -ENOMEM; the
 * set changes only with 0. A set belongs to one thread.
 */
int range_set_keep(struct range_set *set, const struct range_set *other)
{
	size_t most = set->n + other->n, n = 0, j = 0;
	struct range *common = reallocarray(NULL, most > 0 ? most : 1, sizeof(*common));

	if (!common)
		return -ENOMEM;
	for (size_t i = 0; i < set->n && j < other->n;) {
		if (range_intersect(set->ranges[i], other->ranges[j], &common[n]))
			n++;
		if (set->ranges[i].end < other->ranges[j].end)
			i++;
		else
			j++;
	}
	if (n > set->max) {
		free(common);
		return RANGE_SET_FULL;
	}
	range_set_clear(set);
	set->ranges = common;
	set->n = n;
	set->allocated = most > 0 ? most : 1;
	return 0;
}

/* Returns whether @set holds any id of @range. Thread-safe while no thread writes. */
bool range_set_overlaps(const struct range_set *set, struct range range)
{
	size_t i = set_first_after(set, range.start);

	return i < set->n && set->ranges[i].start < range.end;
}

/*
 * Returns whether @set holds any id of @range, and with true the first run of them.
 * Thread-safe while no thread writes.
 */
bool range_set_intersect(const struct range_set *set, struct range range,
			 struct range *ret_common)
{
	size_t i = set_first_after(set, range.start);

	return i < set->n && range_intersect(set->ranges[i], range, ret_common);
}

/* Returns whether @set holds every id of @range. Thread-safe while no thread writes. */
bool range_set_covers(const struct range_set *set, struct range range)
{
	size_t i = set_first_after(set, range.start);

	return i < set->n && set->ranges[i].start <= range.start &&
	       set->ranges[i].end >= range.end;
}
