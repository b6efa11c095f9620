/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * printable: makes text safe for terminals and logs.
 */
#ifndef SUBID_PRINTABLE_H
#define SUBID_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the output's reader interprets bytes above ASCII. */
enum printable_charset {
	PRINTABLE_ASCII, /* not at all: they are escaped */
	PRINTABLE_BYTES, /* as Latin-1: 0x80 to 0x9f are control characters */
	PRINTABLE_UTF8,	 /* as UTF-8 */
};

/* A character, or a byte that is not part of one. */
struct printable {
	size_t len;    /* in bytes */
	uint32_t code; /* the number of the character, or the byte */
	bool shown;    /* unchanged; else each byte is shown as `\xNN` */
};

/* The length of `\xNN`. */
#define PRINTABLE_ESCAPE_BYTES 4

struct printable printable_step(const char *text, size_t len,
				enum printable_charset charset);
size_t printable_span(const char *text, size_t len, enum printable_charset charset);
size_t printable_partial(const char *text, size_t len);
void printable_escape(char byte, char out[static PRINTABLE_ESCAPE_BYTES]);
size_t printable_copy(char *out, size_t size, const char *text, size_t len,
		      enum printable_charset charset);

/* Returns an ASCII letter in lower case; tolower(3) would read tables of the locale. */
static inline char ascii_lower_case(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + ('a' - 'A'));
	return c;
}

#endif
