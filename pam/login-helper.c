// SPDX-License-Identifier: BSD-3-Clause
/*
 * login-helper: runs subid-session, as root, for a limited time.
 *
 * MUST: the login program does not notice it: no SIGCHLD, no child that its wait(2)
 * finds, no signal action or mask that changes, no thread, no descriptor that stays.
 * execve(2) makes a process send SIGCHLD, so one in between waits for the helper.
 * MUST: between clone(2) and execve(2) only the kernel is called: the login program may
 * have threads, which may hold locks of libc.
 * MUST: the helper has nothing of the login program that could change what it does: no
 * environment, descriptors, ids, groups, umask, limits, signals, or SELinux context for
 * the next program, which pam_selinux(8) may have set for the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/helper.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"
#include "pam/login-helper.h"
#include "pam/subid-session.h"

struct login_errand {
	int program;
	int to; /* for the answer */
	pid_t host;
	pid_t parent;
	char *const *arguments;
};

/* The limits that would keep the helper from its work, which those of a user may. */
static const struct {
	int resource;
	rlim_t enough;
} limits[] = {
	{ RLIMIT_AS, RLIM_INFINITY },	   { RLIMIT_CPU, RLIM_INFINITY },
	{ RLIMIT_DATA, RLIM_INFINITY },	   { RLIMIT_FSIZE, RLIM_INFINITY },
	{ RLIMIT_NOFILE, 1024 },	   { RLIMIT_NPROC, RLIM_INFINITY },
	{ RLIMIT_STACK, 8 * 1024 * 1024 },
};

/* The resource is an enum of glibc, and an int elsewhere. */
static bool change_limit(int resource, const struct rlimit *wanted,
			 struct rlimit *ret_before)
{
	return syscall(SYS_prlimit64, 0L, resource, wanted, ret_before) == 0;
}

/* Where the kernel does not let the hard limit be raised, as in containers, it holds. */
static void raise_limits(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const rlim_t enough = limits[i].enough;
		struct rlimit limit, wanted;

		if (!change_limit(limits[i].resource, NULL, &limit) ||
		    limit.rlim_cur >= enough)
			continue;
		wanted.rlim_cur = enough;
		wanted.rlim_max = limit.rlim_max > enough ? limit.rlim_max : enough;
		if (change_limit(limits[i].resource, &wanted, NULL))
			continue;
		wanted.rlim_max = limit.rlim_max;
		wanted.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
		change_limit(limits[i].resource, &wanted, NULL);
	}
}

/* An empty write clears it; without a security module it fails, and there is none. */
static void forget_context(void)
{
	int fd = open("/proc/thread-self/attr/exec", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, NULL, 0) < 0)
		errno = 0;
	fd_close(fd);
}

/* Those of libc would stop all threads, of which this process has a copy of the list. */
static int become_root(void)
{
	return syscall(SYS_setgroups, 0L, NULL) || syscall(SYS_setresgid, 0L, 0L, 0L) ||
			       syscall(SYS_setresuid, 0L, 0L, 0L) ?
		       -errno :
		       0;
}

static int become_session(void *context)
{
	const struct login_errand *errand = context;
	char *const environment[] = { NULL };
	sigset_t none;

	raise_limits();
	forget_context();
	umask(022);
	sigemptyset(&none);
	/* SIGTERM: a change that has begun is finished and recorded. */
	if (chdir("/") || child_end_with(errand->parent, SIGTERM) ||
	    sigprocmask(SIG_SETMASK, &none, NULL))
		return SESSION_NOT_RUN;
	syscall(SYS_execveat, errand->program, "", errand->arguments, environment,
		AT_EMPTY_PATH);
	return SESSION_NOT_RUN;
}

/* Reads what the helper writes until it closes its output; what is too long is lost. */
static void read_helper_text(int fd, struct login_answer_text *answer)
{
	char rest[256];
	size_t n = 0;

	do {
		answer->len += (uint32_t)n;
		if (fd_read(fd, answer->text + answer->len,
			    sizeof(answer->text) - answer->len, &n))
			return;
	} while (n > 0);
	while (answer->len == sizeof(answer->text) &&
	       fd_read(fd, rest, sizeof(rest), &n) == 0 && n > 0)
		;
}

/* Runs in the process in between. */
static int watch_session(void *context)
{
	struct login_errand *errand = context;
	struct login_answer_text answer = { .len = 0 };
	struct child child;
	int ends[2];

	/* A user who runs su(1) could end this process, and with it the helper before it
	 * records the change. The change of ids has cleared the signal that is sent when
	 * the host ends.
	 */
	if (become_root() || child_end_with(errand->host, 0))
		return EXIT_FAILURE;
	errand->parent = getpid();
	if (pipe2(ends, O_CLOEXEC) ||
	    child_start(&child,
			&(struct child_options){ .kept = &errand->program,
						 .n_kept = 1,
						 .output = ends[1],
						 .program = true,
						 .default_signals = true,
						 .library = true },
			become_session, errand))
		return EXIT_FAILURE;
	fd_close(ends[1]);
	read_helper_text(ends[0], &answer);
	answer.status = child_wait(&child);
	return fd_write_all(errand->to, &answer, sizeof(answer)) ? EXIT_FAILURE :
								   EXIT_SUCCESS;
}

/* Starts the process in between, and waits for the answer. */
static int run_errand(struct login_errand *errand, int from, int64_t end,
		      struct login_answer_text *ret_answer)
{
	const int kept[] = { errand->program, errand->to };
	CLEANUP(child_cleanup) struct child child = { 0 };
	int r = child_start(&child,
			    &(struct child_options){ .kept = kept,
						     .n_kept = 2,
						     .program = true,
						     .default_signals = true,
						     .session = true,
						     .library = true },
			    watch_session, errand);

	errand->to = fd_close(errand->to);
	if (r == 0)
		r = wait_read(from, NULL, end, ret_answer, sizeof(*ret_answer));
	return r == WAIT_OVER ? LOGIN_HELPER_LATE : r;
}

/*
 * Runs subid-session for a user, and waits for it as long as it may take.
 *
 * service: the name of the PAM service, for the record.
 * Returns 0, an enum helper_fault, LOGIN_HELPER_LATE or -errno. Thread-safe.
 */
int login_helper_run(const char *login, const char *service, unsigned int seconds,
		     struct login_answer_text *ret_answer)
{
	int64_t end = wait_clock() + seconds * 1000LL;
	char number[NUM_BYTES + 1] = "";
	char *const arguments[] = { (char[]){ SESSION_PROGRAM }, (char *)(uintptr_t)login,
				    (char *)(uintptr_t)service, number, NULL };
	CLEANUP(fd_cleanup) int program = -1;
	CLEANUP(fd_cleanup) int from = -1;
	struct login_errand errand = { .to = -1,
				       .host = getpid(),
				       .arguments = arguments };
	int ends[2], r;

	num_format(seconds, number);
	r = helper_open_other(SESSION_PROGRAM, &program);
	/* The login program may lack 0 to 2. */
	if (r == 0)
		r = fd_move_up(&program, STDERR_FILENO + 1);
	if (r)
		return r;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	from = ends[0];
	errand.program = program;
	errand.to = ends[1];
	r = fd_move_up(&errand.to, STDERR_FILENO + 1);
	if (r == 0)
		r = run_errand(&errand, from, end, ret_answer);
	fd_close(errand.to);
	return r;
}
