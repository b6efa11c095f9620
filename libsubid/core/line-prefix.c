// SPDX-License-Identifier: BSD-3-Clause
/*
 * line-prefix: skips lines that cannot match, many bytes at a time.
 *
 * Invariant: a line with one of the prefixes is never skipped; a line that is found need
 * not match. It uses vectors of the compiler, so the source is the same for all machines,
 * and loads them only from within the text.
 */
#include <stdint.h>
#include <string.h>

#include "libsubid/core/line-prefix.h"

typedef unsigned char vector __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* Bytes that must follow a vector: its last newline may precede a whole prefix. */
#define AHEAD STARTS_BYTES

/*
 * Sets the prefix of the lines of @owner: its name, of at least one byte, and a colon.
 * Thread-safe.
 */
void start_set(struct line_prefix *ret_start, const char *owner, size_t len)
{
	struct line_prefix start = { .bytes = { 0 } };
	char counts[STARTS_BYTES] = { 0 };
	size_t n = len < STARTS_BYTES ? len : STARTS_BYTES;

	memcpy(start.bytes, owner, n);
	if (n < STARTS_BYTES)
		start.bytes[n++] = ':';
	memset(counts, 0xff, n);
	memcpy(&start.mask, counts, sizeof(start.mask));
	*ret_start = start;
}

static bool start_match(const struct line_prefix *start, const char *line)
{
	uint64_t bytes, expected;

	memcpy(&bytes, line, sizeof(bytes));
	memcpy(&expected, start->bytes, sizeof(expected));
	return ((bytes ^ expected) & start->mask) == 0;
}

/*
 * Checks whether a vector at @text has a newline that is followed by the first two bytes
 * of a prefix.
 */
static bool any_match(const struct line_prefixes *starts, const char *text)
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

/* Returns whether a line has a prefix. STARTS_BYTES must be readable. Thread-safe. */
bool line_prefixes_match(const struct line_prefixes *starts, const char *line)
{
	return start_match(&starts->either, line) || start_match(&starts->other, line);
}

/* As line_prefixes_find(), byte by byte, from @at to @end; @end if there is none. */
static size_t find_newline(const struct line_prefixes *starts, const char *text,
			   size_t len, size_t at, size_t end)
{
	for (; at < end; at++)
		if (text[at] == '\n' &&
		    (len - at <= AHEAD || line_prefixes_match(starts, text + at + 1)))
			return at;
	return end;
}

/*
 * Finds the first newline of @text before a line with one of the prefixes, or within
 * STARTS_BYTES of the end, where this is unknown. Returns its offset, or @len if there is
 * none. Thread-safe.
 */
size_t line_prefixes_find(const struct line_prefixes *starts, const char *text,
			  size_t len)
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
