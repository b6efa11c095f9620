/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * num: the one reader and the one writer of numbers.
 */
#ifndef SUBID_NUM_H
#define SUBID_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NUM_MALFORMED = 1, /* not `0`, not digits beginning with 1-9 */
	NUM_TOO_BIG,	   /* a number, but above the maximum */
};

/* So many digits do not overflow. */
#define NUM_DIGITS_SAFE 19

/* Bytes that num_format() may write: 20 digits of 2^64-1. */
#define NUM_BYTES 20

/*
 * Reads the number that @text begins with, in its one spelling. Returns where it ends:
 * @text, if there is none.
 *
 * *ret_value is meaningful if the number has NUM_DIGITS_SAFE digits at the most.
 */
static inline const char *num_read(const char *text, const char *end, uint64_t *ret_value)
{
	const char *at = text;
	uint64_t value = 0;

	/* The one number that begins with 0. */
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

/* A number that is not in its one spelling. */
struct num_strtoul {
	uint64_t value; /* with a minus, what is left of it modulo 2^64 */
	bool negative;
};

const char *num_strtoul(const char *text, const char *end, unsigned base,
			struct num_strtoul *ret_number);
int num_parse(const char *text, size_t len, uint64_t max, uint64_t *ret_value);
size_t num_format(uint64_t value, char out[static NUM_BYTES]);

#endif
