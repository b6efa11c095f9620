/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * range: ranges of ids, and sets of ranges.
 */
#ifndef SUBID_RANGE_H
#define SUBID_RANGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Half-open: start is the first id, end is one past the last. 0 <= start < end <= 2^32.
 * Make ranges from untrusted numbers only with range_make().
 */
struct range {
	uint64_t start;
	uint64_t end;
};

enum {
	RANGE_EMPTY = 1, /* count 0 */
	RANGE_BEYOND,	 /* start or end beyond 2^32 */
	RANGE_MALFORMED, /* not `FIRST-LAST` in plain decimal numbers */
};

int range_make(uint64_t start, uint64_t count, struct range *ret_range);
int range_parse_text(const char *text, size_t len, struct range *ret_range);
int range_parse(const char *text, struct range *ret_range);
struct range range_span(struct range span, struct range range);
bool range_intersect(struct range a, struct range b, struct range *ret_common);

static inline uint64_t range_count(struct range range)
{
	return range.end - range.start;
}

/*
 * How many ids a range has, for subid.h and plugins. Where unsigned long has 32 bits,
 * 2^32 is one too many for it: then the last id, 4294967295, is left out, which is never
 * a user or a group.
 */
static inline unsigned long range_count_long(struct range range)
{
	uint64_t count = range_count(range);

	return (unsigned long)count == count ? (unsigned long)count : ULONG_MAX;
}

static inline bool range_contains(struct range range, uint64_t id)
{
	return range.start <= id && id < range.end;
}

static inline bool range_equals(struct range a, struct range b)
{
	return a.start == b.start && a.end == b.end;
}

static inline bool range_overlaps(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

/*
 * A set of ids: ranges in ascending order that neither overlap nor touch.
 * `max` bounds the number of ranges and so the memory.
 */
struct range_set {
	struct range *ranges;
	size_t n;
	size_t allocated;
	size_t max;
	bool lent; /* `ranges` is the caller's, until more are needed */
};

enum {
	/* The set would need more than `max` ranges; it is unchanged. */
	RANGE_SET_FULL = 1,
};

#define RANGE_SET(max_ranges)       \
	{                           \
		.max = (max_ranges) \
	}

/* The same, without memory of its own as long as an array of the caller is enough. */
#define RANGE_SET_IN(array, max_ranges)                                             \
	{                                                                           \
		.ranges = (array), .allocated = sizeof(array) / sizeof((array)[0]), \
		.max = (max_ranges), .lent = true                                   \
	}

int range_compare(const void *a, const void *b);
struct range_set *range_set_clear(struct range_set *set);
int range_set_add(struct range_set *set, struct range range);
int range_set_fill(struct range_set *set, const struct range *ranges, size_t n);
int range_set_keep(struct range_set *set, const struct range_set *other);
int range_set_subtract(struct range_set *set, struct range range);
bool range_set_overlaps(const struct range_set *set, struct range range);
bool range_set_intersect(const struct range_set *set, struct range range,
			 struct range *ret_common);
bool range_set_covers(const struct range_set *set, struct range range);

static inline void range_set_cleanup(struct range_set *set)
{
	range_set_clear(set);
}

#endif
