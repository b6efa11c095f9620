/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * map-lines: the lines of mappings that `subid map --explain` is given.
 */
#ifndef SUBID_MAP_LINES_H
#define SUBID_MAP_LINES_H

#include <stddef.h>

#include "subid/show/map-text.h"

/* A line of a mapping, for one kind. */
struct map_line {
	const char *file;	 /* NULL: an argument, */
	size_t number;		 /* its number, or that of the line, or of the extent */
	const struct kind *list; /* number is the place in a list of config.json */
	const struct kind *kind; /* NULL: unknown, as the line is malformed */
	int fault;		 /* 0 or MAP_TEXT_ */
	struct extent extent;
};

struct map_lines {
	struct map_line *lines;
	size_t n;
	size_t allocated;
};

int map_lines_read(struct map_lines *lines, const char *word, size_t number);
void map_lines_cleanup(struct map_lines *lines);

#endif
