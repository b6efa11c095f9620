// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry-filter: which lines of a large database are worth reading.
 *
 * Invariant: exact for every line that is an entry. What is no entry may pass: whoever
 * asks confirms with entry_parse().
 */
#include <endian.h>
#include <string.h>

#include "libsubid/core/entry.h"

/* Digits that are read at once, and how many more of them a start may have. */
#define BLOCK	   8
#define START_MORE 4

/* The number that eight digits are, each of a byte's value, the first in the lowest byte.
 */
static uint64_t join_digits(uint64_t digits)
{
	digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ff;
	digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffff;
	return (digits * 10000 + (digits >> 32)) & 0x00000000ffffffff;
}

/*
 * Reads the digits before @end, BLOCK of them at the most; so many bytes must be there.
 * Returns how many there are: too few where a byte before them is above 0xc9, which no
 * colon is.
 */
static size_t digits_before(const char *end, uint64_t *ret_value)
{
	uint64_t bytes, others;
	size_t n;

	memcpy(&bytes, end - BLOCK, BLOCK);
	/* A digit becomes its value, anything else more than 9. */
	bytes = le64toh(bytes) ^ 0x3030303030303030;
	others = ((bytes + 0x0606060606060606) | bytes) & 0xf0f0f0f0f0f0f0f0;
	n = others ? (size_t)__builtin_clzll(others) / 8 : BLOCK;
	*ret_value = n > 0 ? join_digits(bytes & (UINT64_MAX << (8 * (BLOCK - n)))) : 0;
	return n;
}

/*
 * Reads start and count from the end of the line: no byte of the owner is looked at, and
 * numbers of many lines have the same length, which a processor foresees.
 * Returns false where the line is not as almost all lines are.
 */
static bool read_backwards(const char *line, size_t len, uint64_t *ret_start,
			   uint64_t *ret_count)
{
	const char *end = line + len;
	uint64_t start, count, place = 100000000;
	size_t n, more = 0;

	if (len < BLOCK)
		return false;
	n = digits_before(end, &count);
	end -= n;
	if (n == 0 || n == BLOCK || end[-1] != ':' || --end - line < BLOCK)
		return false;
	n = digits_before(end, &start);
	end -= n;
	for (; n == BLOCK && more < START_MORE && end > line && end[-1] >= '0' &&
	       end[-1] <= '9';
	     more++, end--, place *= 10)
		start += place * (uint64_t)(end[-1] - '0');
	if (n == 0 || end == line || end[-1] != ':')
		return false;
	*ret_start = start;
	*ret_count = count;
	return true;
}

static const char *skip_number(const char *text, const char *end, uint64_t *ret_value)
{
	uint64_t value = 0;

	/* Wraps only with more digits than an entry may have. */
	for (; text < end && *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	*ret_value = value;
	return text;
}

static bool read_forwards(const char *line, size_t len, uint64_t *ret_start,
			  uint64_t *ret_count)
{
	const char *end = line + len, *at = memchr(line, ':', len);

	if (!at)
		return false;
	at = skip_number(at + 1, end, ret_start);
	if (at == end || *at != ':')
		return false;
	return skip_number(at + 1, end, ret_count) == end;
}

/*
 * Tells whether the line may be an entry with ids of @range. False is certain; true is
 * for entry_parse() to confirm. Passes over a large database ask this first, since few
 * lines are near and parsing them all costs several times as much. Thread-safe.
 */
bool entry_may_overlap(const char *line, size_t len, struct range range)
{
	uint64_t start, count;

	if (!read_backwards(line, len, &start, &count) &&
	    !read_forwards(line, len, &start, &count))
		return false;
	return start < range.end && range.start < start + count;
}
