// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes: from facts to what is in the way, the first thing first.
 *
 * Pure: nothing is read here. A rule says when a cause applies and how it is told; the
 * order of the rules is the order of the checks, ours and then the kernel's, so that what
 * is named first is what has to be mended first.
 *
 * MUST: a cure names a command only if that command mends it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/causes-rules.h"

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
 * Writes @text as a word for sh(1): as it is, or in quotes where that takes them.
 * Returns false when a command with it could not be shown: it is too long, or holds a
 * control character.
 */
bool causes_quote(const char *text, char out[static CAUSES_QUOTED_BYTES])
{
	size_t n = 0;
	bool plain = text[0] != '\0';

	if (strlen(text) > 256)
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
		plain = plain && is_plain(*c);
	}
	if (!plain)
		out[n++] = '\'';
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\'') {
			memcpy(out + n, "'\\''", 4);
			n += 4;
		} else {
			out[n++] = *c;
		}
	}
	if (!plain)
		out[n++] = '\'';
	out[n] = '\0';
	return true;
}

/* Writes the sentence that says what is in the way; what is too long is cut. */
void causes_evidence(struct cause *cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cause->evidence, sizeof(cause->evidence), format, arguments);
	va_end(arguments);
}

/*
 * Writes the command or the sentence that mends it; one that is too long is left out, for
 * a command that is cut is another command.
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
 * Finds what is in the way.
 *
 * ret_ids: room for @max; the first is what has to be mended first.
 * Returns how many there are, @max at the most. Pure and thread-safe.
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
 * Puts a cause that causes_find() found into words, translated if translations are on.
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
