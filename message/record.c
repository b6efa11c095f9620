// SPDX-License-Identifier: BSD-3-Clause
/*
 * record: one line to syslog(3), facility authpriv.
 *
 * Invariant: recording does not fail what is recorded, a log daemon that does not read
 * holds up a refusal for seconds, not for ever, and a user who is refused in a loop does
 * not fill the log. A name in a record cannot forge another record: it is UTF-8 without
 * control characters.
 */
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>

#include "message/ratelimit.h"
#include "message/record.h"
#include "libsubid/core/printable.h"

#define RECORD_SECONDS 1
#define RECORD_BYTES   1024

/* A first line, and whose map was refused. */
#define RECORD_REFUSAL_BYTES 512

/* A signal with a handler ends a system call that waits. */
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

/* Sends; each system call that waits longer than RECORD_SECONDS is given up. */
static void send_in_time(const char *program, const char *text)
{
	const struct itimerval each = {
		.it_interval = { .tv_sec = RECORD_SECONDS },
		.it_value = { .tv_sec = RECORD_SECONDS },
	};
	const struct itimerval never = { 0 };
	struct sigaction action = { .sa_handler = wake };
	sigset_t alarm_only;

	/* It may come in blocked, and waiting: to ignore it drops it. */
	signal(SIGALRM, SIG_IGN);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
	send(program, text);
	setitimer(ITIMER_REAL, &never, NULL);
}

/* Makes the text of a record and sends it; what is too long is cut. */
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
 * Records what was done, or refused, to the databases. It takes SIGALRM over: for
 * programs that are about to end.
 */
void record_change(const char *program, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	record(program, format, arguments);
	va_end(arguments);
}

/*
 * Records a refusal; as record_change(), for the user who runs this and without any
 * privilege. Of many in a row the later ones are left out, see ratelimit.h.
 */
void record_refusal(const char *program, const char *format, ...)
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
		record_change(program,
			      "%s; too many of this user: one in %d seconds is recorded "
			      "from now on",
			      text, RATELIMIT_SECONDS);
	else
		record_change(program, "%s", text);
}
