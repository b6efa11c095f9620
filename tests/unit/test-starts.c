// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which lines begin as they should, compared with a look at every byte.
 */
#include "libsubid/core/starts.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static const struct starts el_or_50 = { { 'e', 'l' }, { '5', '0' } };

/* Byte by byte: the first newline with a meant line, or too little to tell, behind it. */
static size_t model_find(const struct starts *starts, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n')
			continue;
		if (i + 2 >= len ||
		    (text[i + 1] == starts->either[0] &&
		     text[i + 2] == starts->either[1]) ||
		    (text[i + 1] == starts->other[0] && text[i + 2] == starts->other[1]))
			return i;
	}
	return len;
}

/* In memory that ends where the text does, so that a sanitizer sees what is read. */
static size_t find_exact(const struct starts *starts, const char *text, size_t len)
{
	CLEANUP(cleanup_free) char *exact = malloc(len > 0 ? len : 1);

	cr_assert(exact);
	memcpy(exact, text, len);
	return starts_find(starts, exact, len);
}

Test(starts, match)
{
	static const struct {
		const char *line;
		bool expected;
	} rows[] = {
		{ "elsa:1:1", true }, { "5001:1:1", true }, { "el", true },
		{ "50", true },	      { "e0", false },	    { "5l", false },
		{ "le", false },      { "05", false },	    { " e", false },
		{ "\nel", false },    { "anna", false },    { "Elsa", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		cr_assert(starts_match(&el_or_50, rows[i].line) == rows[i].expected,
			  "row %zu", i);
}

/* A line that is meant, in every place of texts of every length, among others. */
Test(starts, places)
{
	static const char *const lines[] = { "\nel", "\n50",   "\n5l",
					     "\ne0", "\n\nel", "x\nx" };
	char text[150];
	size_t found = 0;

	for (size_t len = 0; len <= sizeof(text); len++) {
		for (size_t i = 0; i < COUNT_OF(lines); i++) {
			size_t n = strlen(lines[i]);

			for (size_t at = 0; at + n <= len; at++) {
				size_t expected, got;

				memset(text, 'e', len);
				memcpy(text + at, lines[i], n);
				expected = model_find(&el_or_50, text, len);
				got = find_exact(&el_or_50, text, len);
				cr_assert(got == expected,
					  "%zu bytes, '%s' at %zu: %zu for %zu", len,
					  lines[i], at, got, expected);
				found += got < len;
			}
		}
	}
	cr_assert(found > 10000);
}

/* Texts of few different bytes, so that every neighbourhood occurs. */
Test(starts, model)
{
	static const char bytes[] = { '\n', 'e', 'l', '5', '0', ':', '\0', '\xff' };
	struct rng rng = { rng_seed() };
	char text[400];
	size_t found = 0, none = 0;

	for (int round = 0; round < 200000; round++) {
		size_t len = rng_below(&rng, sizeof(text) + 1);
		size_t kinds = 1 + rng_below(&rng, sizeof(bytes));
		size_t newline_in = 1 + rng_below(&rng, 200);
		size_t expected, got;

		for (size_t i = 0; i < len; i++)
			text[i] = rng_once_in(&rng, newline_in) ?
					  '\n' :
					  bytes[rng_below(&rng, kinds)];
		expected = model_find(&el_or_50, text, len);
		got = starts_find(&el_or_50, text, len);
		cr_assert(got == expected, "round %d: %zu for %zu", round, got, expected);
		found += got < len;
		none += got == len;
	}
	cr_assert(found > 1000 && none > 1000);
}
