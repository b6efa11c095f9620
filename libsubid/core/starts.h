/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * starts: which lines of a text begin in one of two ways.
 */
#ifndef SUBID_STARTS_H
#define SUBID_STARTS_H

#include <stdbool.h>
#include <stddef.h>

/* Two bytes are enough to pass over almost every line of a large database. */
#define STARTS_BYTES 2

/* The first bytes of the two kinds of lines that are looked for; they may be the same. */
struct starts {
	char either[STARTS_BYTES];
	char other[STARTS_BYTES];
};

bool starts_match(const struct starts *starts, const char *line);
size_t starts_find(const struct starts *starts, const char *text, size_t len);

#endif
