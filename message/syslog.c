// SPDX-License-Identifier: BSD-3-Clause
/*
 * syslog: one line to syslog(3), facility authpriv.
 *
 * Invariant: a failure to record does not fail the operation; a log daemon that does not
 * read delays a refusal for seconds, not forever; refusals in a loop do not fill the
 * log. A name cannot forge another record: records are UTF-8 without control characters.
 */
#include <linux/keyctl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

#include "libsubid/core/printable.h"
#include "libsubid/sys/wait.h"
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
 * A token bucket for each user, in the kernel.
 *
 * A map writer keeps nothing between two runs, and must not write a file with privilege
 * for the sake of a log. So the state is a key in the user keyring of the caller, see
 * keyrings(7): the kernel has one for each uid in each user namespace, no other user can
 * reach it, and the key expires by itself when the bucket is full again.
 *
 * MUST: it runs without privilege. The key belongs to the caller, who can change or
 * remove it, and so gain or lose only lines about that caller.
 * MUST: if the count is unknown the line is sent: the kernel has no keys, a filter of
 * system calls refuses them, the quota is used up, or the key has an unknown format.
 *
 * Other places are worse. A file that only root can write needs privilege. /run/user/UID
 * does not exist for every user, and any user can take a name in /tmp or an abstract
 * socket first. Memory needs a process that stays. Log daemons limit by process or by
 * service, and each refusal is a new process.
 *
 * The state is one number, the time at which the bucket will be full. A line moves it
 * RATELIMIT_SECONDS on, and is too early if that is more than the bucket holds.
 */

#define KEY_TYPE "user"
#define KEY_NAME "subid-utils:lines"

/* In milliseconds, as wait_clock(). */
#define EACH   ((int64_t)RATELIMIT_SECONDS * 1000)
#define BUCKET (RATELIMIT_LINES * EACH)

#define OWNER_ALL 0x003f0000 /* all rights of an owner */

enum {
	RATELIMIT_LAST = 1, /* the next one comes too early */
	RATELIMIT_OVER,	    /* this one does */
};

/* Reads from the key when the bucket will be full. False: there is none, or it is
 * invalid. */
static bool read_full(int64_t now, int64_t *ret_full)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, KEY_TYPE,
			   KEY_NAME, 0);
	int64_t full;

	if (key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, &full, sizeof(full)) !=
			       (long)sizeof(full))
		return false;
	if (full > now + BUCKET)
		return false;
	*ret_full = full > now ? full : now;
	return true;
}

/*
 * A new key can be read by its number only if a keyring of the process links to it, which
 * the session keyring need not. So its owner gets all rights, once: linking the user
 * keyring into the process costs more than everything else here.
 */
static void give_to_owner(long key)
{
	syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING);
	syscall(SYS_keyctl, KEYCTL_SETPERM, key, OWNER_ALL);
}

/*
 * Takes a line of the user out of the bucket. Returns 0, RATELIMIT_LAST or
 * RATELIMIT_OVER.
 */
static int ratelimit_take(void)
{
	int64_t now = wait_clock(), full = now;
	bool known = read_full(now, &full);
	long key;

	full += EACH;
	if (full > now + BUCKET)
		return RATELIMIT_OVER;
	key = syscall(SYS_add_key, KEY_TYPE, KEY_NAME, &full, sizeof(full),
		      KEY_SPEC_USER_KEYRING);
	if (key < 0)
		return 0;
	if (!known)
		give_to_owner(key);
	syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, (full - now) / 1000 + 1);
	return full + EACH > now + BUCKET ? RATELIMIT_LAST : 0;
}

/*
 * As syslog_change(), for a refusal to the user who runs the program, without privilege.
 * Refusals beyond the limit in syslog.h are left out.
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
