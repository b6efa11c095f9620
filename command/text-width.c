// SPDX-License-Identifier: BSD-3-Clause
/*
 * text-width: the width of text in cells of a terminal, in the characters of the locale:
 * a wide one takes two cells, a combining one none.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "command/text-width.h"
#include "libsubid/core/printable.h"

/* Returns the width of the first character, which *ret_character gets. One that the
 * locale does not know gets the width that libsmartcols uses for it, so that all rows
 * align. */
static size_t character_width(const char *text, size_t *ret_len, wchar_t *ret_character)
{
	mbstate_t state = { 0 };
	size_t len = mbrtowc(ret_character, text, MB_LEN_MAX, &state);
	bool known = len > 0 && len <= MB_LEN_MAX;
	int width = known ? wcwidth(*ret_character) : 1;

	*ret_len = known ? len : 1;
	if (!known)
		*ret_character = L'\0';
	return width < 0 ? PRINTABLE_ESCAPE_BYTES * *ret_len : (size_t)width;
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
		wchar_t character;
		size_t len, width = character_width(text + at, &len, &character);

		if (width > cells - used)
			break;
		used += width;
		at += len;
	}
	*ret_cells = used;
	return at;
}

/* Punctuation of Chinese and Japanese that no line begins with. */
static bool ends_phrase(wchar_t character)
{
	static const wchar_t marks[] = L"\u3001\u3002\uff0c\uff0e\uff09\u300d\u300f\u3011"
				       L"\uff01\uff1a\uff1b\uff1f\u30fc\u201d";

	return character != L'\0' && wcschr(marks, character);
}

/* Returns the number of bytes before the last place where a line may end: behind a space,
 * and between two characters of which one is wide. */
static size_t last_break(const char *text, size_t bytes, size_t *ret_cells)
{
	size_t at = 0, used = 0, found = 0, before = 0;

	while (at <= bytes) {
		wchar_t character;
		size_t len, width = character_width(text + at, &len, &character);

		if (at > 0 && text[at] != ' ' && !ends_phrase(character) &&
		    (text[at - 1] == ' ' || before == 2 || width == 2)) {
			found = at;
			*ret_cells = used;
		}
		before = width ? width : before;
		used += width;
		at += len;
	}
	return found;
}

/*
 * Returns how many bytes of a text the first line shows if each is at most @cells wide,
 * and their cells; spaces that follow are not shown. Lines end at a space or beside a
 * wide character; a longer word is cut.
 */
size_t text_width_line(const char *text, size_t cells, size_t *ret_cells)
{
	size_t len = text_width_fit(text, cells, ret_cells);

	if (text[len] != '\0' && text[len] != ' ') {
		size_t found = last_break(text, len, ret_cells);

		len = found ? found : len;
	}
	while (text[len] != '\0' && len > 0 && text[len - 1] == ' ') {
		len--;
		(*ret_cells)--;
	}
	return len;
}

/* Returns what follows the first line, of which @len bytes are shown. */
const char *text_width_next(const char *text, size_t len)
{
	return text + len + strspn(text + len, " ");
}

size_t text_width(const char *text)
{
	size_t cells;

	text_width_fit(text, SIZE_MAX, &cells);
	return cells;
}
