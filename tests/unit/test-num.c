// SPDX-License-Identifier: BSD-3-Clause
/*
 * Numbers: one spelling each, the whole text, and a maximum.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define UNTOUCHED 0x5eed5eed5eed5eedU

/* The expected result of num_parse(), from how printf(3) writes numbers. */
static int model(const char *text, size_t len, uint64_t max, uint64_t *value)
{
	char padded[64], largest[64];
	size_t i;

	for (i = 0; i < len; i++)
		if (!strchr("0123456789", text[i]) || !text[i])
			return NUM_MALFORMED;
	if (len == 0 || (len > 1 && text[0] == '0'))
		return NUM_MALFORMED;
	if (len > 20)
		return NUM_TOO_BIG;
	/* Numbers with leading zeros to the same width are ordered as text. */
	snprintf(padded, sizeof(padded), "%.*s%.*s", (int)(20 - len),
		 "00000000000000000000", (int)len, text);
	snprintf(largest, sizeof(largest), "%020" PRIu64, max);
	if (strcmp(padded, largest) > 0)
		return NUM_TOO_BIG;
	*value = strtoumax(padded, NULL, 10);
	return 0;
}

static void agree(const char *text, size_t len, uint64_t max)
{
	CLEANUP(cleanup_free) char *copy = exact_copy(text, len);
	uint64_t value = UNTOUCHED, expected = UNTOUCHED;
	int r = num_parse(copy, len, max, &value);
	int s = model(text, len, max, &expected);

	cr_assert(r == s && value == expected,
		  "'%.*s' (%zu bytes) up to %" PRIu64 ": %d, %" PRIu64
		  " for %d, %" PRIu64,
		  (int)len, text, len, max, r, value, s, expected);
}

/* Forms that other readers accept and this one does not, and the edges of the types. */
Test(num, table)
{
	static const struct {
		const char *text;
		size_t len;
		uint64_t max;
		int r;
		uint64_t value;
	} rows[] = {
		{ BYTES("0"), 0, 0, 0 },
		{ BYTES("0"), UINT64_MAX, 0, 0 },
		{ BYTES("1"), 0, NUM_TOO_BIG, 0 },
		{ BYTES("1"), 1, 0, 1 },
		{ BYTES("9"), 8, NUM_TOO_BIG, 0 },
		{ BYTES("10"), 10, 0, 10 },
		{ BYTES("100000"), UINT64_MAX, 0, 100000 },
		{ BYTES("4294967294"), ID_NONE - 1, 0, 4294967294 },
		{ BYTES("4294967295"), ID_NONE - 1, NUM_TOO_BIG, 0 },
		{ BYTES("4294967295"), UINT64_MAX, 0, 4294967295 },
		{ BYTES("4294967296"), UINT64_MAX, 0, 4294967296 },
		{ BYTES("18446744073709551609"), UINT64_MAX, 0, UINT64_MAX - 6 },
		{ BYTES("18446744073709551615"), UINT64_MAX, 0, UINT64_MAX },
		{ BYTES("18446744073709551615"), UINT64_MAX - 1, NUM_TOO_BIG, 0 },
		{ BYTES("18446744073709551616"), UINT64_MAX, NUM_TOO_BIG, 0 },
		{ BYTES("18446744073709551625"), UINT64_MAX, NUM_TOO_BIG, 0 },
		{ BYTES("18446744073709551620"), UINT64_MAX, NUM_TOO_BIG, 0 },
		{ BYTES("20000000000000000000"), UINT64_MAX, NUM_TOO_BIG, 0 },
		{ BYTES("99999999999999999999"), UINT64_MAX, NUM_TOO_BIG, 0 },
		/* 2^64 * 10 + 1: what is left of it in 64 bits is 1. */
		{ BYTES("184467440737095516161"), UINT64_MAX, NUM_TOO_BIG, 0 },
		{ BYTES("340282366920938463463374607431768211456"), UINT64_MAX,
		  NUM_TOO_BIG, 0 },
		{ BYTES("99999999999999999999x"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES(""), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("00"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("01"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("0100000"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("0x10"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("10h"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("+1"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("-1"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("-0"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("-"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES(" 1"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1 "), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("\t1"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1\n"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1\r"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1\0"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1\0002"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1e3"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1.0"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1,000"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("1_000"), UINT64_MAX, NUM_MALFORMED, 0 },
		{ BYTES("\xd9\xa1"), UINT64_MAX, NUM_MALFORMED,
		  0 }, /* ARABIC-INDIC ONE */
		{ BYTES("\xb2"), UINT64_MAX, NUM_MALFORMED, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t value = UNTOUCHED;
		int r = num_parse(rows[i].text, rows[i].len, rows[i].max, &value);

		cr_assert(r == rows[i].r, "row %zu '%s': %d", i, rows[i].text, r);
		cr_assert(value == (r ? UNTOUCHED : rows[i].value),
			  "row %zu '%s': %" PRIu64, i, rows[i].text, value);
		agree(rows[i].text, rows[i].len, rows[i].max);
	}
}

/* A number ends where its length says, not at a NUL or a letter. */
Test(num, length)
{
	uint64_t value = UNTOUCHED;

	cr_assert(num_parse("12345", 3, UINT64_MAX, &value) == 0 && value == 123);
	cr_assert(num_parse("7x", 1, UINT64_MAX, &value) == 0 && value == 7);
	cr_assert(num_parse("05", 1, UINT64_MAX, &value) == 0 && value == 0);
}

/* Every text of up to four bytes that could matter, with several maxima. */
Test(num, all_short_texts)
{
	static const char alphabet[] = "0159 -x\0";
	const size_t n = sizeof(alphabet) - 1;
	size_t tried = 0;

	for (size_t len = 0, count = 1; len <= 4; len++, count *= n) {
		for (size_t i = 0; i < count; i++) {
			char text[4];
			size_t rest = i;

			for (size_t j = 0; j < len; j++, rest /= n)
				text[j] = alphabet[rest % n];
			agree(text, len, UINT64_MAX);
			agree(text, len, 0);
			agree(text, len, 555);
			tried++;
		}
	}
	cr_assert(tried == 1 + 8 + 64 + 512 + 4096);
}

/* Any byte but a digit makes a number malformed, at any place. */
Test(num, each_byte)
{
	for (int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at <= 3; at++) {
			char text[] = "1234";

			text[at] = (char)byte;
			agree(text, 4, UINT64_MAX);
			agree(text + at, 1, UINT64_MAX);
		}
	}
}

/* Texts around each power of two and of ten, with one digit changed or added. */
Test(num, near_powers)
{
	struct rng rng = { rng_seed() };
	static const uint64_t maxima[] = { ID_NONE - 1, ID_NONE,	ID_END,
					   INT32_MAX,	UINT64_MAX - 1, UINT64_MAX };
	uint64_t ten = 1;

	for (int bit = 0; bit < 64; bit++) {
		for (int add = -2; add <= 2; add++) {
			uint64_t bases[] = { (uint64_t)1 << bit, ten };

			for (size_t b = 0; b < COUNT_OF(bases); b++) {
				char text[32];
				int len = snprintf(text, sizeof(text), "%" PRIu64,
						   bases[b] + (uint64_t)add);

				for (size_t m = 0; m < COUNT_OF(maxima); m++)
					agree(text, (size_t)len, maxima[m]);
				text[rng_below(&rng, (size_t)len)] =
					(char)('0' + rng_below(&rng, 10));
				agree(text, (size_t)len, UINT64_MAX);
				text[len] = (char)('0' + rng_below(&rng, 10));
				agree(text, (size_t)len + 1, UINT64_MAX);
			}
		}
		ten *= 10; /* wraps, which gives more odd numbers */
	}
}

/* The writer writes as printf(3), at most NUM_BYTES, and the reader reads its text. */
Test(num, format)
{
	struct rng rng = { rng_seed() };

	for (int i = 0; i < 20000; i++) {
		uint64_t value = i < 64	  ? (uint64_t)1 << i :
				 i < 128  ? ((uint64_t)1 << (i - 64)) - 1 :
				 i == 128 ? UINT64_MAX :
					    rng_next(&rng) >> rng_below(&rng, 64);
		char out[NUM_BYTES + 2] = "", expected[32];
		int len = snprintf(expected, sizeof(expected), "%" PRIu64, value);
		uint64_t back = UNTOUCHED;
		size_t n;

		memset(out, '~', sizeof(out));
		n = num_format(value, out);
		cr_assert(n == (size_t)len && memcmp(out, expected, n) == 0 &&
				  out[n] == '~',
			  "%s was written as %.*s", expected, (int)n, out);
		cr_assert(num_parse(out, n, UINT64_MAX, &back) == 0 && back == value);
	}
}
