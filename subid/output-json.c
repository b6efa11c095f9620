// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-json: one object a row, in a list that has a name.
 *
 * What libsmartcols makes looks the same, but it keeps every row in memory until the
 * last, and passes on bytes that are no UTF-8: file names may hold those, JSON must not.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "subid/output-form.h"

/* The length of the UTF-8 character at @text; 0: there is none. */
static size_t utf8_length(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t len = byte[0] < 0x80 ? 1 :
		     byte[0] < 0xc2 ? 0 :
		     byte[0] < 0xe0 ? 2 :
		     byte[0] < 0xf0 ? 3 :
		     byte[0] < 0xf5 ? 4 :
				      0;

	for (size_t i = 1; i < len; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what is beyond the last character. */
	if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
	    (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	return len;
}

/* How many bytes at @text are what they are in JSON. */
static size_t plain_length(const char *text)
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] < 0x7f && text[len] != '"' &&
	       text[len] != '\\')
		len++;
	return len;
}

static void put_string(const char *text)
{
	putchar_unlocked('"');
	for (;;) {
		size_t len = plain_length(text);

		fwrite_unlocked(text, 1, len, stdout);
		text += len;
		if (!*text)
			break;
		len = utf8_length(text);
		if (len == 0)
			fputs_unlocked("\\ufffd", stdout);
		else if (len > 1)
			fwrite_unlocked(text, 1, len, stdout);
		else
			printf("\\u%04x", (unsigned int)*text);
		text += len ? len : 1;
	}
	putchar_unlocked('"');
}

static void put_value(enum output_type type, const char *cell)
{
	if (!cell)
		fputs_unlocked("null", stdout);
	else if (type == OUTPUT_BOOLEAN)
		fputs_unlocked(strcmp(cell, "yes") == 0 ? "true" : "false", stdout);
	else if (type == OUTPUT_NUMBER)
		fputs_unlocked(cell, stdout);
	else
		put_string(cell);
}

void output_json_start(const char *name)
{
	printf("{\n   \"%s\": [", name);
}

void output_json_row(const struct output *output, const char *const *cells)
{
	fputs_unlocked(output->n_rows ? ",{" : "\n      {", stdout);
	for (size_t i = 0; i < output->n_chosen; i++) {
		const struct output_column *column = &output->columns[output->chosen[i]];

		fputs_unlocked(i ? ",\n         \"" : "\n         \"", stdout);
		for (const char *letter = column->name; *letter; letter++)
			putchar_unlocked(tolower(*letter));
		fputs_unlocked("\": ", stdout);
		put_value(column->type, cells[output->chosen[i]]);
	}
	fputs_unlocked("\n      }", stdout);
}

void output_json_end(const struct output *output)
{
	fputs_unlocked(output->n_rows ? "\n   ]\n}\n" : "]\n}\n", stdout);
}
