// SPDX-License-Identifier: BSD-3-Clause
/*
 * report: messages on stderr, one line each; lines that belong together in one write.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/i18n.h"
#include "message/report.h"

/* Appends a line, with `PROGRAM: ` before it unless that is NULL. */
__attribute__((format(printf, 3, 0))) static void add_line(struct report *report,
							   const char *program,
							   const char *format,
							   va_list arguments)
{
	char *line = report->text + report->len;
	/* Longer than a line, so that printable_copy() truncates it and splits no
	 * character. */
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
	/* A foreign name must not start a second line or send control characters. */
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

/* Writes the lines to stderr, with one write(2), and removes them. */
void report_send(struct report *report)
{
	/* A failure cannot be reported. */
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
 * The text of an errno in English in any locale, since scripts and logs depend on it. Two
 * have a meaning here that strerror(3) does not know: see fd_open_regular() and
 * load_table().
 * Thread-safe; the string is a constant.
 */
const char *report_error(int error)
{
	const char *text = error == EBADFD ? "Not a regular file" :
			   error == EILSEQ ? "The file has a hole, so it is no text" :
					     error_text(error);

	return text ? text : "Unknown error";
}

/* Returns where it is explained why a database is refused; NULL: the errno explains it.
 */
const char *report_file_hint(int error)
{
	switch (error) {
	case ELOOP:
	case EISDIR:
	case EBADFD:
	case EINVAL:
	case EFBIG:
	case EILSEQ:
		return _("note: 'subid check' shows what is wrong with it, and how to "
			 "fix it");
	default:
		return NULL;
	}
}

static int tell_lost_output(const char *program, int error)
{
	error = error ? error : EIO;
	report_line(program, _("standard output: %s"), report_error(error));
	return -error;
}

/*
 * Writes to stdout without the stream, for a program that has no other output. Reports
 * lost output. Returns 0 or -errno.
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
 * Prints a text to stdout for people, with control characters escaped. A caller that
 * passes a text in parts must not split a character.
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

/* Closes stdout; reports lost output (full disk, closed pipe). Returns 0 or -errno. */
int report_close_stdout(const char *program)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return 0;
	return tell_lost_output(program, errno);
}

/* Whether @r, an -errno, means that the name service gave no answer. */
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
	case -ENOPKG:
		return _("the program that asks the name service cannot be used; "
			 "'subid check' says why");
	default:
		return report_error(-r);
	}
}

/*
 * The same for a look-up of a user: one text for all ways of not answering, since scripts
 * look for it.
 */
const char *report_not_known(int r)
{
	return report_no_answer(report_is_silence(r) ? -EAGAIN : r);
}
