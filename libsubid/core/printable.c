// SPDX-License-Identifier: BSD-3-Clause
/*
 * printable: decides which characters of a text are shown unchanged, and escapes the
 * others.
 *
 * Other users may choose names of files and owners, and command lines. So characters that
 * could control a terminal or falsify a log are escaped: the control characters of ASCII
 * and of Latin-1 (U+0080 to U+009F), separators of lines and paragraphs, and the
 * characters that change the direction of writing. A byte that is part of no character of
 * UTF-8 is escaped as well, so the output is valid UTF-8.
 *
 * All programs escape their output with this module; no other one lists these characters.
 */
#include <string.h>

#include "libsubid/core/printable.h"

static bool is_visible_ascii(char byte)
{
	return byte >= ' ' && byte < 0x7f;
}

static bool is_control(uint32_t code)
{
	return code < ' ' || (code >= 0x7f && code <= 0x9f);
}

/* Separators, and what Unicode calls Bidi_Control: marks, embeddings and isolates. */
static bool is_layout(uint32_t code)
{
	return code == 0x061c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Returns the length of a UTF-8 character from its first byte; 0: not a first byte. */
static size_t utf8_length(char first)
{
	unsigned char byte = (unsigned char)first;

	return byte < 0x80 ? 1 :
	       byte < 0xc2 ? 0 :
	       byte < 0xe0 ? 2 :
	       byte < 0xf0 ? 3 :
	       byte < 0xf5 ? 4 :
			     0;
}

/* Returns whether this is an overlong form, a surrogate, or beyond the last character. */
static bool is_misspelled(uint32_t code, size_t len)
{
	return (len == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) ||
	       (len == 4 && (code < 0x10000 || code > 0x10ffff));
}

/* Reads the first character of a text. Returns its length, or 0 if it is invalid. */
static size_t utf8_read(const char *text, size_t len, uint32_t *ret_code)
{
	size_t n = utf8_length(text[0]);
	uint32_t code = (unsigned char)text[0];

	if (n == 0 || n > len)
		return 0;
	if (n > 1)
		code &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (is_misspelled(code, n))
		return 0;
	*ret_code = code;
	return n;
}

/* Returns the first character of a text, or its first byte. The text is not empty. */
struct printable printable_step(const char *text, size_t len,
				enum printable_charset charset)
{
	struct printable step = { .len = 1, .code = (unsigned char)text[0] };
	size_t n;

	if (charset != PRINTABLE_UTF8) {
		step.shown = !is_control(step.code) &&
			     (step.code < 0x80 || charset == PRINTABLE_BYTES);
		return step;
	}
	n = utf8_read(text, len, &step.code);
	step.shown = n > 0 && !is_control(step.code) && !is_layout(step.code);
	step.len = n > 0 ? n : 1;
	return step;
}

/* Counts the bytes at the begin of a text that are shown unchanged. */
size_t printable_span(const char *text, size_t len, enum printable_charset charset)
{
	size_t n = 0;

	while (n < len) {
		struct printable step;

		if (is_visible_ascii(text[n])) {
			n++;
			continue;
		}
		step = printable_step(text + n, len - n, charset);
		if (!step.shown)
			break;
		n += step.len;
	}
	return n;
}

/*
 * Counts the bytes at the end of a text that may begin an incomplete UTF-8 character: at
 * most 3.
 */
size_t printable_partial(const char *text, size_t len)
{
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		size_t whole = utf8_length(text[len - n]);

		if (((unsigned char)text[len - n] & 0xc0) != 0x80)
			return whole > n ? n : 0;
	}
	return 0;
}

/* Writes a byte as `\xNN`, without a NUL. */
void printable_escape(char byte, char out[static PRINTABLE_ESCAPE_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[(unsigned char)byte >> 4];
	out[3] = digits[(unsigned char)byte & 0xf];
}

/*
 * Writes a text as it is shown, with a NUL. Text that does not fit is cut off, but never
 * inside a character or `\xNN`.
 *
 * size: of @out, at least 1; 4 * @len + 1 is always enough.
 * Returns the length without the NUL.
 */
size_t printable_copy(char *out, size_t size, const char *text, size_t len,
		      enum printable_charset charset)
{
	size_t n = 0;

	while (len > 0) {
		struct printable step = printable_step(text, len, charset);
		size_t bytes = step.shown ? step.len : step.len * PRINTABLE_ESCAPE_BYTES;

		if (bytes >= size - n)
			break;
		if (step.shown)
			memcpy(out + n, text, step.len);
		for (size_t i = 0; !step.shown && i < step.len; i++)
			printable_escape(text[i], out + n + i * PRINTABLE_ESCAPE_BYTES);
		n += bytes;
		text += step.len;
		len -= step.len;
	}
	out[n] = '\0';
	return n;
}
