// SPDX-License-Identifier: BSD-3-Clause
/*
 * syslog: one line to syslog(3), facility authpriv.
 *
 * Invariant: a failure to record does not fail the operation; a log daemon that does not
 * read delays a refusal for seconds, not for ever; refusals in a loop do not fill the
 * log. A name cannot forge another record: records are UTF-8 without control characters.
 */
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>

#include "libsubid/core/printable.h"
#include "message/ratelimit.h"
#include "message/syslog.h"

#define RECORD_SECONDS 1
#define RECORD_BYTES   1024

/* The first line of a refusal, and the caller. */
#define RECORD_REFUSAL_BYTES 512

/* A signal with a handler interrupts a system call that waits. */
static void wake(int number)
{
	(void)number;
}

static void send(const char *program, const char *text)
{
	openlog(program, LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_NOTICE, "%s", text);
	closelog();
}

/* Sends; interrupts each system call that waits longer than RECORD_SECONDS. */
static void send_in_time(const char *program, const char *text)
{
	const struct itimerval each = {
		.it_interval = { .tv_sec = RECORD_SECONDS },
		.it_value = { .tv_sec = RECORD_SECONDS },
	};
	const struct itimerval never = { 0 };
	struct sigaction action = { .sa_handler = wake };
	sigset_t alarm_only;

	/* The caller may have left it blocked and pending; ignoring it discards it. */
	signal(SIGALRM, SIG_IGN);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
	send(program, text);
	setitimer(ITIMER_REAL, &never, NULL);
}

/* Formats a record and sends it; one that is too long is truncated. */
__attribute__((format(printf, 2, 0))) static void
record(const char *program, const char *format, va_list arguments)
{
	char text[RECORD_BYTES] = "", shown[2 * RECORD_BYTES];

	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	printable_copy(shown, sizeof(shown), text, strlen(text), PRINTABLE_UTF8);
	send_in_time(program, shown);
}

/*
 * Records a change of the databases, or its refusal. It takes SIGALRM over: for programs
 * that are about to end.
 */
void syslog_change(const char *program, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	record(program, format, arguments);
	va_end(arguments);
}

/*
 * As syslog_change(), for a refusal to the user who runs the program, without privilege.
 * Refusals beyond the limit in ratelimit.h are left out.
 */
void syslog_refusal(const char *program, const char *format, ...)
{
	char text[RECORD_REFUSAL_BYTES];
	va_list arguments;
	int r = ratelimit_take();

	if (r == RATELIMIT_OVER)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (r == RATELIMIT_LAST)
		syslog_change(program,
			      "%s; too many of this user: one in %d seconds is recorded "
			      "from now on",
			      text, RATELIMIT_SECONDS);
	else
		syslog_change(program, "%s", text);
}
