// SPDX-License-Identifier: BSD-3-Clause
/*
 * cure: writes words of a command that can be copied from a terminal into sh(1).
 */
#include <string.h>

#include "explain/cure.h"
#include "message/report.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("_-./,:@%+=", c));
}

/*
 * Whether each character is visible and can be copied from a terminal. In a locale other
 * than UTF-8, a table does not show characters other than ASCII unchanged.
 */
static bool is_shown(const char *text)
{
	enum printable_charset charset =
		report_charset() == PRINTABLE_UTF8 ? PRINTABLE_UTF8 : PRINTABLE_ASCII;
	size_t len = strlen(text);

	return printable_span(text, len, charset) == len;
}

/* Writes @text in single quotes. */
static void quote(const char *text, char *out)
{
	*out++ = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			memcpy(out, "'\\''", 4);
			out += 4;
		} else {
			*out++ = *text;
		}
	}
	memcpy(out, "'", 2);
}

/* Writes @text as a substitution by printf(1), which every sh(1) has. */
static void quote_by_printf(const char *text, char *out)
{
	static const char begin[] = "\"$(printf '";

	memcpy(out, begin, sizeof(begin) - 1);
	out += sizeof(begin) - 1;
	for (size_t i = 0; text[i] != '\0'; i++) {
		unsigned char byte = (unsigned char)text[i];

		/* A leading '-' would be an option, '%' a conversion. */
		if (is_plain(text[i]) && byte != '%' && (i > 0 || byte != '-')) {
			*out++ = text[i];
			continue;
		}
		*out++ = '\\';
		for (int shift = 6; shift >= 0; shift -= 3)
			*out++ = (char)('0' + (byte >> shift & 7));
	}
	memcpy(out, "')\"", 4);
}

/*
 * Writes @text as a word for sh(1): as it is, in quotes if it needs them, or by printf(1)
 * if a byte of it cannot be shown.
 * Returns false if it is too long, or ends with a newline, which sh(1) would cut off.
 */
bool cure_quote(const char *text, char out[static CURE_QUOTED_BYTES])
{
	size_t len = strlen(text);
	bool plain = len > 0;

	if (len > CURE_WORD_BYTES || (plain && text[len - 1] == '\n'))
		return false;
	for (size_t i = 0; i < len; i++)
		plain = plain && is_plain(text[i]);
	if (plain)
		memcpy(out, text, len + 1);
	else if (is_shown(text))
		quote(text, out);
	else
		quote_by_printf(text, out);
	return true;
}

/*
 * The same, but a word with other characters than those of ASCII is written by printf(1):
 * for names that look like another one, or have bytes that are not visible.
 */
bool cure_quote_ascii(const char *text, char out[static CURE_QUOTED_BYTES])
{
	size_t len = strlen(text);

	if (printable_span(text, len, PRINTABLE_ASCII) == len)
		return cure_quote(text, out);
	if (len > CURE_WORD_BYTES || text[len - 1] == '\n')
		return false;
	quote_by_printf(text, out);
	return true;
}
