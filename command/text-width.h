/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * text-width: the width of text on a terminal.
 */
#ifndef SUBID_TEXT_WIDTH_H
#define SUBID_TEXT_WIDTH_H

#include <stddef.h>

size_t text_width(const char *text);
size_t text_width_fit(const char *text, size_t cells, size_t *ret_cells);
size_t text_width_line(const char *text, size_t cells, size_t *ret_cells);
const char *text_width_next(const char *text, size_t len);

#endif
