// SPDX-License-Identifier: BSD-3-Clause
/*
 * output-json: one object per row, in a named list.
 *
 * The JSON of libsmartcols looks the same, but libsmartcols keeps all rows in memory, and
 * it copies bytes that are not UTF-8. File names may contain those, JSON must not.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/printable.h"
#include "subid/verb/output.h"

/*
 * Prints a string. Unprintable characters become `\uNNNN`; a byte that is not UTF-8
 * becomes the character with its number.
 */
void output_json_string(const char *text)
{
	size_t len = strlen(text);

	putchar_unlocked('"');
	for (;;) {
		size_t n = printable_span(text, strcspn(text, "\"\\"), PRINTABLE_UTF8);
		struct printable step;

		fwrite_unlocked(text, 1, n, stdout);
		text += n;
		len -= n;
		if (len == 0)
			break;
		step = printable_step(text, len, PRINTABLE_UTF8);
		printf("\\u%04" PRIx32, step.code);
		text += step.len;
		len -= step.len;
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
		output_json_string(cell);
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

static void put_summary(const struct output_count *summary)
{
	fputs_unlocked(",\n   \"summary\": {", stdout);
	for (const struct output_count *item = summary; item->name; item++)
		printf("%s\n      \"%s\": %" PRIu64, item == summary ? "" : ",",
		       item->name, item->count);
	fputs_unlocked("\n   }", stdout);
}

void output_json_end(const struct output *output)
{
	fputs_unlocked(output->n_rows ? "\n   ]" : "]", stdout);
	if (output->summary)
		put_summary(output->summary);
	fputs_unlocked("\n}\n", stdout);
}
