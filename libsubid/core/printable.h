/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * printable: which characters of a text are shown unchanged.
 */
#ifndef SUBID_PRINTABLE_H
#define SUBID_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the bytes above ASCII are for the reader. */
enum printable_charset {
	PRINTABLE_ASCII, /* nothing: none of them is shown */
	PRINTABLE_BYTES, /* a character each: 0x80 to 0x9f are control characters */
	PRINTABLE_UTF8,	 /* parts of characters */
};

/* The first character of a text, or a byte that is part of none. */
struct printable {
	size_t len;    /* in bytes */
	uint32_t code; /* the number of the character, or the byte */
	bool shown;    /* as it is; else each byte of it is shown as `\xNN` */
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

#endif
