// SPDX-License-Identifier: BSD-3-Clause
/*
 * Records in the system log: a socket of the test's own stands at /dev/log, in a mount
 * namespace that nobody else sees.
 */
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "common/record.h"
#include "tests/unit/unit.h"

/* The log daemon's end, or -1 with the complaint. */
static int log_socket(const char **complaint)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd;

	*complaint = child_own_mounts();
	if (*complaint)
		return -1;
	*complaint = "cannot set /dev/log up";
	if (mount("none", "/dev", "tmpfs", 0, NULL))
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -1;
	*complaint = NULL;
	return fd;
}

static const char *one_line(void *context)
{
	char text[1024] = "", expected[64];
	const char *complaint;
	int fd = log_socket(&complaint);
	ssize_t len;

	(void)context;
	if (fd < 0)
		return complaint;
	record_refusal("newuidmap", "uid range [%u-%u) not allowed", 0U, 5U);
	CHILD_ASSERT(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	/* Facility and priority, the program and its id, the message. */
	snprintf(expected, sizeof(expected), "<%d>", LOG_AUTHPRIV | LOG_NOTICE);
	CHILD_ASSERT(strncmp(text, expected, strlen(expected)) == 0);
	snprintf(expected, sizeof(expected), "newuidmap[%d]: ", getpid());
	CHILD_ASSERT(strstr(text, expected));
	CHILD_ASSERT(strcmp(strstr(text, expected) + strlen(expected),
			    "uid range [0-5) not allowed") == 0);
	CHILD_ASSERT(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) < 0);
	/* No alarm is left behind. */
	CHILD_ASSERT(alarm(0) == 0);

	record_change("usermod-ext", "%s", "added");
	len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	CHILD_ASSERT(len > 0);
	text[len] = '\0';
	snprintf(expected, sizeof(expected), "usermod-ext[%d]: added", getpid());
	CHILD_ASSERT(strstr(text, expected));

	/* Names are others' to choose. */
	record_change("usermod-ext", "a\n\x9b%s\xff", "\xc2\x9bm\xc4\x9b");
	len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	CHILD_ASSERT(len > 0);
	text[len] = '\0';
	CHILD_ASSERT(strstr(text, "]: a\\x0a\\x9b\\xc2\\x9bm\xc4\x9b\\xff"));
	return NULL;
}

Test(record, one_line)
{
	child_run(one_line, NULL);
}

static const char *no_daemon(void *context)
{
	const char *complaint;
	int fd = log_socket(&complaint);

	(void)context;
	if (fd < 0)
		return complaint;
	close(fd);
	record_refusal("newuidmap", "%s", "nobody listens");
	CHILD_ASSERT(unlink("/dev/log") == 0);
	record_refusal("newuidmap", "%s", "nobody is there");
	return NULL;
}

/* Without a log daemon the program goes on. */
Test(record, no_daemon)
{
	child_run(no_daemon, NULL);
}

static const char *stuck_daemon(void *context)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	const char *complaint;
	sigset_t all, before, after;
	int fd = log_socket(&complaint), sender;
	struct timespec begin, end;

	(void)context;
	if (fd < 0)
		return complaint;
	sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHILD_ASSERT(connect(sender, (struct sockaddr *)&address, sizeof(address)) == 0);
	while (send(sender, "x", 1, 0) == 1)
		;
	CHILD_ASSERT(errno == EAGAIN);

	/* The caller has tried to keep the alarm away, and has sent one of his own. */
	signal(SIGALRM, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	CHILD_ASSERT(raise(SIGALRM) == 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	record_refusal("newuidmap", "%s", "nobody reads");
	clock_gettime(CLOCK_MONOTONIC, &end);
	CHILD_ASSERT(end.tv_sec - begin.tv_sec <= 10);
	/* Nothing rings later. */
	CHILD_ASSERT(alarm(0) == 0);
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHILD_ASSERT(!sigismember(&after, SIGALRM) && sigismember(&after, SIGTERM));
	sigprocmask(SIG_SETMASK, &before, NULL);
	return NULL;
}

/* A log daemon that does not read holds the program up for seconds, and not for ever. */
Test(record, stuck_daemon)
{
	child_run(stuck_daemon, NULL);
}
