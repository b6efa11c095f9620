// SPDX-License-Identifier: BSD-3-Clause
/*
 * num: reads and writes decimal numbers.
 *
 * strtoul(3) accepts signs, whitespace, octal and hexadecimal, and the programs that read
 * the databases disagree about these: one reads 0100000 as 32768, another as 100000. Here
 * a number has only one spelling, the one that num_format() writes.
 */
#include <string.h>

#include "libsubid/core/num.h"
#include "libsubid/core/passwd.h"

/*
 * Reads the whole of @text as a number.
 *
 * text, len: need not be terminated. max: the largest accepted value.
 * Returns 0, NUM_MALFORMED or NUM_TOO_BIG; *ret_value is written only with 0.
 * Thread-safe.
 */
int num_parse(const char *text, size_t len, uint64_t max, uint64_t *ret_value)
{
	static const char largest[] = "18446744073709551615";
	const size_t digits = sizeof(largest) - 1;
	uint64_t value;

	if (len == 0 || num_read(text, text + len, &value) != text + len)
		return NUM_MALFORMED;
	if (len > digits || (len == digits && memcmp(text, largest, digits) > 0) ||
	    value > max)
		return NUM_TOO_BIG;

	*ret_value = value;
	return 0;
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

/* Finds the base; skips `0x` and, as glibc does since 2.38, `0b`. */
static unsigned find_base(const char **text, const char *end)
{
	int mark = end - *text > 2 && **text == '0' ? (*text)[1] : '\0';
	unsigned base = mark == 'x' || mark == 'X' ? 16 :
			mark == 'b' || mark == 'B' ? 2 :
						     0;

	if (base == 0 || digit_value((*text)[2]) >= base)
		return *text < end && **text == '0' ? 8 : 10;
	*text += 2;
	return base;
}

/*
 * Reads a number at the begin of @text as strtoul(3) does: after whitespace, with a sign
 * and leading zeros; with base 0 also octal, hexadecimal and binary. Only for what other
 * programs read; see num_parse().
 *
 * base: 10 or 0. Returns the end of the number; NULL if there is none or it exceeds 64
 * bits. Thread-safe.
 */
const char *num_strtoul(const char *text, const char *end, unsigned base,
			struct num_strtoul *ret_number)
{
	struct num_strtoul number = { .value = 0 };
	const char *digits;

	text += whitespace_count(text, (size_t)(end - text));
	number.negative = text < end && *text == '-';
	text += text < end && (*text == '-' || *text == '+');
	if (base == 0)
		base = find_base(&text, end);
	for (digits = text; text < end && digit_value(*text) < base; text++)
		if (__builtin_mul_overflow(number.value, base, &number.value) ||
		    __builtin_add_overflow(number.value, digit_value(*text),
					   &number.value))
			return NULL;
	if (text == digits)
		return NULL;
	if (number.negative)
		number.value = -number.value;
	*ret_number = number;
	return text;
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
