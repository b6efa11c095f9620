// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-raw: one line per row, a space between columns. A cell is one word of UTF-8:
 * spaces, backslashes and unprintable bytes become \xNN; a missing value is an empty
 * word.
 */
#include <stdio.h>
#include <string.h>

#include "message/report.h"
#include "subid/verb/output-form.h"

static void put_word(const char *text)
{
	for (;;) {
		size_t len = strcspn(text, " \\");
		char escape[PRINTABLE_ESCAPE_BYTES];

		report_put(text, len, PRINTABLE_UTF8);
		text += len;
		if (*text == '\0')
			return;
		printable_escape(*text++, escape);
		fwrite_unlocked(escape, 1, sizeof(escape), stdout);
	}
}

static void put_line(const struct output *output, const char *const *cells)
{
	for (size_t i = 0; i < output->n_chosen; i++) {
		const char *cell = cells[output->chosen[i]];

		if (i)
			putchar_unlocked(' ');
		if (cell)
			put_word(cell);
	}
	putchar_unlocked('\n');
}

void output_raw_headings(const struct output *output)
{
	const char *names[OUTPUT_COLUMNS] = { NULL };

	if (output->no_headings)
		return;
	for (size_t i = 0; i < output->n_chosen; i++)
		names[output->chosen[i]] = output->columns[output->chosen[i]].name;
	put_line(output, names);
}

void output_raw_row(const struct output *output, const char *const *cells)
{
	put_line(output, cells);
}
