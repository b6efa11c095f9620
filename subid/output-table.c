// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-table: a table for people, by libsmartcols, with colours on a terminal.
 *
 * libsmartcols wants all rows before it prints the first, which is a kilobyte of memory a
 * row. It gets the first OUTPUT_ROWS; the rows behind keep the columns as they are then.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subid/output-form.h"
#include "subid/progress.h"

static bool wants_colours(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

int output_table_start(struct output *output)
{
	output->table = scols_new_table();
	if (!output->table)
		return -ENOMEM;
	scols_table_enable_noheadings(output->table, output->no_headings);
	scols_table_enable_colors(output->table, wants_colours());
	for (size_t i = 0; i < output->n_chosen; i++) {
		const struct output_column *column = &output->columns[output->chosen[i]];
		int flags = (column->type == OUTPUT_NUMBER ? SCOLS_FL_RIGHT : 0) |
			    (column->cut ? SCOLS_FL_TRUNC : 0);

		if (!scols_table_new_column(output->table, column->name, 0, flags))
			return -ENOMEM;
	}
	return 0;
}

static int add_row(const struct output *output, const char *const *cells,
		   const char *colour)
{
	struct libscols_line *line = scols_table_new_line(output->table, NULL);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < output->n_chosen; i++)
		if (scols_line_set_data(line, i, cells[output->chosen[i]]))
			return -ENOMEM;
	return colour ? scols_line_set_color(line, colour) : 0;
}

/* Prints what the table has, and keeps how wide its columns came out. */
static int print_rows(struct output *output)
{
	int r;

	progress_rows();
	r = scols_print_table(output->table);

	if (r)
		return r;
	for (size_t i = 0; i < output->n_chosen; i++)
		output->widths[i] =
			scols_column_get_width(scols_table_get_column(output->table, i));
	output_table_cleanup(output);
	return 0;
}

/* Cells on the screen: bytes of UTF-8 that begin a character. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* printf(3) takes ten times as long, and this is done for each cell of a million rows. */
static void put_blanks(size_t n)
{
	for (; n > 0; n--)
		putchar_unlocked(' ');
}

static void put_cell(const struct output *output, size_t i, const char *cell)
{
	size_t width = width_of(cell);
	size_t pad = width < output->widths[i] ? output->widths[i] - width : 0;
	bool right = output->columns[output->chosen[i]].type == OUTPUT_NUMBER;
	bool last = i + 1 == output->n_chosen;

	if (i)
		putchar_unlocked(' ');
	if (right)
		put_blanks(pad);
	for (; *cell; cell++)
		putchar_unlocked((unsigned char)*cell < ' ' || *cell == 0x7f ? '?' :
									       *cell);
	if (!right && !last)
		put_blanks(pad);
}

int output_table_row(struct output *output, const char *const *cells, const char *colour)
{
	int r;

	if (output->n_rows < OUTPUT_ROWS)
		return add_row(output, cells, colour);
	if (output->table) {
		r = print_rows(output);
		if (r)
			return r;
	}
	for (size_t i = 0; i < output->n_chosen; i++) {
		const char *cell = cells[output->chosen[i]];

		put_cell(output, i, cell ? cell : "");
	}
	putchar_unlocked('\n');
	return 0;
}

int output_table_end(struct output *output)
{
	return output->table && output->n_rows > 0 ? print_rows(output) : 0;
}

void output_table_cleanup(struct output *output)
{
	scols_unref_table(output->table);
	output->table = NULL;
}
