// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which lines begin with a name, compared with a search byte by byte.
 */
#include "libsubid/core/line-prefix.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct line_prefixes line_prefixes_of(const char *either, const char *other)
{
	struct line_prefixes starts;

	start_set(&starts.either, either, strlen(either));
	start_set(&starts.other, other, strlen(other));
	return starts;
}

/* Whether a line begins with the part of a name that is compared, or with all of it and a
 * colon. */
static bool model_begins(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (len >= STARTS_BYTES)
		return memcmp(line, name, STARTS_BYTES) == 0;
	return memcmp(line, name, len) == 0 && line[len] == ':';
}

/* Byte by byte: the first newline before a matching line, or before too few bytes. */
static size_t model_find(const char *either, const char *other, const char *text,
			 size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n' &&
		    (len - i <= STARTS_BYTES || model_begins(text + i + 1, either) ||
		     model_begins(text + i + 1, other)))
			return i;
	return len;
}

/* In memory that ends with the text, so that a sanitizer sees a read past the end. */
static size_t find_exact(const struct line_prefixes *starts, const char *text, size_t len)
{
	CLEANUP(cleanup_free) char *exact = malloc(len > 0 ? len : 1);

	cr_assert(exact);
	memcpy(exact, text, len);
	return line_prefixes_find(starts, exact, len);
}

Test(line_prefix, match)
{
	static const struct {
		const char *name;
		const char *line;
		bool expected;
	} rows[] = {
		{ "elsa", "elsa:1:1", true },	   { "elsa", "5001:1:1", true },
		{ "elsa", "elsa:\n\n\n", true },   { "elsa", "elsab:1:1", false },
		{ "elsa", "els:1:1:", false },	   { "elsa", "50010:1:1", false },
		{ "elsa", "5001elsa", false },	   { "elsa", "Elsa:1:1", false },
		{ "elsa", "\nelsa:1:", false },	   { "elsa", " elsa:1:", false },
		{ "e", "e:1:1\n\n\n", true },	   { "e", "el:1:1\n\n", false },
		{ "seven77", "seven77:", true },   { "seven77", "seven777", false },
		{ "eightxyz", "eightxyz", true },  { "eightxyz", "eightxy:", false },
		{ "ninebytes", "ninebyte", true }, { "ninebytes", "ninebyt:", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct line_prefixes starts =
			line_prefixes_of(rows[i].name, "5001");

		cr_assert(line_prefixes_match(&starts, rows[i].line) == rows[i].expected,
			  "row %zu", i);
	}
}

/* A matching line among others, at every place of texts of every length. */
Test(line_prefix, places)
{
	static const char *const lines[] = { "\nel:", "\n5:",	 "\n5l:", "\nel",
					     "\ne:",  "\n\nel:", "x\nx" };
	const struct line_prefixes starts = line_prefixes_of("el", "5");
	char text[150];
	size_t found = 0;

	for (size_t len = 0; len <= sizeof(text); len++) {
		for (size_t i = 0; i < COUNT_OF(lines); i++) {
			size_t n = strlen(lines[i]);

			for (size_t at = 0; at + n <= len; at++) {
				size_t expected, got;

				memset(text, 'e', len);
				memcpy(text + at, lines[i], n);
				expected = model_find("el", "5", text, len);
				got = find_exact(&starts, text, len);
				cr_assert(got == expected,
					  "%zu bytes, '%s' at %zu: %zu for %zu", len,
					  lines[i], at, got, expected);
				found += got < len;
			}
		}
	}
	cr_assert(found > 10000);
}

/* Texts and names of few different bytes, so that every sequence occurs. */
Test(line_prefix, model)
{
	static const char bytes[] = { '\n', 'e', 'l', ':', '5', '0', '\0', '\xff' };
	static const char *const names[] = { "e", "el", "le", "eee", "ll", "eleleleel" };
	struct rng rng = { rng_seed() };
	char text[400];
	size_t found = 0, none = 0;

	for (int round = 0; round < 200000; round++) {
		const char *either = names[rng_below(&rng, COUNT_OF(names))];
		const char *other = names[rng_below(&rng, COUNT_OF(names))];
		const struct line_prefixes starts = line_prefixes_of(either, other);
		size_t len = rng_below(&rng, sizeof(text) + 1);
		size_t kinds = 1 + rng_below(&rng, sizeof(bytes));
		size_t newline_in = 1 + rng_below(&rng, 200);
		size_t expected, got;

		for (size_t i = 0; i < len; i++)
			text[i] = rng_once_in(&rng, newline_in) ?
					  '\n' :
					  bytes[rng_below(&rng, kinds)];
		expected = model_find(either, other, text, len);
		got = find_exact(&starts, text, len);
		cr_assert(got == expected, "round %d: %zu for %zu", round, got, expected);
		found += len - got > STARTS_BYTES;
		none += got == len;
	}
	cr_assert(found > 1000 && none > 1000);
}
