/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * blanks: what the name service passes over in its files, isspace(3) without a locale.
 */
#ifndef SUBID_BLANKS_H
#define SUBID_BLANKS_H

#include <stddef.h>

/* Counts the blanks that @text begins with; of a line, so no newline is among them. */
static inline size_t blanks_count(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (text[n] == ' ' || text[n] == '\t' || text[n] == '\f' ||
			   text[n] == '\v' || text[n] == '\r'))
		n++;
	return n;
}

#endif
