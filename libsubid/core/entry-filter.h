/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry-filter: which lines of a large database are worth reading.
 *
 * Invariant: exact for every line that is an entry. What is no entry may pass: whoever
 * asks confirms with entry_parse().
 */
#ifndef SUBID_ENTRY_FILTER_H
#define SUBID_ENTRY_FILTER_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libsubid/core/range.h"

/* Digits that are read at once, and what a number of so many is below. */
#define ENTRY_BLOCK	  8
#define ENTRY_BLOCK_LIMIT 100000000

/* How far back from its end a line is looked at: a count of a block, a start of a block
 * and two, and the byte before each of them. */
#define ENTRY_FILTER_BYTES (ENTRY_BLOCK + 1 + ENTRY_BLOCK + 2 + 1)

/* Digits at the end of something: each of a byte's value, the last in the highest byte.
 */
struct entry_digits {
	uint64_t bytes; /* others are before them, if n < ENTRY_BLOCK */
	size_t n;
};

/*
 * Finds the digits before @end, ENTRY_BLOCK of them at the most; so many bytes must be
 * there. They seem too few where a byte before them is above 0xc9, which no colon is.
 */
static inline struct entry_digits entry_digits_before(const char *end)
{
	uint64_t bytes, others;

	memcpy(&bytes, end - ENTRY_BLOCK, ENTRY_BLOCK);
	/* A digit becomes its value, anything else more than 9. */
	bytes = le64toh(bytes) ^ 0x3030303030303030;
	others = ((bytes + 0x0606060606060606) | bytes) & 0xf0f0f0f0f0f0f0f0;
	return (struct entry_digits){ bytes, others ?
						     (size_t)__builtin_clzll(others) / 8 :
						     ENTRY_BLOCK };
}

static inline bool entry_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/*
 * Tells of a line of ENTRY_FILTER_BYTES at least, by its end, whether a look at its
 * highest digits is enough to say that no id of @range is in it: start and count cannot
 * be further from them than the lower digits allow.
 */
static inline bool entry_is_far(const char *end, struct range range)
{
	const char *at = end - entry_digits_before(end).n - 1;
	uint64_t top = 0;
	size_t n;

	if (*at != ':')
		return false;
	n = entry_digits_before(at).n;
	at -= n;
	if (n == ENTRY_BLOCK && entry_is_digit(at[-1])) {
		top = (uint64_t)(*--at - '0');
		if (entry_is_digit(at[-1]))
			top += 10 * (uint64_t)(*--at - '0');
		top *= ENTRY_BLOCK_LIMIT;
	}
	return at[-1] == ':' &&
	       (top >= range.end || top + 2 * ENTRY_BLOCK_LIMIT <= range.start);
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
	if (len >= ENTRY_FILTER_BYTES && entry_is_far(line + len, range))
		return false;
	return entry_look_closer(line, len, range);
}

#endif
