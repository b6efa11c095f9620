/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * starts: which lines of a text begin in one of two ways.
 */
#ifndef SUBID_STARTS_H
#define SUBID_STARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much of a line is compared at the most: with the colon it tells apart almost all
 * owners. */
#define STARTS_BYTES 8

/* How a line begins: a bounded part of the owner, and the colon if there is room. */
struct start {
	char bytes[STARTS_BYTES];
	uint64_t mask; /* of these bytes, those that count */
};

/* The two kinds of lines that are looked for; they may be the same. */
struct starts {
	struct start either;
	struct start other;
};

void start_set(struct start *ret_start, const char *owner, size_t len);
bool starts_match(const struct starts *starts, const char *line);
size_t starts_find(const struct starts *starts, const char *text, size_t len);

#endif
