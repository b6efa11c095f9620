// SPDX-License-Identifier: BSD-3-Clause
/*
 * cure: writes what is wrong and what fixes it, and the words of a command, which can be
 * copied from a terminal into sh(1).
 *
 * MUST: a command names a line by its text, and keeps the numbers of a malformed line if
 * its owner can have them.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "explain/cure.h"
#include "message/i18n.h"
#include "message/report.h"

/* A longer line is found by its beginning. */
#define BEGIN_BYTES 160

/* Writes the sentence about the cause; one that is too long is truncated. */
void causes_evidence(struct cause *cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cause->evidence, sizeof(cause->evidence), format, arguments);
	va_end(arguments);
}

/* Appends to the sentence; what does not fit is left out. */
void causes_add(struct cause *cause, const char *format, ...)
{
	size_t n = strlen(cause->evidence);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cause->evidence + n, sizeof(cause->evidence) - n, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 0))) static void
write_cure(struct cause *cause, const char *format, va_list arguments)
{
	if (vsnprintf(cause->cure, sizeof(cause->cure), format, arguments) >=
	    (int)sizeof(cause->cure))
		cause->cure[0] = '\0';
}

/*
 * Writes what fixes it: a sentence. One that is too long is left out, since a truncated
 * command is another command.
 */
void causes_cure(struct cause *cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_cure(cause, format, arguments);
	va_end(arguments);
}

/* As causes_cure(), for a command that the user runs. */
void causes_cure_command(struct cause *cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_cure(cause, format, arguments);
	va_end(arguments);
	cause->is_command = cause->cure[0] != '\0';
}

/* As causes_cure(), for a command that root runs. */
void causes_cure_as_root(struct cause *cause, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_cure(cause, format, arguments);
	va_end(arguments);
	cause->as_root = cause->is_command = cause->cure[0] != '\0';
}

/* Writes what was checked, in place of a cure; translated. */
void causes_checked(struct cause *cause, const char *text)
{
	snprintf(cause->cure, sizeof(cause->cure), "%s", text);
	cause->checked = true;
}

/* Writes the line about the cure, translated; empty if none is known. */
void causes_cure_line(const struct cause *cause, char line[static CAUSE_LINE_BYTES])
{
	line[0] = '\0';
	if (cause->checked)
		snprintf(line, CAUSE_LINE_BYTES, "%s", cause->cure);
	else if (cause->as_root)
		snprintf(line, CAUSE_LINE_BYTES, _("to fix it (as root): %s"),
			 cause->cure);
	else if (cause->cure[0] != '\0')
		snprintf(line, CAUSE_LINE_BYTES, _("to fix it: %s"), cause->cure);
}

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
bool cure_quote(const char *text, char out[static CURE_QUOTED_BYTES])
{
	size_t len = strlen(text);
	bool plain = len > 0;

	if (len > CURE_WORD_BYTES || (plain && text[len - 1] == '\n'))
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

/*
 * The same, but a word with other characters than those of ASCII is written by printf(1):
 * for names that look like another one, or have bytes that are not visible.
 */
bool cure_quote_ascii(const char *text, char out[static CURE_QUOTED_BYTES])
{
	size_t len = strlen(text);

	if (printable_span(text, len, PRINTABLE_ASCII) == len)
		return cure_quote(text, out);
	if (len > CURE_WORD_BYTES || text[len - 1] == '\n')
		return false;
	quote_by_printf(text, out);
	return true;
}

/*
 * Writes `-R DIR `, the option of commands that are about an image; without @root, "".
 * Returns false, with `-R DIR ` as it is, if the name is too long.
 */
bool cure_root_option(const char *root, char out[static CURE_ROOT_BYTES])
{
	char word[CURE_QUOTED_BYTES];
	bool fits = root && cure_quote(root, word);

	out[0] = '\0';
	if (root)
		snprintf(out, CURE_ROOT_BYTES, "-R %s ", fits ? word : "DIR");
	return fits || !root;
}

/* The option of the verbs that change, by kind. */
const char *cure_kind_option(const struct kind *kind)
{
	return kind->group ? "-g" : "-u";
}

/*
 * Sets the command that repairs a line as the cure. options: each with a space before it.
 * Returns false, and leaves out the cure, if there is none.
 */
bool cure_by_fix(const struct cure_line *line, const char *options, struct cause *cause)
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
	cause->cure[0] = '\0';
	if (len > 0 && cure_quote_ascii(text, word))
		causes_cure_as_root(cause, "subid fix %s%s%s%s %s%s", line->prefix,
				    cure_kind_option(line->kind), options,
				    whole ? "" : " --begins", text[0] == '-' ? "-- " : "",
				    word);
	return cause->cure[0] != '\0';
}

/*
 * Sets the command for a malformed line: it gets these ids, and this owner if it cannot
 * keep its own, or else is removed.
 *
 * range: end 0: none. login: the user it means; NULL: unknown.
 * Returns false if there is none.
 */
bool cure_by_repair(const struct cure_line *line, const struct entry_repair *repair,
		    struct range range, const char *login, struct cause *cause)
{
	char options[CURE_QUOTED_BYTES + sizeof(" --as 4294967295-4294967295 --owner ")];
	char word[CURE_QUOTED_BYTES];
	size_t n = 0;

	if (range.end == 0 || (!repair->owner_ok && !(login && cure_quote(login, word))))
		return cure_by_fix(line, " --remove", cause);
	options[0] = '\0';
	if (repair->n != 1)
		n = (size_t)snprintf(options, sizeof(options),
				     " --as %" PRIu64 "-%" PRIu64, range.start,
				     range.end - 1);
	if (!repair->owner_ok)
		snprintf(options + n, sizeof(options) - n, " --owner %s", word);
	return cure_by_fix(line, options, cause);
}
