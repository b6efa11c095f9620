// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry-filter: the lines that are near, or short; and reading them where they are as
 * almost all are.
 *
 * Invariant: what is read here entry_parse() would read in the same way; where that is
 * not plain, it is left to it.
 */
#include <string.h>

#include "libsubid/core/entry-filter.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"

#define BLOCK	    ENTRY_BLOCK
#define BLOCK_LIMIT ENTRY_BLOCK_LIMIT

/* The number that digits are, of which there is one at least. */
static inline uint64_t digits_join(struct entry_digits digits)
{
	uint64_t value = digits.bytes & (UINT64_MAX << (8 * (BLOCK - digits.n)));

	value = (value * 10 + (value >> 8)) & 0x00ff00ff00ff00ff;
	value = (value * 100 + (value >> 16)) & 0x0000ffff0000ffff;
	return (value * 10000 + (value >> 32)) & 0x00000000ffffffff;
}

/*
 * What the digits before a block of them are worth, of which a start may have two; steps
 * over them.
 */
static inline uint64_t digits_above(const char *line, const char **at)
{
	uint64_t value = 0, place = BLOCK_LIMIT;

	for (int i = 0; i < 2 && *at > line && entry_is_digit((*at)[-1]);
	     i++, place *= 10)
		value += (uint64_t)(*--*at - '0') * place;
	return value;
}

static const char *skip_number(const char *text, const char *end, uint64_t *ret_value)
{
	uint64_t value = 0;

	/* Wraps only with more digits than an entry may have. */
	for (; text < end && entry_is_digit(*text); text++)
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

/* Where the numbers of a line are, and what they are made of. */
struct numbers {
	const char *start_text;
	const char *count_text;
	uint64_t start;
	uint64_t count;
};

/*
 * Reads start and count from the end of a line. False: it is not as almost all lines are,
 * of BLOCK bytes before the second colon and with fewer digits than that in the count.
 */
static inline bool read_backwards(const char *line, size_t len, struct numbers *ret)
{
	const char *at = line + len;
	struct entry_digits count, start;
	uint64_t above = 0;

	if (len < BLOCK)
		return false;
	count = entry_digits_before(at);
	at -= count.n;
	if (count.n == 0 || count.n == BLOCK || at[-1] != ':' || at - 1 - line < BLOCK)
		return false;
	ret->count_text = at--;
	start = entry_digits_before(at);
	at -= start.n;
	if (start.n == BLOCK)
		above = digits_above(line, &at);
	if (start.n == 0 || at == line || at[-1] != ':')
		return false;
	ret->start_text = at;
	ret->start = above + digits_join(start);
	ret->count = digits_join(count);
	return true;
}

/* As entry_may_overlap(), by all digits. Thread-safe. */
bool entry_look_closer(const char *line, size_t len, struct range range)
{
	struct numbers numbers;

	if (!read_backwards(line, len, &numbers))
		return look_forwards(line, len, range);
	return numbers.start < range.end && range.start < numbers.start + numbers.count;
}

/*
 * Whether each byte is ASCII, above a blank, and neither a colon nor DEL. A sum carries
 * into the next byte only where one has its highest bit, and then the answer is no.
 */
static inline bool are_usual(uint64_t bytes)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	uint64_t above_blank = bytes + (0x7f - ' ') * ones;
	uint64_t no_colon = (bytes ^ ':' * ones) + 0x7f * ones;
	uint64_t del = bytes + ones;

	return (above_blank & no_colon & ~(del | bytes) & high) == high;
}

/* Whether the first bytes of a line, which has BLOCK at least, are a usual login name. */
static inline bool begins_with_name(const char *line, size_t len)
{
	uint64_t bytes;

	if (len == 0 || len > LIMIT_OWNER_BYTES || entry_is_digit(line[0]) ||
	    line[0] == '#' || line[0] == '+' || line[0] == '-')
		return false;
	for (size_t i = 0; i + BLOCK <= len; i += BLOCK) {
		memcpy(&bytes, line + i, BLOCK);
		if (!are_usual(bytes))
			return false;
	}
	if (len >= BLOCK) {
		/* What is left, and some of what was seen. */
		memcpy(&bytes, line + len - BLOCK, BLOCK);
		return are_usual(bytes);
	}
	/* Bytes behind the name become a usual one. */
	memcpy(&bytes, line, BLOCK);
	bytes = le64toh(bytes) << (8 * (BLOCK - len));
	return are_usual(bytes | (0x7878787878787878 >> (8 * len)));
}

/*
 * Reads a line as almost all lines are: a login name in plain ASCII, and numbers of a
 * usual length. True: *ret_entry is what entry_parse() would write. False: it is for
 * entry_parse() to say what the line is. A pass that reads every line asks this first; it
 * takes numbers and names eight bytes at a time. Thread-safe.
 */
bool entry_parse_usual(const char *line, size_t len, struct entry *ret_entry)
{
	struct numbers numbers;
	size_t owner_len;

	if (!read_backwards(line, len, &numbers))
		return false;
	owner_len = (size_t)(numbers.start_text - 1 - line);
	/* A number that begins with 0 is none, or not worth it. */
	if (*numbers.start_text == '0' || *numbers.count_text == '0' ||
	    !begins_with_name(line, owner_len) ||
	    range_make(numbers.start, numbers.count, &ret_entry->range))
		return false;
	ret_entry->owner = line;
	ret_entry->owner_len = owner_len;
	ret_entry->by_id = false;
	ret_entry->owner_id = 0;
	return true;
}
