// SPDX-License-Identifier: BSD-3-Clause
/*
 * Records in the system log: /dev/log is a socket of the test, in a private mount
 * namespace.
 */
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "message/syslog.h"
#include "tests/unit/unit.h"

/* The log daemon's end of the socket, or -1 with the reason. */
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
	/* In a new user namespace the count of this user's refusals begins again. */
	*complaint = CHILD_SKIP "no user namespaces for this user";
	if (unshare(CLONE_NEWUSER))
		return -1;
	*complaint = NULL;
	return fd;
}

/* musl ends a record with a newline. */
static bool is_text(const char *text, const char *expected)
{
	size_t len = strlen(expected);

	return strncmp(text, expected, len) == 0 &&
	       (text[len] == '\0' || strcmp(text + len, "\n") == 0);
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
	syslog_refusal("newuidmap", "uid range [%u-%u) not allowed", 0U, 5U);
	CHILD_ASSERT(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	/* Facility and priority, the program and its id, the message. */
	snprintf(expected, sizeof(expected), "<%d>", LOG_AUTHPRIV | LOG_NOTICE);
	CHILD_ASSERT(strncmp(text, expected, strlen(expected)) == 0);
	snprintf(expected, sizeof(expected), "newuidmap[%d]: ", getpid());
	CHILD_ASSERT(strstr(text, expected));
	CHILD_ASSERT(is_text(strstr(text, expected) + strlen(expected),
			     "uid range [0-5) not allowed"));
	CHILD_ASSERT(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) < 0);
	/* No alarm is left behind. */
	CHILD_ASSERT(alarm(0) == 0);

	syslog_change("usermod-ext", "%s", "added");
	len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	CHILD_ASSERT(len > 0);
	text[len] = '\0';
	snprintf(expected, sizeof(expected), "usermod-ext[%d]: added", getpid());
	CHILD_ASSERT(strstr(text, expected));

	/* Other users choose names. */
	syslog_change("usermod-ext", "a\n\x9b%s\xff", "\xc2\x9bm\xc4\x9b");
	len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	CHILD_ASSERT(len > 0);
	text[len] = '\0';
	CHILD_ASSERT(strstr(text, "]: a\\x0a\\x9b\\xc2\\x9bm\xc4\x9b\\xff"));
	return NULL;
}

Test(syslog, one_line)
{
	child_run(one_line, NULL);
}

/* How many of @n refusals arrive; the last one reports the limit. */
static int arrive(int fd, int n, bool *ret_said)
{
	char text[1024];
	int arrived = 0;
	ssize_t len;

	*ret_said = false;
	for (int i = 0; i < n; i++) {
		syslog_refusal("newuidmap", "number %d", i);
		while ((len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
			text[len] = '\0';
			arrived++;
			*ret_said = strstr(text, "; too many of this user: one in ");
		}
	}
	return arrived;
}

static const char *many_lines(void *context)
{
	const char *complaint;
	int fd = log_socket(&complaint), n;
	bool said;

	(void)context;
	if (fd < 0)
		return complaint;
	if (syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1) < 0)
		return CHILD_SKIP "no keyrings";
	CHILD_ASSERT(arrive(fd, RATELIMIT_LINES - 1, &said) == RATELIMIT_LINES - 1);
	CHILD_ASSERT(!said);
	n = arrive(fd, 100 * RATELIMIT_LINES, &said);
	CHILD_ASSERT(n >= 1 && n < RATELIMIT_LINES && said);
	/* Records of changes are not limited. */
	syslog_change("usermod-ext", "%s", "added");
	CHILD_ASSERT(recv(fd, &said, 1, MSG_DONTWAIT) > 0);
	return NULL;
}

/* Of many refusals the first ones are recorded, and few of the others. */
Test(syslog, many_lines)
{
	child_run(many_lines, NULL);
}

static const char *filter_keys(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_keyctl, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_add_key, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT_OF(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return CHILD_SKIP "no filters of system calls";
	return NULL;
}

static const char *no_keys(void *context)
{
	const char *complaint;
	int fd = log_socket(&complaint);
	bool said;

	(void)context;
	if (fd < 0)
		return complaint;
	complaint = filter_keys();
	if (complaint)
		return complaint;
	CHILD_ASSERT(arrive(fd, 3 * RATELIMIT_LINES, &said) == 3 * RATELIMIT_LINES);
	CHILD_ASSERT(!said);
	return NULL;
}

/* Without kernel keys, as in many containers, every line is recorded. */
Test(syslog, no_keys)
{
	child_run(no_keys, NULL);
}

static const char *no_daemon(void *context)
{
	const char *complaint;
	int fd = log_socket(&complaint);

	(void)context;
	if (fd < 0)
		return complaint;
	close(fd);
	syslog_refusal("newuidmap", "%s", "nobody listens");
	CHILD_ASSERT(unlink("/dev/log") == 0);
	syslog_refusal("newuidmap", "%s", "nobody is there");
	return NULL;
}

/* Without a log daemon the program continues. */
Test(syslog, no_daemon)
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

	/* The caller has blocked and ignored the alarm, and set one. */
	signal(SIGALRM, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	CHILD_ASSERT(raise(SIGALRM) == 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	syslog_refusal("newuidmap", "%s", "nobody reads");
	clock_gettime(CLOCK_MONOTONIC, &end);
	CHILD_ASSERT(end.tv_sec - begin.tv_sec <= 10);
	/* No alarm comes later. */
	CHILD_ASSERT(alarm(0) == 0);
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHILD_ASSERT(!sigismember(&after, SIGALRM) && sigismember(&after, SIGTERM));
	sigprocmask(SIG_SETMASK, &before, NULL);
	return NULL;
}

/* A log daemon that does not read delays the program for seconds, not forever. */
Test(syslog, stuck_daemon)
{
	child_run(stuck_daemon, NULL);
}
