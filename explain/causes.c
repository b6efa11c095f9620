// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes: finds the causes of a failure in facts, in the order in which to fix them.
 *
 * Pure: nothing is read here. A rule has a condition and a description. The rules are in
 * the order of the checks, first ours and then the kernel's.
 *
 * MUST: a cure names a command only if that command removes the cause.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes-rules.h"
#include "message/report.h"

static const struct causes_rule *const tables[] = {
	causes_of_request,  causes_of_target, causes_of_source,
	causes_of_database, causes_of_host,   causes_of_kernel,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("_-./,:@%+=", c));
}

/*
 * Whether each character is visible and can be copied from a terminal. In a locale other
 * than UTF-8, a table does not show characters other than ASCII unchanged.
 */
static bool is_shown(const char *text)
{
	enum printable_charset charset =
		report_charset() == PRINTABLE_UTF8 ? PRINTABLE_UTF8 : PRINTABLE_ASCII;
	size_t len = strlen(text);

	return printable_span(text, len, charset) == len;
}

/* Writes @text in single quotes. */
static void quote(const char *text, char *out)
{
	*out++ = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			memcpy(out, "'\\''", 4);
			out += 4;
		} else {
			*out++ = *text;
		}
	}
	memcpy(out, "'", 2);
}

/* Writes @text as a substitution by printf(1), which every sh(1) has. */
static void quote_by_printf(const char *text, char *out)
{
	static const char begin[] = "\"$(printf '";

	memcpy(out, begin, sizeof(begin) - 1);
	out += sizeof(begin) - 1;
	for (size_t i = 0; text[i] != '\0'; i++) {
		unsigned char byte = (unsigned char)text[i];

		/* A leading '-' would be an option, '%' a conversion. */
		if (is_plain(text[i]) && byte != '%' && (i > 0 || byte != '-')) {
			*out++ = text[i];
			continue;
		}
		*out++ = '\\';
		for (int shift = 6; shift >= 0; shift -= 3)
			*out++ = (char)('0' + (byte >> shift & 7));
	}
	memcpy(out, "')\"", 4);
}

/*
 * Writes @text as a word for sh(1): as it is, in quotes if it needs them, or by printf(1)
 * if a byte of it cannot be shown.
 * Returns false if it is too long, or ends with a newline, which sh(1) would cut off.
 */
bool causes_quote(const char *text, char out[static CAUSES_QUOTED_BYTES])
{
	size_t len = strlen(text);
	bool plain = len > 0;

	if (len > CAUSES_WORD_BYTES || (plain && text[len - 1] == '\n'))
		return false;
	for (size_t i = 0; i < len; i++)
		plain = plain && is_plain(text[i]);
	if (plain)
		memcpy(out, text, len + 1);
	else if (is_shown(text))
		quote(text, out);
	else
		quote_by_printf(text, out);
	return true;
}

/* Writes the sentence about the cause; one that is too long is truncated. */
void causes_evidence(struct cause *cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cause->evidence, sizeof(cause->evidence), format, arguments);
	va_end(arguments);
}

/*
 * Writes the command or the sentence that fixes it. One that is too long is left out,
 * since a truncated command is another command.
 */
void causes_cure(struct cause *cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(cause->cure, sizeof(cause->cure), format, arguments) >=
	    (int)sizeof(cause->cure))
		cause->cure[0] = '\0';
	va_end(arguments);
}

/*
 * Finds the causes of a failure.
 *
 * ret_ids: room for @max; the first is to be fixed first.
 * Returns how many there are, @max at most. Pure and thread-safe.
 */
size_t causes_find(const struct facts *facts, enum cause_id *ret_ids, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < TABLES; i++)
		for (const struct causes_rule *rule = tables[i]; rule->id && n < max;
		     rule++)
			if (rule->applies(facts))
				ret_ids[n++] = rule->id;
	return n;
}

/*
 * Describes a cause that causes_find() found; translated if translations are on.
 * Thread-safe.
 */
void causes_describe(const struct facts *facts, enum cause_id id, struct cause *ret_cause)
{
	*ret_cause = (struct cause){ .id = id };
	for (size_t i = 0; i < TABLES; i++)
		for (const struct causes_rule *rule = tables[i]; rule->id; rule++)
			if (rule->id == id)
				rule->describe(facts, ret_cause);
}
