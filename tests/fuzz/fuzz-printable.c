// SPDX-License-Identifier: BSD-3-Clause
/*
 * printable: a charset, the size of the buffer, and a text.
 */
#include "libsubid/core/printable.h"
#include "tests/fuzz/fuzz.h"

/* A byte that a terminal obeys, with any bytes beside it. */
static bool is_control(unsigned char byte)
{
	return byte < ' ' || byte == 0x7f;
}

/* The shown text has no forbidden byte. */
static void check_shown(const char *shown, size_t len, enum printable_charset charset)
{
	FUZZ_ASSERT(printable_span(shown, len, charset) == len);
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)shown[i];
		unsigned char before = i > 0 ? (unsigned char)shown[i - 1] : 0;

		FUZZ_ASSERT(!is_control(byte));
		FUZZ_ASSERT(charset != PRINTABLE_ASCII || byte < 0x80);
		FUZZ_ASSERT(charset != PRINTABLE_BYTES || byte < 0x80 || byte >= 0xa0);
		/* A byte of 0x80 to 0x9f is inside of a character, and not behind 0xc2.
		 */
		FUZZ_ASSERT(byte < 0x80 || byte > 0x9f ||
			    (before >= 0x80 && before != 0xc2));
	}
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The shown text, read back, is the text or the beginning of it. */
static size_t check_lossless(const char *text, size_t len, const char *shown,
			     size_t shown_len)
{
	size_t at = 0;

	for (size_t i = 0; i < shown_len; at++) {
		FUZZ_ASSERT(at < len);
		if (shown[i] == text[at]) {
			i++;
			continue;
		}
		FUZZ_ASSERT(i + PRINTABLE_ESCAPE_BYTES <= shown_len);
		FUZZ_ASSERT(shown[i] == '\\' && shown[i + 1] == 'x');
		FUZZ_ASSERT(digit(shown[i + 2]) * 16 + digit(shown[i + 3]) ==
			    (unsigned char)text[at]);
		i += PRINTABLE_ESCAPE_BYTES;
	}
	return at;
}

/* Single steps lead to the end, and the steps that are shown are the span. */
static void check_steps(const char *text, size_t len, enum printable_charset charset)
{
	size_t span = printable_span(text, len, charset), at = 0;
	bool all = true;

	while (at < len) {
		struct printable step = printable_step(text + at, len - at, charset);

		FUZZ_ASSERT(step.len >= 1 && step.len <= 4 && step.len <= len - at);
		FUZZ_ASSERT(step.code <= 0x10ffff);
		all = all && step.shown;
		FUZZ_ASSERT(all == (at < span));
		at += step.len;
	}
	FUZZ_ASSERT(at == len);
}

/* In two parts the result is the same as in one: see printable_partial(). */
static void check_parts(const char *text, size_t len, const char *shown, size_t cut)
{
	char *parts = malloc(PRINTABLE_ESCAPE_BYTES * len + 1);
	size_t first = cut - printable_partial(text, cut), n;

	FUZZ_ASSERT(parts && cut - first <= 3);
	n = printable_copy(parts, PRINTABLE_ESCAPE_BYTES * len + 1, text, first,
			   PRINTABLE_UTF8);
	printable_copy(parts + n, PRINTABLE_ESCAPE_BYTES * len + 1 - n, text + first,
		       len - first, PRINTABLE_UTF8);
	FUZZ_ASSERT(strcmp(parts, shown) == 0);
	free(parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	enum printable_charset charset = fuzz_byte(&input) % 3;
	size_t room = 1U + fuzz_byte(&input), len, n, cut;
	char *text = fuzz_text(&input), *whole, *part;

	len = input.size;
	whole = malloc(PRINTABLE_ESCAPE_BYTES * len + 1);
	part = malloc(room);
	FUZZ_ASSERT(whole && part);
	check_steps(text, len, charset);
	n = printable_copy(whole, PRINTABLE_ESCAPE_BYTES * len + 1, text, len, charset);
	FUZZ_ASSERT(strlen(whole) == n);
	check_shown(whole, n, charset);
	FUZZ_ASSERT(check_lossless(text, len, whole, n) == len);
	if (charset == PRINTABLE_UTF8)
		check_parts(text, len, whole, room % (len + 1));

	cut = printable_copy(part, room, text, len, charset);
	FUZZ_ASSERT(cut < room && strlen(part) == cut && memcmp(part, whole, cut) == 0);
	FUZZ_ASSERT(cut == n || n - cut > 0);
	/* One more piece, of at most 16 bytes, would not have fitted. */
	FUZZ_ASSERT(cut == n || cut + 16 >= room);
	check_lossless(text, len, part, cut);
	free(part);
	free(whole);
	free(text);
	return 0;
}
