// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-json: one object per row, in a named list.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "subid/verb/output.h"

#define KEY_BYTES 32

/* The key of a column is its name in lower case. */
static void write_key(const struct output_column *column, char ret_key[static KEY_BYTES])
{
	size_t i;

	for (i = 0; i < KEY_BYTES - 1 && column->name[i]; i++)
		ret_key[i] = (char)tolower(column->name[i]);
	ret_key[i] = '\0';
}

static void put_value(struct json *json, const char *key, enum output_type type,
		      const char *cell)
{
	if (type == OUTPUT_TEXT || !cell)
		json_text(json, key, cell);
	else if (type == OUTPUT_BOOLEAN)
		json_boolean(json, key, strcmp(cell, "yes") == 0);
	else
		json_literal(json, key, cell);
}

void output_json_start(struct output *output)
{
	json_begin_document(&output->document);
	json_begin(&output->document, output->name, '[');
}

void output_json_row(struct output *output, const char *const *cells)
{
	struct json *json = &output->document;
	char key[KEY_BYTES];

	json_begin(json, NULL, '{');
	for (size_t i = 0; i < output->n_chosen; i++) {
		const struct output_column *column = &output->columns[output->chosen[i]];

		write_key(column, key);
		put_value(json, key, column->type, cells[output->chosen[i]]);
		if (column->also)
			put_value(json, column->also, column->type,
				  cells[output->chosen[i]]);
	}
	json_end(json, '}');
}

static void put_summary(struct json *json, const struct output_count *summary)
{
	json_begin(json, "summary", '{');
	for (const struct output_count *item = summary; item->name; item++)
		json_number(json, item->name, item->count);
	json_end(json, '}');
}

/* What the rows lack: lines that grant nothing, and services that did not answer. */
static void print_gaps(struct json *json, const struct output_gaps *gaps)
{
	json_begin(json, "skipped", '[');
	for (size_t k = 0; k < 2; k++)
		if (gaps->skipped[k].lines > 0) {
			json_begin(json, NULL, '{');
			json_text(json, "file", gaps->skipped[k].path);
			json_number(json, "lines", gaps->skipped[k].lines);
			json_end(json, '}');
		}
	json_end(json, ']');
	json_begin(json, "unanswered", '[');
	if (gaps->unanswered & OUTPUT_PASSWD)
		json_text(json, NULL, "passwd");
	if (gaps->unanswered & OUTPUT_SUBID)
		json_text(json, NULL, "subid");
	json_end(json, ']');
}

void output_json_end(struct output *output)
{
	struct json *json = &output->document;

	json_end(json, ']');
	print_gaps(json, &output->gaps);
	if (output->summary)
		put_summary(json, output->summary);
	if (output->print_more)
		output->print_more(json, output->more_context);
	json_end(json, '}');
}
