// SPDX-License-Identifier: BSD-3-Clause
/*
 * report: one line a message, one write for what belongs together, on stderr.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/i18n.h"
#include "message/report.h"

/*
 * What messages and lines for people may show: the characters of the locale, as far as
 * printable.h knows them. Texts for programs and for logs are UTF-8 everywhere.
 */
enum printable_charset report_charset(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? PRINTABLE_UTF8 :
							    PRINTABLE_BYTES;
}

/* Appends a line, without a program's name where that is NULL. */
__attribute__((format(printf, 3, 0))) static void add_line(struct report *report,
							   const char *program,
							   const char *format,
							   va_list arguments)
{
	char *line = report->text + report->len;
	/* Longer than a line: where it is cut no character is. */
	char text[REPORT_LINE_BYTES + 4] = "";
	size_t n = 0, room = sizeof(report->text) - report->len;

	if (room > REPORT_LINE_BYTES)
		room = REPORT_LINE_BYTES;
	if (room < 2)
		return;
	if (program) {
		snprintf(text, sizeof(text), "%s: ", program);
		n = strlen(text);
	}
	if (vsnprintf(text + n, sizeof(text) - n, format, arguments) < 0)
		text[n] = '\0';
	/* A name from outside makes no second line and no colours. */
	n = printable_copy(line, room - 1, text, strlen(text), report_charset());
	line[n++] = '\n';
	report->len += n;
}

/* Appends `PROGRAM: MESSAGE`, or with @program NULL the message alone, as a line. */
void report_add(struct report *report, const char *program, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_line(report, program, format, arguments);
	va_end(arguments);
}

/* Writes the lines to stderr, with one write(2), and forgets them. */
void report_send(struct report *report)
{
	/* Nobody is left to tell when this fails. */
	if (write(STDERR_FILENO, report->text, report->len) < 0)
		report->len = 0;
	report->len = 0;
}

/* Writes the line `PROGRAM: MESSAGE` to stderr. */
void report_line(const char *program, const char *format, ...)
{
	struct report report = { .len = 0 };
	va_list arguments;

	va_start(arguments, format);
	add_line(&report, program, format, arguments);
	va_end(arguments);
	report_send(&report);
}

/*
 * The text of an errno in English, whatever the locale: scripts and logs look for it. Two
 * of them have a meaning here that strerror(3) does not know: see fd_open_regular() and
 * load_table().
 * Thread-safe; the string is a constant.
 */
const char *report_error(int error)
{
	const char *text = error == EBADFD ? "Not a regular file" :
			   error == EILSEQ ? "The file has a hole, so it is no text" :
					     strerrordesc_np(error);

	return text ? text : "Unknown error";
}

/*
 * Turns translations on, and the characters of the locale. Costs system calls and reads
 * files: called when there is something to translate, and by a program with privileges
 * only when it has none left.
 */
void report_translate(void)
{
	setlocale(LC_CTYPE, "");
#ifdef ENABLE_NLS
	setlocale(LC_MESSAGES, "");
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
#endif
}

static int tell_lost_output(const char *program, int error)
{
	error = error ? error : EIO;
	report_line(program, _("standard output: %s"), report_error(error));
	return -error;
}

/*
 * Writes to stdout at once, for a program that has no other output: it need not have the
 * stream. An output that is lost is told. Returns 0 or -errno.
 */
int report_print(const char *program, const char *format, ...)
{
	va_list arguments;
	int n;

	errno = 0;
	va_start(arguments, format);
	n = vdprintf(STDOUT_FILENO, format, arguments);
	va_end(arguments);
	return n < 0 ? tell_lost_output(program, errno) : 0;
}

/*
 * Prints a text to stdout, for people: what they or their terminal would obey is made
 * visible. Where the text is cut into two, no character must be.
 */
void report_put(const char *text, size_t len, enum printable_charset charset)
{
	while (len > 0) {
		size_t n = printable_span(text, len, charset);
		char escape[PRINTABLE_ESCAPE_BYTES];

		if (n > 0) {
			fwrite_unlocked(text, 1, n, stdout);
		} else {
			printable_escape(text[0], escape);
			fwrite_unlocked(escape, 1, sizeof(escape), stdout);
			n = 1;
		}
		text += n;
		len -= n;
	}
}

/*
 * Closes stdout; an output that is lost (full disk, closed pipe) is told.
 * Returns 0 or -errno.
 */
int report_close_stdout(const char *program)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return 0;
	return tell_lost_output(program, errno);
}

/* Tells whether it is the name service that gave no answer: @r is -errno. */
bool report_is_silence(int r)
{
	return r == -EAGAIN || r == -ETIMEDOUT || r == -ECONNRESET;
}

/* Why the name service gave no answer: @r is -errno. Valid until the next call. */
const char *report_no_answer(int r)
{
	switch (r) {
	case -EAGAIN:
		return _("the name service did not answer");
	case -ETIMEDOUT:
		return _("the name service did not answer in time");
	case -ECONNRESET:
		return _("the name service crashed");
	default:
		return report_error(-r);
	}
}

/*
 * The same where it is not known who a user is: one text for every way in which a service
 * is silent, since scripts look for it.
 */
const char *report_not_known(int r)
{
	return report_no_answer(report_is_silence(r) ? -EAGAIN : r);
}
