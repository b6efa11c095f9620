// SPDX-License-Identifier: BSD-3-Clause
/*
 * text-width: the width of text in cells of a terminal, in the characters of the locale:
 * a wide one takes two cells, a combining one none.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

#include "command/text-width.h"
#include "libsubid/core/printable.h"

/* Returns the width of the first character. One that the locale does not know gets the
 * width that libsmartcols uses for it, so that all rows align. */
static size_t character_width(const char *text, size_t *ret_len)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t len = mbrtowc(&wide, text, MB_LEN_MAX, &state);
	bool known = len > 0 && len <= MB_LEN_MAX;
	int width = known ? wcwidth(wide) : 1;

	*ret_len = known ? len : 1;
	return width < 0 ? PRINTABLE_ESCAPE_BYTES * *ret_len : (size_t)width;
}

/* Returns the width of the first @len bytes of a text, which end with a character. */
size_t text_width_part(const char *text, size_t len)
{
	const char *end = text + len;
	size_t width = 0, n = 1;

	for (; text < end; text += n) {
		if ((unsigned char)*text < 0x80) {
			width++;
			n = 1;
		} else {
			width += character_width(text, &n);
		}
	}
	return width;
}

/* Counts the characters of ASCII at the begin of a text, up to @max. */
static size_t ascii_span(const char *text, size_t max)
{
	size_t n = 0;

	while (n < max && (unsigned char)(text[n] - 1) < 0x7f)
		n++;
	return n;
}

/* Returns how many bytes of a text fit into @cells, and the cells that those take. */
size_t text_width_fit(const char *text, size_t cells, size_t *ret_cells)
{
	size_t at = ascii_span(text, cells), used = at;

	while (text[at] != '\0') {
		size_t len, width = character_width(text + at, &len);

		if (width > cells - used)
			break;
		used += width;
		at += len;
	}
	*ret_cells = used;
	return at;
}

size_t text_width(const char *text)
{
	size_t cells;

	text_width_fit(text, SIZE_MAX, &cells);
	return cells;
}
