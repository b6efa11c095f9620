// SPDX-License-Identifier: BSD-3-Clause
/*
 * text-width: the width of text in cells of a terminal, in the characters of the locale.
 */
#include <limits.h>
#include <stdbool.h>
#include <string.h>
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

size_t text_width(const char *text)
{
	return text_width_part(text, strlen(text));
}
