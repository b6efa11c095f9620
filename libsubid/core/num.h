/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * num: the one reader and the one writer of numbers.
 */
#ifndef SUBID_NUM_H
#define SUBID_NUM_H

#include <stddef.h>
#include <stdint.h>

enum {
	NUM_MALFORMED = 1, /* not `0`, not digits beginning with 1-9 */
	NUM_TOO_BIG,	   /* a number, but above the maximum */
};

/* Bytes that num_format() may write: 20 digits of 2^64-1. */
#define NUM_BYTES 20

int num_parse(const char *text, size_t len, uint64_t max, uint64_t *ret_value);
size_t num_format(uint64_t value, char out[static NUM_BYTES]);

#endif
