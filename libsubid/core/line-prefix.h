/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * line-prefix: finds the lines of a text that begin with one of two prefixes.
 */
#ifndef SUBID_LINE_PREFIX_H
#define SUBID_LINE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest prefix; with the colon it distinguishes almost all owners. */
#define STARTS_BYTES 8

/* A prefix of a line: the owner, cut off, and the colon if there is room. */
struct line_prefix {
	char bytes[STARTS_BYTES];
	uint64_t mask; /* selects the bytes to compare */
};

/* The prefixes to search for; they may be equal. */
struct line_prefixes {
	struct line_prefix either;
	struct line_prefix other;
};

void start_set(struct line_prefix *ret_start, const char *owner, size_t len);
bool line_prefixes_match(const struct line_prefixes *starts, const char *line);
size_t line_prefixes_find(const struct line_prefixes *starts, const char *text,
			  size_t len);

#endif
