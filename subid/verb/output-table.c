// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-table: prints a table with libsmartcols, in colours on a terminal.
 *
 * libsmartcols keeps all rows until it prints the first, a kilobyte of memory per row. So
 * it gets only the first OUTPUT_ROWS; later rows use the column widths of those.
 * Unprintable characters are escaped here and not by libsmartcols, which does not escape
 * characters that change the direction of writing.
 */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/text-width.h"
#include "libsubid/core/cleanup.h"
#include "message/report.h"
#include "subid/verb/output.h"
#include "subid/verb/progress.h"

static bool wants_colours(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

/* In a single-byte locale libsmartcols knows only the width of ASCII characters. */
static enum printable_charset table_charset(void)
{
	return report_charset() == PRINTABLE_UTF8 ? PRINTABLE_UTF8 : PRINTABLE_ASCII;
}

int output_table_start(struct output *output)
{
	output->charset = table_charset();
	output->table = scols_new_table();
	if (!output->table)
		return -ENOMEM;
	scols_table_enable_noencoding(output->table, 1);
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

/* Returns the printable text of a cell: the cell itself or *ret_made, which the caller
 * frees; NULL if there is no memory. */
static const char *show_cell(const struct output *output, const char *cell,
			     char **ret_made)
{
	size_t len = cell ? strlen(cell) : 0;
	size_t size = PRINTABLE_ESCAPE_BYTES * len + 1;

	if (!cell)
		return "";
	if (printable_span(cell, len, output->charset) == len)
		return cell;
	*ret_made = malloc(size);
	if (*ret_made)
		printable_copy(*ret_made, size, cell, len, output->charset);
	return *ret_made;
}

static int set_cell(const struct output *output, struct libscols_line *line, size_t i,
		    const char *cell)
{
	CLEANUP(cleanup_free) char *made = NULL;
	const char *shown = show_cell(output, cell, &made);

	return shown ? scols_line_set_data(line, i, shown) : -ENOMEM;
}

static int add_row(const struct output *output, const char *const *cells,
		   const char *colour)
{
	struct libscols_line *line = scols_table_new_line(output->table, NULL);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < output->n_chosen; i++)
		if (set_cell(output, line, i, cells[output->chosen[i]]))
			return -ENOMEM;
	return colour ? scols_line_set_color(line, colour) : 0;
}

/* Prints the rows of the table and stores the widths of its columns. */
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

/* printf(3) takes ten times as long, and a table may have a million rows. */
static void put_spaces(size_t n)
{
	for (; n > 0; n--)
		putchar_unlocked(' ');
}

static int put_cell(const struct output *output, size_t i, const char *cell)
{
	CLEANUP(cleanup_free) char *made = NULL;
	const char *shown = show_cell(output, cell, &made);
	size_t width = shown ? text_width(shown) : 0;
	size_t pad = width < output->widths[i] ? output->widths[i] - width : 0;
	bool right = output->columns[output->chosen[i]].type == OUTPUT_NUMBER;
	bool last = i + 1 == output->n_chosen;

	if (!shown)
		return -ENOMEM;
	if (i)
		putchar_unlocked(' ');
	if (right)
		put_spaces(pad);
	fputs_unlocked(shown, stdout);
	if (!right && !last)
		put_spaces(pad);
	return 0;
}

int output_table_row(struct output *output, const char *const *cells, const char *colour)
{
	int r = 0;

	if (output->n_rows < OUTPUT_ROWS)
		return add_row(output, cells, colour);
	if (output->table) {
		r = print_rows(output);
		if (r)
			return r;
	}
	for (size_t i = 0; i < output->n_chosen && r == 0; i++)
		r = put_cell(output, i, cells[output->chosen[i]]);
	putchar_unlocked('\n');
	return r;
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
