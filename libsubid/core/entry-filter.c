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

/* Digits that are read at once; and the place of the first one of a start. */
#define BLOCK		8
#define START_PLACE_MAX 1000000000

/* The number that eight digits are, each of a byte's value, the first in the lowest byte.
 */
static uint64_t join_digits(uint64_t digits)
{
	digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ff;
	digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffff;
	return (digits * 10000 + (digits >> 32)) & 0x00000000ffffffff;
}

/* Digits at the end of something: their number and how many they are. */
struct digits {
	uint64_t value;
	size_t n;
};

/*
 * Reads the digits before @end, BLOCK of them at the most; so many bytes must be there.
 * They seem too few where a byte before them is above 0xc9, which no colon is.
 */
static inline struct digits digits_before(const char *end)
{
	uint64_t bytes, others;
	size_t n;

	memcpy(&bytes, end - BLOCK, BLOCK);
	/* A digit becomes its value, anything else more than 9. */
	bytes = le64toh(bytes) ^ 0x3030303030303030;
	others = ((bytes + 0x0606060606060606) | bytes) & 0xf0f0f0f0f0f0f0f0;
	n = others ? (size_t)__builtin_clzll(others) / 8 : BLOCK;
	if (n == 0)
		return (struct digits){ 0, 0 };
	return (struct digits){ join_digits(bytes & (UINT64_MAX << (8 * (BLOCK - n)))),
				n };
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

/* Byte by byte from the first colon on, for a line that is not as almost all lines are.
 */
static __attribute__((noinline)) bool look_forwards(const char *line, size_t len,
						    struct range range)
{
	const char *end = line + len, *at = memchr(line, ':', len);
	uint64_t start, count;

	if (!at)
		return false;
	at = skip_number(at + 1, end, &start);
	if (at == end || *at != ':')
		return false;
	at = skip_number(at + 1, end, &count);
	return at == end && start < range.end && range.start < start + count;
}

/*
 * Tells whether the line may be an entry with ids of @range. False is certain; true is
 * for entry_parse() to confirm. Passes over a large database ask this first, since few
 * lines are near and parsing them all costs several times as much.
 *
 * Start and count are read from the end of the line: no byte of the owner is looked at,
 * and numbers of many lines have the same length, which a processor foresees.
 * Thread-safe.
 */
bool entry_may_overlap(const char *line, size_t len, struct range range)
{
	const char *at = line + len;
	struct digits count, start;

	if (len < BLOCK)
		return look_forwards(line, len, range);
	count = digits_before(at);
	at -= count.n;
	if (count.n == 0 || count.n == BLOCK || at[-1] != ':' || --at - line < BLOCK)
		return look_forwards(line, len, range);
	start = digits_before(at);
	at -= start.n;
	if (start.n == BLOCK)
		for (uint64_t place = 100000000; place <= START_PLACE_MAX && at > line &&
						 at[-1] >= '0' && at[-1] <= '9';
		     place *= 10)
			start.value += place * (uint64_t)(*--at - '0');
	if (start.n == 0 || at == line || at[-1] != ':')
		return look_forwards(line, len, range);
	return start.value < range.end && range.start < start.value + count.value;
}
