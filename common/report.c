// SPDX-License-Identifier: BSD-3-Clause
/*
 * report: one line a message, one write a line, on stderr.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/i18n.h"
#include "common/report.h"

#define LINE_BYTES 1024

/*
 * Writes `PROGRAM: MESSAGE` and a newline to stderr, whole, so that the lines of
 * programs that run side by side do not mix. What is longer than a line is cut.
 */
void report_line(const char *program, const char *format, ...)
{
	char line[LINE_BYTES];
	size_t n, room = sizeof(line) - 1;
	va_list arguments;
	int r;

	r = snprintf(line, room, "%s: ", program);
	n = r < 0 ? 0 : (size_t)r;
	if (n < room) {
		va_start(arguments, format);
		r = vsnprintf(line + n, room - n, format, arguments);
		va_end(arguments);
		n += r < 0 ? 0 : (size_t)r;
	}
	if (n >= room)
		n = room - 1;
	line[n++] = '\n';
	/* Nobody is left to tell when this fails. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

/*
 * The text of an errno in English, whatever the locale: scripts and logs look for it.
 * Thread-safe; the string is a constant.
 */
const char *report_error(int error)
{
	const char *text = strerrordesc_np(error);

	return text ? text : "Unknown error";
}

/*
 * Turns translations on. Costs system calls and reads files: called when there is
 * something to translate, and by a program with privileges only when it has none left.
 */
void report_translate(void)
{
#ifdef ENABLE_NLS
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
#endif
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

	int error = errno ? errno : EIO;

	report_line(program, _("standard output: %s"), report_error(error));
	return -error;
}
