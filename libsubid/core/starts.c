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

/* How far behind a vector is read. */
#define AHEAD STARTS_BYTES

/*
 * Tells whether one of the bytes of a vector from @text on is a newline behind which a
 * line begins as it should.
 */
static bool any_match(const struct starts *starts, const char *text)
{
	vector newline, first, second, either, other;
	halves match;

	memcpy(&newline, text, sizeof(newline));
	memcpy(&first, text + 1, sizeof(first));
	memcpy(&second, text + 2, sizeof(second));
	either = (vector)(first == (unsigned char)starts->either[0]) &
		 (vector)(second == (unsigned char)starts->either[1]);
	other = (vector)(first == (unsigned char)starts->other[0]) &
		(vector)(second == (unsigned char)starts->other[1]);
	match = (halves)((vector)(newline == '\n') & (either | other));
	return (match[0] | match[1]) != 0;
}

/* Tells whether a line begins as it should. STARTS_BYTES of it must be there.
 * Thread-safe. */
bool starts_match(const struct starts *starts, const char *line)
{
	return memcmp(line, starts->either, STARTS_BYTES) == 0 ||
	       memcmp(line, starts->other, STARTS_BYTES) == 0;
}

/*
 * Finds the first newline of @text behind which a line begins as it should, or so near
 * the end that this cannot be told. Returns its offset, or @len where there is none.
 * Thread-safe.
 */
size_t starts_find(const struct starts *starts, const char *text, size_t len)
{
	size_t at = 0;

	while (len - at >= sizeof(vector) + AHEAD && !any_match(starts, text + at))
		at += sizeof(vector);
	for (; at < len; at++)
		if (text[at] == '\n' &&
		    (len - at <= AHEAD || starts_match(starts, text + at + 1)))
			return at;
	return len;
}
