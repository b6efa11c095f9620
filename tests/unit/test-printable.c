// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which parts of a text are shown unchanged: tables, and short sequences of bytes against
 * a model that writes characters instead of reading them.
 */
#include "libsubid/core/printable.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static const enum printable_charset charsets[] = {
	PRINTABLE_ASCII,
	PRINTABLE_BYTES,
	PRINTABLE_UTF8,
};

/* Writes a character of UTF-8, by its definition. Returns its length. */
static size_t encode(uint32_t code, char out[static 4])
{
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(code | (len == 2 ? 0xc0 : len == 3 ? 0xe0 : len == 4 ? 0xf0 : 0));
	return len;
}

static bool is_character(uint32_t code)
{
	return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}

static bool is_hidden(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0, 0x1f },
		{ 0x7f, 0x9f },
		{ 0x061c, 0x061c },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2066, 0x2069 },
	};

	for (size_t i = 0; i < COUNT_OF(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	return false;
}

/* The character at the beginning of a text, or none. */
static bool find_character(const char *text, size_t len, uint32_t *ret_code)
{
	static const unsigned char masks[] = { 0x7f, 0x1f, 0x0f, 0x07 };

	for (size_t n = 1; n <= 4 && n <= len; n++) {
		uint32_t code = (unsigned char)text[0] & masks[n - 1];
		char spelling[4];

		for (size_t i = 1; i < n; i++)
			code = code << 6 | ((unsigned char)text[i] & 0x3f);
		if (is_character(code) && encode(code, spelling) == n &&
		    memcmp(text, spelling, n) == 0) {
			*ret_code = code;
			return true;
		}
	}
	return false;
}

static struct printable model(const char *text, size_t len,
			      enum printable_charset charset)
{
	unsigned char byte = (unsigned char)text[0];
	struct printable step = { .len = 1, .code = byte };
	char spelling[4];

	if (charset == PRINTABLE_UTF8) {
		if (!find_character(text, len, &step.code))
			return step;
		step.len = encode(step.code, spelling);
		step.shown = !is_hidden(step.code);
		return step;
	}
	step.shown = (byte >= 0x20 && byte < 0x7f) ||
		     (charset == PRINTABLE_BYTES && byte >= 0xa0);
	return step;
}

/* A copy of a text, so that a sanitizer sees a read past its end. */
static void check_step(const char *bytes, size_t len)
{
	char *text = exact_copy(bytes, len);

	for (size_t i = 0; i < COUNT_OF(charsets); i++) {
		struct printable found = printable_step(text, len, charsets[i]);
		struct printable expected = model(text, len, charsets[i]);

		cr_assert(found.len == expected.len && found.code == expected.code &&
				  found.shown == expected.shown,
			  "%02x %02x %02x %02x, %zu bytes, charset %d: %zu %x %d",
			  (unsigned char)text[0], (unsigned char)text[len > 1],
			  (unsigned char)text[len > 2 ? 2 : 0],
			  (unsigned char)text[len > 3 ? 3 : 0], len, (int)charsets[i],
			  found.len, found.code, found.shown);
	}
	free(text);
}

Test(printable, all_sequences_of_one_and_two_bytes)
{
	for (unsigned first = 0; first < 256; first++) {
		char text[2] = { (char)first };

		check_step(text, 1);
		for (unsigned second = 0; second < 256; second++) {
			text[1] = (char)second;
			check_step(text, 2);
		}
	}
}

/* All characters, and sequences that only look like one. */
Test(printable, all_characters)
{
	char text[4];

	for (uint32_t code = 0; code <= 0x1fffff; code++) {
		size_t len = encode(code, text);
		struct printable step = printable_step(text, len, PRINTABLE_UTF8);
		bool valid = is_character(code);

		cr_assert(step.shown == (valid && !is_hidden(code)), "U+%04X", code);
		cr_assert(step.len == (valid ? len : 1), "U+%04X", code);
		cr_assert(step.code == (valid ? code : (unsigned char)text[0]), "U+%04X",
			  code);
	}
}

/* The next byte of a sample, most often one at an edge. */
static char odd_byte(struct rng *rng)
{
	static const unsigned char edges[] = {
		0x00, 0x1b, 0x20, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9b, 0x9f, 0xa0, 0xa8,
		0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff,
	};

	return (char)(rng_below(rng, 4) ? edges[rng_below(rng, COUNT_OF(edges))] :
					  rng_below(rng, 256));
}

Test(printable, samples_of_three_and_four_bytes)
{
	struct rng rng = { .state = 1 };

	for (size_t i = 0; i < 1000000; i++) {
		char text[4];

		for (size_t j = 0; j < sizeof(text); j++)
			text[j] = odd_byte(&rng);
		check_step(text, 3 + i % 2);
	}
}

static const struct {
	const char *text;
	size_t len;
	const char *ascii, *bytes, *utf8;
} texts[] = {
	{ BYTES(""), "", "", "" },
	{ BYTES("plain ~"), "plain ~", "plain ~", "plain ~" },
	{ BYTES("a\\x9b"), "a\\x9b", "a\\x9b", "a\\x9b" },
	{ BYTES("\0\t\n\x1b\x7f"), "\\x00\\x09\\x0a\\x1b\\x7f",
	  "\\x00\\x09\\x0a\\x1b\\x7f", "\\x00\\x09\\x0a\\x1b\\x7f" },
	/* CSI and OSC, in both forms. */
	{ BYTES("\x9b"
		"31m\x9d"),
	  "\\x9b31m\\x9d", "\\x9b31m\\x9d", "\\x9b31m\\x9d" },
	{ BYTES("\xc2\x9b"
		"31m"),
	  "\\xc2\\x9b31m", "\xc2\\x9b31m", "\\xc2\\x9b31m" },
	/* A letter of UTF-8 that contains the same byte. */
	{ BYTES("m\xc4\x9b"), "m\\xc4\\x9b", "m\xc4\\x9b", "m\xc4\x9b" },
	{ BYTES("j\xc3\xbcrgen"), "j\\xc3\\xbcrgen", "j\xc3\xbcrgen", "j\xc3\xbcrgen" },
	{ BYTES("j\xfcrgen"), "j\\xfcrgen", "j\xfcrgen", "j\\xfcrgen" },
	{ BYTES("\xc2\xa0\xc2\x80\xc2\x9f"), "\\xc2\\xa0\\xc2\\x80\\xc2\\x9f",
	  "\xc2\xa0\xc2\\x80\xc2\\x9f", "\xc2\xa0\\xc2\\x80\\xc2\\x9f" },
	/* U+202E, U+2066, U+2028; U+2027 and U+2065 beside them. */
	{ BYTES("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8"),
	  "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\xa8",
	  "\xe2\\x80\xae\xe2\\x81\xa6\xe2\\x80\xa8",
	  "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\xa8" },
	{ BYTES("\xe2\x80\xa7\xe2\x81\xa5"), "\\xe2\\x80\\xa7\\xe2\\x81\\xa5",
	  "\xe2\\x80\xa7\xe2\\x81\xa5", "\xe2\x80\xa7\xe2\x81\xa5" },
	/* Overlong, a surrogate, beyond U+10FFFF, cut off. */
	{ BYTES("\xc0\x9b"), "\\xc0\\x9b", "\xc0\\x9b", "\\xc0\\x9b" },
	{ BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\xed\xa0\\x80", "\\xed\\xa0\\x80" },
	{ BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\xf4\\x90\\x80\\x80",
	  "\\xf4\\x90\\x80\\x80" },
	{ BYTES("x\xe2\x80"), "x\\xe2\\x80", "x\xe2\\x80", "x\\xe2\\x80" },
	{ BYTES("\xe2\x80x"), "\\xe2\\x80x", "\xe2\\x80x", "\\xe2\\x80x" },
	{ BYTES("\xf0\x9f\x98\x80!"), "\\xf0\\x9f\\x98\\x80!", "\xf0\\x9f\\x98\\x80!",
	  "\xf0\x9f\x98\x80!" },
};

static const char *shown_of(size_t i, enum printable_charset charset)
{
	return charset == PRINTABLE_ASCII ? texts[i].ascii :
	       charset == PRINTABLE_BYTES ? texts[i].bytes :
					    texts[i].utf8;
}

Test(printable, copy)
{
	char out[256];

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		for (size_t j = 0; j < COUNT_OF(charsets); j++) {
			const char *expected = shown_of(i, charsets[j]);
			size_t n = printable_copy(out, sizeof(out), texts[i].text,
						  texts[i].len, charsets[j]);

			cr_assert_str_eq(out, expected, "text %zu, charset %zu: %s", i, j,
					 out);
			cr_assert(n == strlen(expected), "text %zu", i);
		}
}

/* As much as fits, without a partial character or escape. */
Test(printable, copy_cuts)
{
	static const char text[] = "a\x9b\xc4\x9b\xc2\x9b\xf0\x9f\x98\x80z";
	static const size_t ends[] = { 0, 1, 5, 7, 15, 19, 20 };
	static const char whole[] = "a\\x9b\xc4\x9b\\xc2\\x9b\xf0\x9f\x98\x80z";

	for (size_t size = 1; size <= sizeof(whole) + 3; size++) {
		char *out = malloc(size);
		size_t expected = 0, n;

		cr_assert(out);
		for (size_t i = 0; i < COUNT_OF(ends); i++)
			if (ends[i] < size)
				expected = ends[i];
		n = printable_copy(out, size, text, sizeof(text) - 1, PRINTABLE_UTF8);
		cr_assert(n == expected && out[n] == '\0' && memcmp(out, whole, n) == 0,
			  "size %zu: %s", size, out);
		free(out);
	}
}

Test(printable, span)
{
	static const struct {
		const char *text;
		size_t len, ascii, bytes, utf8;
	} cases[] = {
		{ BYTES(""), 0, 0, 0 },
		{ BYTES("abc"), 3, 3, 3 },
		{ BYTES("abc\n"), 3, 3, 3 },
		{ BYTES("ab\xc4\x9b"
			"cd\x9b"
			"ef"),
		  2, 3, 6 },
		{ BYTES("\xc2\x9b"), 0, 1, 0 },
		{ BYTES("\xc3"), 0, 1, 0 },
		{ BYTES("\xe2\x80\xaf\xe2\x80\xae"), 0, 1, 3 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = exact_copy(cases[i].text, cases[i].len);

		cr_assert(printable_span(text, cases[i].len, PRINTABLE_ASCII) ==
				  cases[i].ascii,
			  "case %zu", i);
		cr_assert(printable_span(text, cases[i].len, PRINTABLE_BYTES) ==
				  cases[i].bytes,
			  "case %zu", i);
		cr_assert(printable_span(text, cases[i].len, PRINTABLE_UTF8) ==
				  cases[i].utf8,
			  "case %zu", i);
		free(text);
	}
}

/* Bytes that may become a character with the following bytes. */
Test(printable, partial)
{
	static const struct {
		const char *text;
		size_t len, partial;
	} cases[] = {
		{ BYTES(""), 0 },
		{ BYTES("a"), 0 },
		{ BYTES("a\xc3"), 1 },
		{ BYTES("a\xc3\xbc"), 0 },
		{ BYTES("\xe2"), 1 },
		{ BYTES("\xe2\x80"), 2 },
		{ BYTES("\xe2\x80\xae"), 0 },
		{ BYTES("\xf0\x9f\x98"), 3 },
		{ BYTES("a\xf0\x9f\x98"), 3 },
		{ BYTES("\xf0\x9f\x98\x80"), 0 },
		{ BYTES("\x9f\x98\x80"), 0 },
		{ BYTES("\xc3\x9f\x98"), 0 },
		{ BYTES("\xff"), 0 },
		{ BYTES("\xc0"), 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = exact_copy(cases[i].text, cases[i].len);

		cr_assert(printable_partial(text, cases[i].len) == cases[i].partial,
			  "case %zu", i);
		free(text);
	}
}
