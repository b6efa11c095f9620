// SPDX-License-Identifier: BSD-3-Clause
/*
 * help: what --help prints, from the table of options. No line is wider than 80 cells, in
 * any language.
 */
#include <stdio.h>
#include <string.h>

#include "command/help.h"
#include "command/text-width.h"
#include "message/i18n.h"

/* A terminal of 80 columns may wrap after the 80th. */
#define LINE_WIDTH 79
/* Before each term, and at least as much after it. */
#define INDENT 2
/* The text of a wider term begins on the next line. */
#define TERM_WIDTH   32
#define TERM_BYTES   128
#define OPTION_ROWS  64
#define EXAMPLES     8
#define STATUSES     32
#define STATUS_BYTES 12

/* Prints a text from column @column on, wrapped. */
static void print_wrapped(const char *text, size_t column)
{
	while (*text != '\0') {
		size_t cells, len = text_width_line(text, LINE_WIDTH - column, &cells);

		fwrite(text, 1, len, stdout);
		text = text_width_next(text, len);
		if (*text != '\0')
			printf("\n%*s", (int)column, "");
	}
	putchar('\n');
}

/* Prints terms in a column, and beside them what they mean. */
void help_print_rows(const struct help_row *rows, size_t n)
{
	size_t widest = 0, column;

	for (size_t i = 0; i < n; i++) {
		size_t width = text_width(rows[i].term);

		if (width > widest && width <= TERM_WIDTH)
			widest = width;
	}
	column = widest + 2 * INDENT;
	for (size_t i = 0; i < n; i++) {
		size_t at = text_width(rows[i].term) + INDENT;

		printf("%*s%s", INDENT, "", rows[i].term);
		if (at + INDENT > column) {
			putchar('\n');
			at = 0;
		}
		printf("%*s", (int)(column - at), "");
		print_wrapped(rows[i].text, column);
	}
}

/* Writes an option as `-o, --output LIST`. */
static void name_option(const struct option_row *row, char ret_term[static TERM_BYTES])
{
	const char letter[] = { '-', row->letter, '\0' };
	bool named = *row->name != '\0';

	snprintf(ret_term, TERM_BYTES, "%s%s%s%s%s%s", row->letter ? letter : "    ",
		 row->letter && named ? ", " : "", named ? "--" : "", row->name,
		 row->argument ? " " : "", row->argument ? _(row->argument) : "");
}

static void print_options(const struct command *command)
{
	struct help_row rows[OPTION_ROWS];
	char terms[OPTION_ROWS][TERM_BYTES];
	const struct option_row *row;
	size_t n, base;

	for (n = 0; n < OPTION_ROWS && (row = option_get(command, n, &base)); n++) {
		name_option(row, terms[n]);
		rows[n] = (struct help_row){ terms[n], _(row->text) };
	}
	help_print_rows(rows, n);
}

static void print_examples(const struct command *command)
{
	struct help_row rows[EXAMPLES];
	size_t n;

	for (n = 0; n < EXAMPLES && command->examples[n].term; n++)
		rows[n] = (struct help_row){ command->examples[n].term,
					     _(command->examples[n].text) };
	help_print_rows(rows, n);
}

static void print_statuses(const struct command *command)
{
	struct help_row rows[STATUSES];
	char numbers[STATUSES][STATUS_BYTES];
	size_t n = 0;

	for (const struct help_status *status = command->statuses;
	     status->text && n < STATUSES; status++) {
		if (command->exits && !(command->exits >> status->status & 1))
			continue;
		snprintf(numbers[n], STATUS_BYTES, "%d", status->status);
		rows[n] = (struct help_row){ numbers[n], _(status->text) };
		n++;
	}
	help_print_rows(rows, n);
}

/* Prints what follows the usage line. */
void help_print_rest(const struct command *command)
{
	putchar('\n');
	print_wrapped(_(command->summary), 0);
	printf(_("\nOptions:\n"));
	print_options(command);
	printf(_("\nExamples:\n"));
	print_examples(command);
	printf(_("\nExit status:\n"));
	print_statuses(command);
	if (strcmp(command->name, command->program) == 0)
		printf(_("\nSee %s.\n"), command->page);
	else
		printf(_("\nSee %s and %s(1).\n"), command->page, command->program);
}

void help_print(const struct command *command)
{
	printf(_("Usage: %s %s\n"), command->name, _(command->usage));
	help_print_rest(command);
}

void help_print_version(const struct command *command)
{
	printf("%s (%s) %s\n", command->program, PACKAGE, PACKAGE_VERSION);
}
