/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * terminal: the size of a terminal, and its colours.
 */
#ifndef SUBID_TERMINAL_H
#define SUBID_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* The size of a terminal that does not know its own. */
#define TERMINAL_WIDTH	80
#define TERMINAL_HEIGHT 24

struct terminal_size {
	size_t width;
	size_t height;
};

bool terminal_size(int fd, struct terminal_size *ret_size);
bool terminal_has_colours(void);
void terminal_put_word(const char *word, const char *colour);
const char *terminal_colour_start(const char *colour);
const char *terminal_colour_end(const char *colour);

#endif
