// SPDX-License-Identifier: BSD-3-Clause
/*
 * cure-fix: the `subid fix` command for a line.
 *
 * MUST: the command names the line by its text, and keeps the numbers of a malformed line
 * if its owner can have them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/cure.h"

/* A longer line is found by its beginning. */
#define BEGIN_BYTES 160

/* The option of the verbs that change, by kind. */
const char *cure_kind_option(const struct kind *kind)
{
	return kind->group ? "-g" : "-u";
}

/*
 * Writes the command that repairs a line. options: each with a space before it.
 * Returns false if there is none.
 */
bool cure_by_fix(const struct cure_line *line, const char *options, char *out,
		 size_t size)
{
	char text[CURE_WORD_BYTES + 1], word[CURE_QUOTED_BYTES];
	size_t len = line->len;
	const char *nul =
		memchr(line->text, '\0', len < CURE_WORD_BYTES ? len : CURE_WORD_BYTES);
	bool whole = !nul && len <= CURE_WORD_BYTES;

	if (!whole)
		len = nul && nul - line->text < BEGIN_BYTES ? (size_t)(nul - line->text) :
							      BEGIN_BYTES;
	memcpy(text, line->text, len);
	text[len] = '\0';
	return len > 0 && cure_quote_ascii(text, word) &&
	       (size_t)snprintf(out, size, "subid fix %s%s%s%s %s%s", line->prefix,
				cure_kind_option(line->kind), options,
				whole ? "" : " --begins", text[0] == '-' ? "-- " : "",
				word) < size;
}

/*
 * Writes the command for a malformed line: it gets these ids, and this owner if it cannot
 * keep its own, or else is removed.
 *
 * range: end 0: none. login: the user it means; NULL: unknown.
 * Returns false if there is none.
 */
bool cure_by_repair(const struct cure_line *line, const struct entry_repair *repair,
		    struct range range, const char *login, char *out, size_t size)
{
	char options[CURE_QUOTED_BYTES + sizeof(" --as 4294967295-4294967295 --owner ")];
	char word[CURE_QUOTED_BYTES];
	size_t n = 0;

	if (range.end == 0 || (!repair->owner_ok && !(login && cure_quote(login, word))))
		return cure_by_fix(line, " --remove", out, size);
	options[0] = '\0';
	if (repair->n != 1)
		n = (size_t)snprintf(options, sizeof(options),
				     " --as %" PRIu64 "-%" PRIu64, range.start,
				     range.end - 1);
	if (!repair->owner_ok)
		snprintf(options + n, sizeof(options) - n, " --owner %s", word);
	return cure_by_fix(line, options, out, size);
}
