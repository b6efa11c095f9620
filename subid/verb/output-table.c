// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-table: prints a table with libsmartcols. On a terminal it is in colours and as
 * wide as the screen: the text of some columns is wrapped or cut, of the widest first.
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
#include "subid/verb/terminal.h"

/* A column is narrower only if the others cannot give more. */
#define COLUMN_WIDTH 16

static void cleanup_iterator(struct libscols_iter **iter)
{
	scols_free_iter(*iter);
}

/* In a single-byte locale libsmartcols knows only the width of ASCII characters. */
static enum printable_charset table_charset(void)
{
	return report_charset() == PRINTABLE_UTF8 ? PRINTABLE_UTF8 : PRINTABLE_ASCII;
}

/* Cells that hold several lines have them separated by newlines. */
static int add_column(struct output *output, const struct output_column *column)
{
	int flags = column->type == OUTPUT_NUMBER ? SCOLS_FL_RIGHT :
		    column->wrap		  ? SCOLS_FL_WRAP :
						    0;
	struct libscols_column *added =
		scols_table_new_column(output->table, column->name, 0, flags);

	if (!added)
		return -ENOMEM;
	if (column->wrap && scols_column_set_wrapfunc(added, scols_wrapnl_chunksize,
						      scols_wrapnl_nextchunk, NULL))
		return -ENOMEM;
	return output->colours ? scols_cell_set_color(scols_column_get_header(added),
						      terminal_colour_start("bold")) :
				 0;
}

int output_table_start(struct output *output)
{
	struct terminal_size size;
	int r = 0;

	output->charset = table_charset();
	output->colours = terminal_has_colours();
	output->table = scols_new_table();
	if (!output->table)
		return -ENOMEM;
	if (terminal_size(STDOUT_FILENO, &size))
		output->width = size.width;
	scols_table_set_termwidth(output->table, size.width);
	scols_table_enable_noencoding(output->table, 1);
	scols_table_enable_noheadings(output->table, output->no_headings);
	scols_table_enable_colors(output->table, output->colours);
	for (size_t i = 0; r == 0 && i < output->n_chosen; i++) {
		const struct output_column *column = &output->columns[output->chosen[i]];

		output->widths[i] = strlen(column->name);
		r = add_column(output, column);
	}
	return r;
}

/* Returns the printable text of a cell: the cell itself or *ret_made, which the caller
 * frees; NULL if there is no memory. */
static const char *show_cell(const struct output *output, size_t i, const char *cell,
			     char **ret_made)
{
	size_t len, size;

	if (!cell)
		return "";
	if (output->columns[output->chosen[i]].type == OUTPUT_NUMBER)
		return cell;
	len = strlen(cell);
	if (printable_span(cell, len, output->charset) == len)
		return cell;
	size = PRINTABLE_ESCAPE_BYTES * len + 1;
	*ret_made = malloc(size);
	if (*ret_made)
		printable_copy(*ret_made, size, cell, len, output->charset);
	return *ret_made;
}

static int set_cell(struct output *output, struct libscols_line *line, size_t i,
		    const char *cell)
{
	CLEANUP(cleanup_free) char *made = NULL;
	const char *shown = show_cell(output, i, cell, &made);
	size_t width = shown ? text_width(shown) : 0;

	if (width > output->widths[i])
		output->widths[i] = width;
	return shown ? scols_line_set_data(line, i, shown) : -ENOMEM;
}

static int add_row(struct output *output, const char *const *cells, const char *colour)
{
	struct libscols_line *line = scols_table_new_line(output->table, NULL);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < output->n_chosen; i++) {
		const char *cell = cells[output->chosen[i]];

		output->needed[i] |= cell && *cell;
		if (set_cell(output, line, i, cell))
			return -ENOMEM;
	}
	return colour ? scols_line_set_color(line, terminal_colour_start(colour)) : 0;
}

static struct libscols_column *column_at(const struct output *output, size_t i)
{
	return scols_table_get_column(output->table, i);
}

static bool has_place(const struct output *output, size_t i)
{
	return !(scols_column_get_flags(column_at(output, i)) & SCOLS_FL_HIDDEN);
}

static size_t table_width(const struct output *output)
{
	size_t all = 0;

	for (size_t i = 0; i < output->n_chosen; i++)
		if (has_place(output, i))
			all += output->widths[i] + (all > 0);
	return all;
}

static bool may_shrink(const struct output *output, size_t i, size_t floor)
{
	const struct output_column *column = &output->columns[output->chosen[i]];

	return (column->cut || column->wrap) && has_place(output, i) &&
	       output->widths[i] > floor && output->widths[i] > strlen(column->name);
}

/* Takes @lack cells from the widest columns, as long as they are wider than @floor.
 * Returns how many cells are still lacking. */
static size_t shrink(struct output *output, size_t lack, size_t floor)
{
	while (lack > 0) {
		size_t widest = output->n_chosen;

		for (size_t i = 0; i < output->n_chosen; i++)
			if (may_shrink(output, i, floor) &&
			    (widest == output->n_chosen ||
			     output->widths[i] > output->widths[widest]))
				widest = i;
		if (widest == output->n_chosen)
			break;
		output->widths[widest]--;
		lack--;
	}
	return lack;
}

/* Makes the columns fit the terminal. The last one takes what is left, since later rows
 * may be wider. */
static void fit_columns(struct output *output)
{
	size_t all = table_width(output), last = output->n_chosen - 1;

	if (all <= output->width)
		output->widths[last] += output->width - all;
	else if (output->width)
		shrink(output, shrink(output, all - output->width, COLUMN_WIDTH), 0);
}

/* Returns how much of a cell the next line shows; *ret_cells gets its width. */
static size_t fit_cell(const struct output *output, size_t i, const char *text,
		       size_t *ret_cells)
{
	const struct output_column *column = &output->columns[output->chosen[i]];
	bool narrow = output->width && (column->cut || column->wrap);
	size_t width = narrow ? output->widths[i] : SIZE_MAX;
	size_t len = column->wrap ? text_width_line(text, width, ret_cells) :
				    text_width_fit(text, width, ret_cells);

	/* A character may be wider than the column. */
	if (len == 0 && *text != '\0')
		len = text_width_fit(text, 2, ret_cells);
	return len;
}

/* Breaks a cell of the table into lines, or cuts it. */
static int break_cell(const struct output *output, struct libscols_line *line, size_t i)
{
	struct libscols_cell *cell = scols_line_get_cell(line, i);
	const char *text = scols_cell_get_data(cell), *all = text ? text : "";
	CLEANUP(cleanup_free) char *lines = malloc(2 * strlen(all) + 1);
	char *end = lines;

	if (!lines)
		return -ENOMEM;
	for (text = all; *text != '\0';) {
		size_t cells, len = fit_cell(output, i, text, &cells);

		end = mempcpy(end, text, len);
		text = text_width_next(text, len);
		if (*text == '\0' || !output->columns[output->chosen[i]].wrap)
			break;
		*end++ = '\n';
	}
	*end = '\0';
	return scols_cell_set_data(cell, lines);
}

static int break_cells(struct output *output)
{
	CLEANUP(cleanup_iterator)
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;
	int r = iter ? 0 : -ENOMEM;

	while (r == 0 && scols_table_next_line(output->table, iter, &line) == 0)
		for (size_t i = 0; r == 0 && i < output->n_chosen; i++)
			if (output->columns[output->chosen[i]].wrap ||
			    output->columns[output->chosen[i]].cut)
				r = break_cell(output, line, i);
	return r;
}

/* Prints the rows of the table. */
static int print_rows(struct output *output)
{
	int r;

	progress_rows();
	fit_columns(output);
	r = output->width ? break_cells(output) : 0;
	if (r == 0)
		r = scols_print_table(output->table);
	if (r == 0)
		output_table_cleanup(output);
	return r;
}

/* printf(3) takes ten times as long, and a table may have a million rows. */
static void put_spaces(size_t n)
{
	for (; n > 0; n--)
		putchar_unlocked(' ');
}

/*
 * Prints what fits of a cell. Returns what is left for the next line.
 */
static const char *put_cell(const struct output *output, size_t i, const char *text)
{
	const struct output_column *column = &output->columns[output->chosen[i]];
	bool right = column->type == OUTPUT_NUMBER;
	size_t cells, width = output->widths[i];
	size_t len = fit_cell(output, i, text, &cells);

	if (i)
		putchar_unlocked(' ');
	if (right && cells < width)
		put_spaces(width - cells);
	fwrite_unlocked(text, 1, len, stdout);
	if (!right && cells < width && i + 1 < output->n_chosen)
		put_spaces(width - cells);
	return column->wrap ? text_width_next(text, len) : "";
}

/* Prints a row below those of the table, in as many lines as its cells need. */
static void put_wrapped_cells(const struct output *output, const char **cells)
{
	bool more;

	do {
		more = false;
		for (size_t i = 0; i < output->n_chosen; i++) {
			cells[i] = put_cell(output, i, cells[i]);
			more |= *cells[i] != '\0';
		}
		putchar_unlocked('\n');
	} while (more);
}

static int put_row(const struct output *output, const char *const *cells,
		   const char *colour)
{
	const char *shown[OUTPUT_COLUMNS] = { NULL };
	char *made[OUTPUT_COLUMNS] = { NULL };
	int r = 0;

	for (size_t i = 0; r == 0 && i < output->n_chosen; i++) {
		shown[i] = show_cell(output, i, cells[output->chosen[i]], &made[i]);
		r = shown[i] ? 0 : -ENOMEM;
	}
	if (!output->colours)
		colour = NULL;
	fputs_unlocked(terminal_colour_start(colour), stdout);
	if (r == 0)
		put_wrapped_cells(output, shown);
	fputs_unlocked(terminal_colour_end(colour), stdout);
	for (size_t i = 0; i < output->n_chosen; i++)
		free(made[i]);
	return r;
}

int output_table_row(struct output *output, const char *const *cells, const char *colour)
{
	if (output->n_rows < OUTPUT_ROWS)
		return add_row(output, cells, colour);
	if (output->table) {
		int r = print_rows(output);

		if (r)
			return r;
	}
	return put_row(output, cells, colour);
}

/* Leaves out columns without any value, unless -o names them. */
static int hide_empty(struct output *output)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < output->n_chosen; i++) {
		struct libscols_column *column = scols_table_get_column(output->table, i);

		if (!output->needed[i])
			r = scols_column_set_flags(column, SCOLS_FL_HIDDEN);
	}
	return r;
}

/* If the table has all rows, it is known which columns are empty. */
int output_table_end(struct output *output)
{
	int r;

	if (!output->table || output->n_rows == 0)
		return 0;
	r = hide_empty(output);
	return r ? r : print_rows(output);
}

void output_table_cleanup(struct output *output)
{
	scols_unref_table(output->table);
	output->table = NULL;
}
