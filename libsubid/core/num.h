/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * num: reads and writes numbers.
 */
#ifndef SUBID_NUM_H
#define SUBID_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NUM_MALFORMED = 1, /* neither `0` nor digits that begin with 1-9 */
	NUM_TOO_BIG,	   /* a number above the maximum */
};

/* Numbers of so many digits fit into 64 bits. */
#define NUM_DIGITS_SAFE 19

/* Bytes that num_format() may write: 20 digits of 2^64-1. */
#define NUM_BYTES 20

/*
 * Reads a number in its one spelling at the begin of @text. Returns its end, or @text if
 * there is none.
 *
 * *ret_value is valid if the number has at most NUM_DIGITS_SAFE digits.
 */
static inline const char *num_read(const char *text, const char *end, uint64_t *ret_value)
{
	const char *at = text;
	uint64_t value = 0;

	/* Only the number 0 begins with 0. */
	if (at < end && *at == '0')
		end = at + 1;
	for (; at < end; at++) {
		unsigned digit = (unsigned char)*at - (unsigned)'0';

		if (digit > 9)
			break;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return at;
}

/* A number in any spelling. */
struct num_strtoul {
	uint64_t value; /* a negative number modulo 2^64 */
	bool negative;
};

const char *num_strtoul(const char *text, const char *end, unsigned base,
			struct num_strtoul *ret_number);
int num_parse(const char *text, size_t len, uint64_t max, uint64_t *ret_value);
size_t num_format(uint64_t value, char out[static NUM_BYTES]);

#endif
