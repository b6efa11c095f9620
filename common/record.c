// SPDX-License-Identifier: BSD-3-Clause
/*
 * record: one line to syslog(3), facility authpriv.
 *
 * Invariant: recording neither fails nor holds up what is recorded. The caller has said
 * all that it has to say on stderr before; a log daemon that does not read ends the
 * program after RECORD_SECONDS with the status it would have had.
 */
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "common/record.h"

#define RECORD_SECONDS 1

static void give_up(int number)
{
	(void)number;
	_exit(EXIT_FAILURE);
}

/*
 * Records a refusal, as the last thing that a program does before it exits with
 * EXIT_FAILURE: it takes SIGALRM over.
 */
void record_refusal(const char *program, const char *format, ...)
{
	struct sigaction action = { .sa_handler = give_up };
	sigset_t alarm_only;
	va_list arguments;

	/* The signal may come in ignored or blocked. */
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	alarm(RECORD_SECONDS);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);

	openlog(program, LOG_PID, LOG_AUTHPRIV);
	va_start(arguments, format);
	vsyslog(LOG_NOTICE, format, arguments);
	va_end(arguments);
	closelog();
	alarm(0);
}
