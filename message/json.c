// SPDX-License-Identifier: BSD-3-Clause
/*
 * json: looks as the JSON of libsmartcols does. But that library keeps all rows in
 * memory, and it copies bytes that are not UTF-8: names of files may contain those, JSON
 * must not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/printable.h"
#include "message/json.h"

/*
 * Prints a string. Unprintable characters become `\uNNNN`; a byte that is not UTF-8
 * becomes the character with its number.
 */
void json_string(const char *text)
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

static void new_line(const struct json *json)
{
	putchar_unlocked('\n');
	for (unsigned int i = 0; i < json->depth; i++)
		fputs_unlocked("   ", stdout);
}

/* Prints what stands before a value. In a list only the first has a line of its own. */
static void begin_value(struct json *json, const char *key)
{
	if (json->any)
		putchar_unlocked(',');
	if (json->depth > 0 && (key || !json->any))
		new_line(json);
	if (key) {
		putchar_unlocked('"');
		fputs_unlocked(key, stdout);
		fputs_unlocked("\": ", stdout);
	}
	json->any = true;
}

/* Begins an object with `{`, or a list with `[`. */
void json_begin(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	putchar_unlocked(bracket);
	json->depth++;
	json->any = false;
}

/* Ends it with `}` or `]`; the document with a newline. */
void json_end(struct json *json, char bracket)
{
	json->depth--;
	if (json->any)
		new_line(json);
	putchar_unlocked(bracket);
	json->any = true;
	if (json->depth == 0)
		putchar_unlocked('\n');
}

void json_begin_document(struct json *json)
{
	*json = (struct json){ 0 };
	json_begin(json, NULL, '{');
	json_number(json, "version", JSON_VERSION);
}

/* Prints a text; NULL: null. */
void json_text(struct json *json, const char *key, const char *text)
{
	if (!text) {
		json_literal(json, key, "null");
		return;
	}
	begin_value(json, key);
	json_string(text);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	begin_value(json, key);
	printf("%" PRIu64, number);
}

void json_boolean(struct json *json, const char *key, bool value)
{
	json_literal(json, key, value ? "true" : "false");
}

/* Prints what is JSON already, such as a number. */
void json_literal(struct json *json, const char *key, const char *literal)
{
	begin_value(json, key);
	fputs_unlocked(literal, stdout);
}

/* Prints a range as an object in a list. */
void json_range(struct json *json, struct range range)
{
	json_begin(json, NULL, '{');
	json_number(json, "first", range.start);
	json_number(json, "last", range.end - 1);
	json_number(json, "count", range_count(range));
	json_end(json, '}');
}
