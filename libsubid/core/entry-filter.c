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

/* Digits that are read at once; what follows from how many there are. */
#define BLOCK	    8
#define BLOCK_LIMIT 100000000 /* of a number of so many digits, */
#define COUNT_LIMIT 10000000  /* of one of fewer */

/* Digits at the end of something: each of a byte's value, the last in the highest byte.
 */
struct digits {
	uint64_t bytes; /* others are before them, if n < BLOCK */
	size_t n;
};

/*
 * Finds the digits before @end, BLOCK of them at the most; so many bytes must be there.
 * They seem too few where a byte before them is above 0xc9, which no colon is.
 */
static inline struct digits digits_before(const char *end)
{
	uint64_t bytes, others;

	memcpy(&bytes, end - BLOCK, BLOCK);
	/* A digit becomes its value, anything else more than 9. */
	bytes = le64toh(bytes) ^ 0x3030303030303030;
	others = ((bytes + 0x0606060606060606) | bytes) & 0xf0f0f0f0f0f0f0f0;
	return (struct digits){ bytes,
				others ? (size_t)__builtin_clzll(others) / 8 : BLOCK };
}

/* The number that digits are, of which there is one at least. */
static inline uint64_t digits_join(struct digits digits)
{
	uint64_t value = digits.bytes & (UINT64_MAX << (8 * (BLOCK - digits.n)));

	value = (value * 10 + (value >> 8)) & 0x00ff00ff00ff00ff;
	value = (value * 100 + (value >> 16)) & 0x0000ffff0000ffff;
	return (value * 10000 + (value >> 32)) & 0x00000000ffffffff;
}

static inline bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/*
 * What the digits before a block of them are worth, of which a start may have two; steps
 * over them.
 */
static inline uint64_t digits_above(const char *line, const char **at)
{
	uint64_t value = 0, place = BLOCK_LIMIT;

	for (int i = 0; i < 2 && *at > line && is_digit((*at)[-1]); i++, place *= 10)
		value += (uint64_t)(*--*at - '0') * place;
	return value;
}

static const char *skip_number(const char *text, const char *end, uint64_t *ret_value)
{
	uint64_t value = 0;

	/* Wraps only with more digits than an entry may have. */
	for (; text < end && is_digit(*text); text++)
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
 * and numbers of many lines have the same length, which a processor foresees. Of most
 * lines the length and the highest digits are enough: a number cannot be further from
 * them than the lower ones allow. Thread-safe.
 */
bool entry_may_overlap(const char *line, size_t len, struct range range)
{
	const char *at = line + len;
	struct digits count, start;
	uint64_t value = 0;

	if (len < BLOCK)
		return look_forwards(line, len, range);
	count = digits_before(at);
	at -= count.n;
	if (count.n == 0 || count.n == BLOCK || at[-1] != ':' || --at - line < BLOCK)
		return look_forwards(line, len, range);
	start = digits_before(at);
	at -= start.n;
	if (start.n == BLOCK)
		value = digits_above(line, &at);
	if (start.n == 0 || at == line || at[-1] != ':')
		return look_forwards(line, len, range);
	if (value >= range.end || value + BLOCK_LIMIT + COUNT_LIMIT <= range.start)
		return false;
	value += digits_join(start);
	return value < range.end && range.start < value + digits_join(count);
}
