// SPDX-License-Identifier: BSD-3-Clause
/*
 * num: decimal numbers and nothing else.
 *
 * strtoul(3) takes signs, blanks, octal and hexadecimal, and the programs that
 * read the databases disagree about them: one reads 0100000 as 32768, another as
 * 100000. Here a number has exactly one spelling, the one that num_format() writes.
 */
#include <stdbool.h>

#include "libsubid/core/num.h"

/* So many digits cannot overflow; numbers of a database are no longer. */
#define DIGITS_SAFE 19

/*
 * Reads the whole of @text as a number.
 *
 * text, len: need not be terminated; not kept.
 * max: the largest value taken.
 * Returns 0, NUM_MALFORMED or NUM_TOO_BIG; *ret_value is written only with 0.
 * Thread-safe.
 */
int num_parse(const char *text, size_t len, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i;
	bool big = false;

	if (len == 0 || (text[0] == '0' && len > 1))
		return NUM_MALFORMED;

	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return NUM_MALFORMED;
		if (i < DIGITS_SAFE) {
			value = value * 10 + (uint64_t)(text[i] - '0');
			continue;
		}
		/* Goes on after an overflow: `99999999999999999999x` is malformed. */
		big |= __builtin_mul_overflow(value, 10U, &value);
		big |= __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value);
	}
	if (big || value > max)
		return NUM_TOO_BIG;

	*ret_value = value;
	return 0;
}

/*
 * Writes @value in decimal, without a terminating NUL. Returns the number of bytes.
 * Thread-safe.
 */
size_t num_format(uint64_t value, char out[static NUM_BYTES])
{
	char digits[NUM_BYTES];
	size_t n = 0, i;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);

	for (i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	return n;
}
