// SPDX-License-Identifier: BSD-3-Clause
/*
 * Documents as they are printed: the commas, the lines, and what a string must escape.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/json.h"
#include "tests/unit/unit.h"

static int saved;
static FILE *file;

/* What is printed goes to a file. */
static void begin(void)
{
	file = tmpfile();
	cr_assert(file != NULL);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	cr_assert(saved >= 0);
	cr_assert(dup2(fileno(file), STDOUT_FILENO) >= 0);
}

static void check(const char *expected)
{
	char text[1024] = "";

	fflush(stdout);
	cr_assert(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	cr_assert(strcmp(text, expected) == 0, "%s and not %s", text, expected);
}

/* Each value of an object has a line; in a list only the first. */
Test(json, document)
{
	struct json json;

	begin();
	json_begin_document(&json);
	json_begin(&json, "empty", '[');
	json_end(&json, ']');
	json_begin(&json, "rows", '[');
	json_range(&json, (struct range){ 5, 4294967296 });
	json_begin(&json, NULL, '{');
	json_text(&json, "none", NULL);
	json_boolean(&json, "yes", true);
	json_end(&json, '}');
	json_end(&json, ']');
	json_begin(&json, "words", '[');
	json_text(&json, NULL, "a");
	json_text(&json, NULL, "b");
	json_end(&json, ']');
	json_end(&json, '}');
	check("{\n"
	      "   \"version\": 1,\n"
	      "   \"empty\": [],\n"
	      "   \"rows\": [\n"
	      "      {\n"
	      "         \"first\": 5,\n"
	      "         \"last\": 4294967295,\n"
	      "         \"count\": 4294967291\n"
	      "      },{\n"
	      "         \"none\": null,\n"
	      "         \"yes\": true\n"
	      "      }\n"
	      "   ],\n"
	      "   \"words\": [\n"
	      "      \"a\",\"b\"\n"
	      "   ]\n"
	      "}\n");
}

/* Quotes, control characters and bytes that are not UTF-8. */
Test(json, strings)
{
	begin();
	json_string("a\"b\\c\n\xc3\xa4\xff");
	check("\"a\\u0022b\\u005cc\\u000a\xc3\xa4\\u00ff\"");
}
