// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-raw: a line a row, a blank between columns. A cell is one word: blanks and what
 * is not printable are \xNN, and no value is an empty word, as libsmartcols has it.
 */
#include <stdio.h>

#include "subid/output-form.h"

static void put_word(const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte <= ' ' || byte == '\\' || byte == 0x7f)
			printf("\\x%02x", byte);
		else
			putchar_unlocked(byte);
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
