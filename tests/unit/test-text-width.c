// SPDX-License-Identifier: BSD-3-Clause
/*
 * The width of text in cells.
 */
#include <locale.h>

#include "command/text-width.h"
#include "tests/unit/unit.h"

/* Wide characters take two cells, combining ones none; no character is split. */
Test(text_width, fit)
{
	static const struct {
		const char *text;
		size_t cells, bytes, used;
	} rows[] = {
		{ "", 0, 0, 0 },
		{ "", 5, 0, 0 },
		{ "abc", 2, 2, 2 },
		{ "abc", 3, 3, 3 },
		{ "abc", SIZE_MAX, 3, 3 },
		{ "\u65e5\u672c", 1, 0, 0 },
		{ "\u65e5\u672c", 2, 3, 2 },
		{ "\u65e5\u672c", 3, 3, 2 },
		{ "\u65e5\u672c", 4, 6, 4 },
		{ "a\u65e5b", 3, 4, 3 },
		{ "a\u65e5b", 4, 5, 4 },
		/* e with a combining accent */
		{ "e\u0301f", 1, 3, 1 },
		{ "e\u0301f", 2, 4, 2 },
		/* a byte that is no character, as libsmartcols counts it */
		{ "\xff", 1, 1, 1 },
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		cr_skip_test("no locale C.UTF-8");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t used = 99,
		       bytes = text_width_fit(rows[i].text, rows[i].cells, &used);

		cr_assert(bytes == rows[i].bytes && used == rows[i].used,
			  "%zu: %zu bytes in %zu cells", i, bytes, used);
	}
	cr_assert(text_width("\u65e5\u672c e\u0301") == 6);
}

/* Lines end at spaces and beside wide characters, not before a mark that ends a phrase.
 */
Test(text_width, lines)
{
	static const struct {
		const char *text;
		size_t cells, bytes, used;
	} rows[] = {
		{ "", 5, 0, 0 },
		{ "one two", 7, 7, 7 },
		{ "one two", 6, 3, 3 },
		{ "one two", 4, 3, 3 },
		{ "one two", 3, 3, 3 },
		{ "one  two", 4, 3, 3 },
		{ "one two", 2, 2, 2 },
		{ "one ", 5, 4, 4 },
		{ "  one", 2, 0, 0 },
		{ "/etc/subuid", 4, 4, 4 },
		{ "\u65e5\u672c\u8a9e", 4, 6, 4 },
		{ "\u65e5\u672c\u8a9e", 5, 6, 4 },
		{ "\u65e5\u672c\u3002", 4, 3, 2 },
		{ "\u65e5subuid", 5, 3, 2 },
		{ "id\u65e5\u672c", 3, 2, 2 },
		{ "a e\u0301f", 2, 1, 1 },
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		cr_skip_test("no locale C.UTF-8");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t used = 99,
		       bytes = text_width_line(rows[i].text, rows[i].cells, &used);

		cr_assert(bytes == rows[i].bytes && used == rows[i].used,
			  "%zu: %zu bytes in %zu cells", i, bytes, used);
	}
}
