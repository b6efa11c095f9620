/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * whitespace: what the name service skips in its files, isspace(3) without a locale.
 */
#ifndef SUBID_WHITESPACE_H
#define SUBID_WHITESPACE_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether a byte is whitespace within a line; a newline is not. */
static inline bool whitespace_is(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r';
}

/* Counts the whitespace at the begin of @text. */
static inline size_t whitespace_count(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && whitespace_is(text[n]))
		n++;
	return n;
}

#endif
