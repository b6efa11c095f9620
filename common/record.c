// SPDX-License-Identifier: BSD-3-Clause
/*
 * record: one line to syslog(3), facility authpriv.
 *
 * Invariant: recording does not fail what is recorded, and a log daemon that does not
 * read holds up a refusal for seconds, not for ever.
 */
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/time.h>
#include <syslog.h>

#include "common/record.h"

#define RECORD_SECONDS 1

/* A signal with a handler ends a system call that waits. */
static void wake(int number)
{
	(void)number;
}

__attribute__((format(printf, 2, 0))) static void
send(const char *program, const char *format, va_list arguments)
{
	openlog(program, LOG_PID, LOG_AUTHPRIV);
	vsyslog(LOG_NOTICE, format, arguments);
	closelog();
}

/* Sends; each system call that waits longer than RECORD_SECONDS is given up. */
__attribute__((format(printf, 2, 0))) static void
send_in_time(const char *program, const char *format, va_list arguments)
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
	send(program, format, arguments);
	setitimer(ITIMER_REAL, &never, NULL);
}

/*
 * Records what was done, or refused, to the databases. It takes SIGALRM over: for
 * programs that are about to end.
 */
void record_change(const char *program, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	send_in_time(program, format, arguments);
	va_end(arguments);
}

/* Records a refusal; as record_change(). */
void record_refusal(const char *program, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	send_in_time(program, format, arguments);
	va_end(arguments);
}
