// SPDX-License-Identifier: BSD-3-Clause
/*
 * starts: passes over lines that cannot be meant, many bytes at a time.
 *
 * Invariant: a filter. A line that begins as it should is never passed over; one that is
 * told need not be meant. Vectors are the compiler's, so there is one source for all
 * machines, and each of them is loaded from within the text.
 */
#include <stdint.h>
#include <string.h>

#include "libsubid/core/starts.h"

typedef unsigned char vector __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* How far behind a vector is read: a newline there has all of its line's start. */
#define AHEAD STARTS_BYTES

/*
 * Sets how a line of @owner begins: with its name, of @len bytes, one at least, and a
 * colon. Thread-safe.
 */
void start_set(struct start *ret_start, const char *owner, size_t len)
{
	struct start start = { .bytes = { 0 } };
	char counts[STARTS_BYTES] = { 0 };
	size_t n = len < STARTS_BYTES ? len : STARTS_BYTES;

	memcpy(start.bytes, owner, n);
	if (n < STARTS_BYTES)
		start.bytes[n++] = ':';
	memset(counts, 0xff, n);
	memcpy(&start.mask, counts, sizeof(start.mask));
	*ret_start = start;
}

static bool start_match(const struct start *start, const char *line)
{
	uint64_t bytes, expected;

	memcpy(&bytes, line, sizeof(bytes));
	memcpy(&expected, start->bytes, sizeof(expected));
	return ((bytes ^ expected) & start->mask) == 0;
}

/*
 * Tells whether one of the bytes of a vector from @text on is a newline behind which a
 * line begins with the right two bytes.
 */
static bool any_match(const struct starts *starts, const char *text)
{
	vector newline, first, second, either, other;
	halves match;

	memcpy(&newline, text, sizeof(newline));
	memcpy(&first, text + 1, sizeof(first));
	memcpy(&second, text + 2, sizeof(second));
	either = (vector)(first == (unsigned char)starts->either.bytes[0]) &
		 (vector)(second == (unsigned char)starts->either.bytes[1]);
	other = (vector)(first == (unsigned char)starts->other.bytes[0]) &
		(vector)(second == (unsigned char)starts->other.bytes[1]);
	match = (halves)((vector)(newline == '\n') & (either | other));
	return (match[0] | match[1]) != 0;
}

/* Tells whether a line begins as it should. STARTS_BYTES must be there. Thread-safe. */
bool starts_match(const struct starts *starts, const char *line)
{
	return start_match(&starts->either, line) || start_match(&starts->other, line);
}

/* The same byte by byte: the first newline from @at on and before @end, or @end. */
static size_t find_newline(const struct starts *starts, const char *text, size_t len,
			   size_t at, size_t end)
{
	for (; at < end; at++)
		if (text[at] == '\n' &&
		    (len - at <= AHEAD || starts_match(starts, text + at + 1)))
			return at;
	return end;
}

/*
 * Finds the first newline of @text behind which a line begins as it should, or so near
 * the end that this cannot be told: within STARTS_BYTES. Returns its offset, or @len
 * where there is none. Thread-safe.
 */
size_t starts_find(const struct starts *starts, const char *text, size_t len)
{
	size_t at = 0;

	for (; len - at >= sizeof(vector) + AHEAD; at += sizeof(vector)) {
		size_t end = at + sizeof(vector), found;

		if (!any_match(starts, text + at))
			continue;
		found = find_newline(starts, text, len, at, end);
		if (found < end)
			return found;
	}
	return find_newline(starts, text, len, at, len);
}
