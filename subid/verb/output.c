// SPDX-License-Identifier: BSD-3-Clause
/*
 * output: chooses columns by name and prints rows in the requested format.
 *
 * Invariants: memory does not grow with the number of rows; started output is always
 * ended, so that JSON is complete even after an error; lost output is reported once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "command/suggest.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/output.h"
#include "subid/verb/progress.h"
#include "subid/verb/verb.h"

/* Reports an error of libsmartcols, 0 or a negative errno. Returns the exit status. */
static int report_table_error(int r)
{
	return r ? verb_fail(-r) : 0;
}

static int report_unknown_column(const struct output_column *columns, size_t n,
				 const char *name, size_t len)
{
	struct suggest suggest;
	char known[256] = "";
	size_t at = 0;

	for (size_t i = 0; i < n && at < sizeof(known); i++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s",
				       i ? "," : "", columns[i].name);
	report_line(PROGRAM, _("there is no column '%.*s', but: %s"), (int)len, name,
		    known);
	suggest_start(&suggest, name, len);
	for (size_t i = 0; i < n; i++)
		suggest_consider(&suggest, columns[i].name, strlen(columns[i].name));
	suggest_report(&suggest, PROGRAM, "");
	return VERB_USAGE;
}

static int choose_column(struct output *output, const struct output_column *columns,
			 size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		if (strlen(columns[i].name) != len ||
		    strncasecmp(columns[i].name, name, len) != 0)
			continue;
		while (j < output->n_chosen && output->chosen[j] != i)
			j++;
		output->chosen[j] = i;
		output->needed[j] = true;
		if (j == output->n_chosen)
			output->n_chosen++;
		return 0;
	}
	return report_unknown_column(columns, n, name, len);
}

static int choose_columns(struct output *output, const struct output_column *columns,
			  size_t n, const char *names)
{
	bool table = !output->json && !output->raw;
	bool usual = !names || *names == '+';

	for (size_t i = 0; usual && i < n; i++)
		if (columns[i].json_only ? output->json : !table || !columns[i].hidden)
			output->chosen[output->n_chosen++] = i;
	if (names && usual)
		names++;
	while (names) {
		const char *comma = strchrnul(names, ',');
		int r = choose_column(output, columns, n, names, (size_t)(comma - names));

		if (r)
			return r;
		names = *comma ? comma + 1 : NULL;
	}
	return 0;
}

/* Writes a number to @text and returns @text. */
const char *output_number(uint64_t value, char text[static OUTPUT_NUMBER_BYTES])
{
	text[num_format(value, text)] = '\0';
	return text;
}

/* Writes a time, in seconds since 1970, to @text in UTC. NULL: no calendar has it. */
const char *output_time(int64_t seconds, char text[static OUTPUT_TIME_BYTES])
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) ||
	    strftime(text, OUTPUT_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return NULL;
	return text;
}

/*
 * Starts the output of rows. What is missing in them may be noted before.
 *
 * name: of the list in JSON, a constant.
 * columns: @n of them, at most OUTPUT_COLUMNS; must outlive @output.
 * Returns 0, or an exit status with the reason reported. End with output_end(), free with
 * output_cleanup().
 */
int output_start(struct output *output, const char *name,
		 const struct output_column *columns, size_t n,
		 const struct output_format *format)
{
	int r;

	*output = (struct output){
		.gaps = output->gaps,
		.print_more = output->print_more,
		.more_context = output->more_context,
		.name = name,
		.columns = columns,
		.json = format->json,
		.raw = format->raw,
		.no_headings = format->no_headings,
	};
	if (format->json && format->raw) {
		report_line(PROGRAM, _("--json and --raw exclude each other"));
		return VERB_USAGE;
	}
	r = choose_columns(output, columns, n, format->columns);
	if (r)
		return r;
	if (!output->json && !output->raw)
		r = output_table_start(output);
	return report_table_error(r);
}

/* Prints a cell: spaces, backslashes and unprintable bytes become \xNN. */
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

/* One line per row, a space between columns; a missing value is an empty word. */
static void print_raw_row(const struct output *output, const char *const *cells)
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

static void print_raw_headings(const struct output *output)
{
	const char *names[OUTPUT_COLUMNS] = { NULL };

	if (output->no_headings)
		return;
	for (size_t i = 0; i < output->n_chosen; i++)
		names[output->chosen[i]] = output->columns[output->chosen[i]].name;
	print_raw_row(output, names);
}

/* The head is printed with the first row; until then the progress line may be shown. */
static void begin_output(struct output *output)
{
	if (output->begun)
		return;
	output->begun = true;
	if (output->json || output->raw)
		progress_rows();
	if (output->json)
		output_json_start(output);
	else if (output->raw)
		print_raw_headings(output);
}

/* Reports a write error and clears it, so that main() does not report it again. */
static int report_lost_output(void)
{
	report_line(PROGRAM, _("standard output: %s"), report_error(errno));
	__fpurge(stdout);
	clearerr(stdout);
	return VERB_NOT_WRITTEN;
}

/* Returns 0, or an exit status if printing has failed: with the reason reported. */
int output_printed(void)
{
	return ferror(stdout) ? report_lost_output() : 0;
}

/*
 * Flushes what was printed without output_row().
 * Returns 0, or an exit status with the reason reported.
 */
int output_flush(void)
{
	return fflush(stdout) || ferror(stdout) ? report_lost_output() : 0;
}

/*
 * Prints a row.
 *
 * cells: one text for each of all columns; NULL: no value.
 * colour: of the row in a table on a terminal, such as "red"; or NULL.
 * Returns 0, or an exit status with the reason reported; then the caller must stop.
 */
int output_row(struct output *output, const char *const *cells, const char *colour)
{
	int r = 0;

	if (output->lost)
		return VERB_NOT_WRITTEN;
	begin_output(output);
	if (output->json)
		output_json_row(output, cells);
	else if (output->raw)
		print_raw_row(output, cells);
	else
		r = output_table_row(output, cells, colour);
	output->n_rows++;
	if (!ferror(stdout))
		return report_table_error(r);
	output->lost = true;
	return report_lost_output();
}

/* Completes the output. Returns @status, or that of a failure, which is reported. */
int output_end(struct output *output, int status)
{
	int r = 0;

	if (output->lost)
		return VERB_NOT_WRITTEN;
	begin_output(output);
	if (output->json)
		output_json_end(output);
	else if (!output->raw)
		r = output_table_end(output);
	r = r ? report_table_error(r) : output_flush();
	return r ? r : status;
}

/* Frees the output. Accepts OUTPUT_NONE. */
void output_cleanup(struct output *output)
{
	output_table_cleanup(output);
}
