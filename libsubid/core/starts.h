/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * starts: finds the lines of a text that begin with one of two prefixes.
 */
#ifndef SUBID_STARTS_H
#define SUBID_STARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest prefix; with the colon it distinguishes almost all owners. */
#define STARTS_BYTES 8

/* A prefix of a line: the owner, cut off, and the colon if there is room. */
struct start {
	char bytes[STARTS_BYTES];
	uint64_t mask; /* selects the bytes to compare */
};

/* The prefixes to search for; they may be equal. */
struct starts {
	struct start either;
	struct start other;
};

void start_set(struct start *ret_start, const char *owner, size_t len);
bool starts_match(const struct starts *starts, const char *line);
size_t starts_find(const struct starts *starts, const char *text, size_t len);

#endif
