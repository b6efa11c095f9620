/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry-filter: which lines of a large database are worth reading.
 *
 * Invariant: exact for every line that is an entry. A line that is none may pass: the
 * caller confirms with entry_parse(), or with entry_readings_find().
 */
#ifndef SUBID_ENTRY_FILTER_H
#define SUBID_ENTRY_FILTER_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/range.h"

/* Digits that are read at once, and what a number of so many is below. */
#define ENTRY_BLOCK	  8
#define ENTRY_BLOCK_LIMIT 100000000

/* How far back from its end a line is looked at: a count of a block, a start of a block
 * and two, and the byte before each of them. */
#define ENTRY_FILTER_BYTES (ENTRY_BLOCK + 1 + ENTRY_BLOCK + 2 + 1)

/*
 * Counts the digits before @end, ENTRY_BLOCK of them at the most; so many bytes must be
 * there. They seem too few where a byte before them is above 0xc9, which no colon is.
 */
static inline size_t entry_count_digits(const char *end)
{
	uint64_t bytes, others;

	memcpy(&bytes, end - ENTRY_BLOCK, ENTRY_BLOCK);
	/* A digit becomes its value, anything else more than 9. */
	bytes = le64toh(bytes) ^ 0x3030303030303030;
	others = ((bytes + 0x0606060606060606) | bytes) & 0xf0f0f0f0f0f0f0f0;
	return others ? (size_t)__builtin_clzll(others) / 8 : ENTRY_BLOCK;
}

static inline bool entry_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/*
 * Tells of a line of ENTRY_FILTER_BYTES at least, by its end, whether a look at its
 * highest digits is enough to say that no id of @range is in it: start and count cannot
 * be further from them than the lower digits allow.
 *
 * all_readers: no program reads such an id, see entry-readers.h: the numbers have one
 * spelling and are ids, and there are no more fields.
 */
static inline bool entry_is_far(const char *line, const char *end, struct range range,
				bool all_readers)
{
	size_t n = entry_count_digits(end);
	const char *at = end - n - 1, *start;
	uint64_t top = 0;

	if (*at != ':' || n == 0 || (all_readers && at[1] == '0'))
		return false;
	n = entry_count_digits(at);
	start = at - n;
	if (n == ENTRY_BLOCK && entry_is_digit(start[-1])) {
		top = (uint64_t)(*--start - '0');
		if (entry_is_digit(start[-1]))
			top += 10 * (uint64_t)(*--start - '0');
		top *= ENTRY_BLOCK_LIMIT;
	}
	if (start[-1] != ':' ||
	    (top < range.end && top + 2 * ENTRY_BLOCK_LIMIT > range.start))
		return false;
	if (!all_readers)
		return true;
	n = (size_t)(start - 1 - line);
	return top + ENTRY_BLOCK_LIMIT <= ID_END && *start != '0' &&
	       !memchr(line, ':', n) && !memchr(line, '\0', n);
}

bool entry_look_closer(const char *line, size_t len, struct range range);

/*
 * Tells whether the line may be an entry with ids of @range. False is certain; true is
 * for entry_parse() to confirm. Passes over a large database ask this first, since few
 * lines are near and parsing them all costs several times as much.
 *
 * Start and count are read from the end of the line: no byte of the owner is looked at,
 * and numbers of many lines have the same length, which a processor foresees. Inline up
 * to where most lines end. Thread-safe.
 */
static inline bool entry_may_overlap(const char *line, size_t len, struct range range)
{
	if (len >= ENTRY_FILTER_BYTES && entry_is_far(line, line + len, range, false))
		return false;
	return entry_look_closer(line, len, range);
}

/*
 * As entry_may_overlap(), but a line that other programs may read in another way always
 * passes, for entry_readings_find() to say how. Thread-safe.
 */
static inline bool entry_readers_may_overlap(const char *line, size_t len,
					     struct range range)
{
	if (len >= ENTRY_FILTER_BYTES && entry_is_far(line, line + len, range, true))
		return false;
	return entry_look_closer(line, len, range);
}

#endif
