// SPDX-License-Identifier: BSD-3-Clause
/*
 * Starting processes: the child inspects itself, and the parent what is left of it.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "libsubid/sys/child.h"
#include "tests/unit/unit.h"

#define LATE	  20000 /* milliseconds */
#define FOUND_MAX 16

/* What a child sees of itself, in memory that it shares with its parent. */
struct sight {
	bool ran;
	int fds[FOUND_MAX]; /* those that are open, up to FOUND_MAX */
	size_t n_fds;
	bool standard_silent; /* 0 to 2: nothing to read, and write(2) fails or is lost */
	char links[3][64];    /* what 0 to 2 are */
	sigset_t mask, ignored; /* the other signals have their default action */
	bool caught;
	rlim_t core;
	int no_new_privs, death_signal;
	char cwd[64];
	pid_t session;
};

static struct sight *sight;

static void share(void)
{
	sight = mmap(NULL, sizeof(*sight), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void look_at_descriptors(void)
{
	char path[32], byte;
	bool silent = true;

	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && sight->n_fds < FOUND_MAX)
			sight->fds[sight->n_fds++] = fd;
	for (int fd = 0; fd < 3; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, sight->links[fd], sizeof(sight->links[fd]) - 1) < 0)
			silent = false;
		if (read(fd, &byte, 1) != 0)
			silent = false;
		if (write(fd, "x", 1) == 1 && strcmp(sight->links[fd], "/dev/null") != 0)
			silent = false;
	}
	sight->standard_silent = silent;
}

static void look_at_signals(void)
{
	struct sigaction action;

	sigprocmask(SIG_SETMASK, NULL, &sight->mask);
	sigemptyset(&sight->ignored);
	for (int number = 1; number < NSIG; number++) {
		if (sigaction(number, NULL, &action))
			continue;
		if (action.sa_handler == SIG_IGN)
			sigaddset(&sight->ignored, number);
		else if (action.sa_handler != SIG_DFL)
			sight->caught = true;
	}
}

/* The child. Its status is what it is given. */
static int look(void *context)
{
	struct rlimit limit;

	sight->ran = true;
	look_at_descriptors();
	look_at_signals();
	getrlimit(RLIMIT_CORE, &limit);
	sight->core = limit.rlim_cur | limit.rlim_max;
	sight->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	prctl(PR_GET_PDEATHSIG, &sight->death_signal);
	if (!getcwd(sight->cwd, sizeof(sight->cwd)))
		sight->cwd[0] = '\0';
	sight->session = getsid(0);
	return context ? *(const int *)context : 0;
}

/* Waits until the child ends by itself. */
static int wait_for_end(struct child *child)
{
	while (!child_has_ended(child))
		usleep(1000);
	return child_end(child);
}

/* Returns the child's status, with its findings written. */
static int look_with(const struct child_options *options)
{
	struct child child;

	*sight = (struct sight){ 0 };
	return child_start(&child, options, look, NULL) ? -1 : wait_for_end(&child);
}

static bool sees_only(const int *fds, size_t n)
{
	return sight->n_fds == n && memcmp(sight->fds, fds, n * sizeof(*fds)) == 0;
}

static bool is_mask(const sigset_t *set, const int *numbers, size_t n)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	for (size_t i = 0; i < n; i++)
		sigaddset(&wanted, numbers[i]);
	for (int number = 1; number < NSIG; number++)
		if (sigismember(set, number) != sigismember(&wanted, number))
			return false;
	return true;
}

/* Fills descriptors up to 9; 0 to 2 are a pipe with something to read. */
static bool fill(void)
{
	int ends[2];

	if (pipe(ends) || write(ends[1], "secret", 6) != 6)
		return false;
	for (int fd = 0; fd < 10; fd++)
		if (fd != ends[0] && fd != ends[1] && dup2(ends[fd > 0], fd) != fd)
			return false;
	return true;
}

/* Only the listed descriptors are kept, in any order. */
static const char *descriptors(void *context)
{
	static const struct {
		int kept[2];
		size_t n, n_found;
		int found[5];
	} rows[] = {
		{ { 5, 8 }, 2, 5, { 0, 1, 2, 5, 8 } },
		{ { 8, 5 }, 2, 5, { 0, 1, 2, 5, 8 } },
		{ { 7, 7 }, 2, 4, { 0, 1, 2, 7 } },
		{ { 9 }, 1, 4, { 0, 1, 2, 9 } },
		{ { 3, 4 }, 2, 5, { 0, 1, 2, 3, 4 } },
		{ { 0 }, 0, 3, { 0, 1, 2 } },
	};

	(void)context;
	CHILD_ASSERT(fill());
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHILD_ASSERT(look_with(&(struct child_options){
				     .kept = rows[i].kept, .n_kept = rows[i].n }) == 0);
		CHILD_ASSERT(sees_only(rows[i].found, rows[i].n_found));
		CHILD_ASSERT(sight->standard_silent);
	}
	/* Descriptors 0 to 2 are closed in the parent. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	CHILD_ASSERT(look_with(&(struct child_options){ 0 }) == 0);
	CHILD_ASSERT(sees_only((const int[]){ 0, 1, 2 }, 3) && sight->standard_silent);
	return NULL;
}

Test(child, descriptors)
{
	share();
	child_run(descriptors, NULL);
}

/* One of 0 to 2 may be kept, and 1 and 2 may be a pipe. */
static const char *standard(void *context)
{
	char before[64] = "", path[32];
	int ends[2];

	(void)context;
	CHILD_ASSERT(fill() && pipe(ends) == 0 && ends[1] > 2);
	CHILD_ASSERT(readlink("/proc/self/fd/2", before, sizeof(before) - 1) > 0);
	CHILD_ASSERT(look_with(&(struct child_options){ .kept = (const int[]){ 2 },
							.n_kept = 1 }) == 0);
	CHILD_ASSERT(sees_only((const int[]){ 0, 1, 2 }, 3));
	CHILD_ASSERT(strcmp(sight->links[2], before) == 0);
	CHILD_ASSERT(strcmp(sight->links[1], before) != 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
	memset(before, 0, sizeof(before));
	CHILD_ASSERT(readlink(path, before, sizeof(before) - 1) > 0);
	CHILD_ASSERT(look_with(&(struct child_options){ .output = ends[1] }) == 0);
	CHILD_ASSERT(strcmp(sight->links[0], before) != 0);
	CHILD_ASSERT(strcmp(sight->links[1], before) == 0);
	CHILD_ASSERT(strcmp(sight->links[2], before) == 0);
	return NULL;
}

Test(child, standard)
{
	share();
	child_run(standard, NULL);
}

/* Lets a system call fail from now on; false: there are no filters here. */
static bool refuse(unsigned int number, unsigned int error)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { COUNT_OF(program), program };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* An old kernel, or a filter: neither close_range(2) nor memfd_create(2). */
static const char *filtered(void *context)
{
	(void)context;
	if (!refuse(SYS_close_range, ENOSYS) || !refuse(SYS_memfd_create, ENOSYS))
		return CHILD_SKIP "no filters of system calls";
	CHILD_ASSERT(fill());
	CHILD_ASSERT(look_with(&(struct child_options){ .kept = (const int[]){ 6 },
							.n_kept = 1 }) == 0);
	CHILD_ASSERT(sees_only((const int[]){ 0, 1, 2, 6 }, 4));
	CHILD_ASSERT(sight->standard_silent && strcmp(sight->links[1], "/dev/null") == 0);
	return NULL;
}

Test(child, filtered)
{
	share();
	child_run(filtered, NULL);
}

/* If a precaution fails, nothing runs. */
static const char *not_run(void *context)
{
	int status;

	(void)context;
	if (!refuse(SYS_prlimit64, EPERM))
		return CHILD_SKIP "no filters of system calls";
	status = look_with(&(struct child_options){ 0 });
	CHILD_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_NOT_RUN);
	CHILD_ASSERT(!sight->ran);
	return NULL;
}

Test(child, not_run)
{
	share();
	child_run(not_run, NULL);
}

/* No core, no new privileges, `/`; a program inherits the latter two from its parent. */
static const char *surroundings(void *context)
{
	const struct rlimit some = { 1 << 20, 1 << 20 };

	(void)context;
	CHILD_ASSERT(setrlimit(RLIMIT_CORE, &some) == 0 || errno == EPERM);
	CHILD_ASSERT(chdir("/proc") == 0);
	CHILD_ASSERT(look_with(&(struct child_options){ 0 }) == 0);
	CHILD_ASSERT(sight->core == 0 && sight->no_new_privs == 1);
	CHILD_ASSERT(strcmp(sight->cwd, "/") == 0);
	CHILD_ASSERT(sight->death_signal == SIGKILL && sight->session == getsid(0));

	CHILD_ASSERT(look_with(&(struct child_options){ .program = true,
							.session = true,
							.death_signal = SIGTERM }) == 0);
	CHILD_ASSERT(sight->core == 0 && sight->no_new_privs == 0);
	CHILD_ASSERT(strcmp(sight->cwd, "/proc") == 0);
	CHILD_ASSERT(sight->death_signal == SIGTERM && sight->session != getsid(0));
	CHILD_ASSERT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
	return NULL;
}

Test(child, surroundings)
{
	share();
	child_run(surroundings, NULL);
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled = handled + 1;
}

/* No handlers, the ignored signals but SIGCHLD, and the mask of each sort of child. */
static const char *signals(void *context)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	static const int own[] = { SIGUSR2, SIGTERM };
	sigset_t mask;
	const char *no_clone;

	(void)context;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, SIGTERM);
	CHILD_ASSERT(sigprocmask(SIG_SETMASK, &mask, NULL) == 0);
	/* nohup(1) or a shell may have started the test with ignored signals. */
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	CHILD_ASSERT(signal(SIGUSR1, handle) != SIG_ERR);
	CHILD_ASSERT(signal(SIGRTMIN + 1, handle) != SIG_ERR);
	CHILD_ASSERT(signal(SIGINT, SIG_IGN) != SIG_ERR);
	CHILD_ASSERT(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	CHILD_ASSERT(signal(SIGCHLD, handle) != SIG_ERR);

	CHILD_ASSERT(look_with(&(struct child_options){ 0 }) == 0);
	CHILD_ASSERT(!sight->caught && is_mask(&sight->mask, ends, COUNT_OF(ends)));
	CHILD_ASSERT(is_mask(&sight->ignored, (const int[]){ SIGINT }, 1));
	CHILD_ASSERT(handled > 0);

	CHILD_ASSERT(look_with(&(struct child_options){ .program = true }) == 0);
	CHILD_ASSERT(!sight->caught && is_mask(&sight->mask, NULL, 0));
	no_clone = child_no_silent_clone();
	if (no_clone)
		return no_clone;
	CHILD_ASSERT(look_with(&(struct child_options){ .library = true }) == 0);
	CHILD_ASSERT(!sight->caught && sigismember(&sight->mask, SIGTERM) == 1);
	CHILD_ASSERT(sigismember(&sight->mask, SIGTSTP) == 1);
	CHILD_ASSERT(sigismember(&sight->mask, SIGALRM) == 1);

	/* Nothing changes in the parent. */
	CHILD_ASSERT(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
	CHILD_ASSERT(is_mask(&mask, own, COUNT_OF(own)));
	return NULL;
}

Test(child, signals)
{
	share();
	child_run(signals, NULL);
}

static int stay(void *context)
{
	(void)context;
	for (;;)
		pause();
	return 0;
}

static bool no_child_is_left(void)
{
	return waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD;
}

/* What child_end() returns, and that no child is left, also if SIGCHLD is ignored. */
static const char *end(void *context)
{
	const struct sigaction discard = { .sa_handler = SIG_DFL,
					   .sa_flags = SA_NOCLDWAIT };
	struct child child = { 0 };
	int status = 7;

	(void)context;
	CHILD_ASSERT(child_end(&child) == SIGKILL && child.pid == 0);
	for (int turn = 0; turn < 3; turn++) {
		if (turn == 1)
			CHILD_ASSERT(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
		if (turn == 2)
			CHILD_ASSERT(sigaction(SIGCHLD, &discard, NULL) == 0);
		CHILD_ASSERT(child_start(&child, &(struct child_options){ 0 }, look,
					 &status) == 0);
		CHILD_ASSERT(wait_for_end(&child) == 7 << 8 && child.pid == 0);
		CHILD_ASSERT(child_start(&child, &(struct child_options){ 0 }, stay,
					 NULL) == 0);
		CHILD_ASSERT(!child_has_ended(&child));
		CHILD_ASSERT(child_end(&child) == SIGKILL && child.pid == 0);
		CHILD_ASSERT(no_child_is_left());
		CHILD_ASSERT(child_end(&child) == SIGKILL);
	}
	/* Already reaped elsewhere: its id may be another process's, so it gets no
	 * signal. */
	CHILD_ASSERT(child_start(&child, &(struct child_options){ 0 }, look, NULL) == 0);
	CHILD_ASSERT(waitpid(child.pid, NULL, 0) == child.pid);
	child.pid = getpid();
	CHILD_ASSERT(child_has_ended(&child));
	CHILD_ASSERT(child_end(&child) == SIGKILL && child.pid == 0);
	return NULL;
}

Test(child, end)
{
	share();
	child_run(end, NULL);
}

/* In a library: the host gets no signal, and its wait(2) does not return the child. */
static const char *library(void *context)
{
	const struct child_options options = { .library = true };
	const char *no_clone = child_no_silent_clone();
	struct child child;
	int status = 7;

	(void)context;
	if (no_clone)
		return no_clone;
	for (int turn = 0; turn < 2; turn++) {
		CHILD_ASSERT(signal(SIGCHLD, turn ? SIG_IGN : handle) != SIG_ERR);
		CHILD_ASSERT(child_start(&child, &options, stay, NULL) == 0);
		CHILD_ASSERT(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
		CHILD_ASSERT(child_end(&child) == SIGKILL);
		CHILD_ASSERT(child_start(&child, &options, look, &status) == 0);
		while (!child_has_ended(&child))
			CHILD_ASSERT(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
		CHILD_ASSERT(child_end(&child) == 7 << 8);
		CHILD_ASSERT(no_child_is_left());
	}
	CHILD_ASSERT(handled == 0);
	/* The host's SIGCHLD is as it was. */
	CHILD_ASSERT(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
	return NULL;
}

Test(child, library)
{
	share();
	child_run(library, NULL);
}

/* Whether all processes that had the other end of a pipe have ended. */
static bool is_closed(int in)
{
	struct pollfd event = { .fd = in };
	char byte;

	return poll(&event, 1, LATE) == 1 && read(in, &byte, 1) == 0;
}

/* Starts a child that keeps @out, and exits without ending the child. */
static void leave_behind(int out, const struct child_options *options)
{
	struct child child;
	struct child_options kept = *options;

	kept.kept = &out;
	kept.n_kept = 1;
	if (child_start(&child, &kept, stay, NULL))
		_exit(1);
	_exit(0);
}

/* It ends with its parent. */
static const char *orphan(void *context)
{
	static const struct child_options sorts[] = {
		{ 0 },
		{ .program = true },
		{ .library = true },
		{ .session = true },
		/* Not blocked in a program. */
		{ .program = true, .death_signal = SIGTERM },
	};
	const char *no_clone = child_no_silent_clone();

	(void)context;
	for (size_t i = 0; i < COUNT_OF(sorts); i++) {
		int ends[2], status;
		pid_t pid;

		if (sorts[i].library && no_clone)
			continue;
		CHILD_ASSERT(pipe2(ends, O_CLOEXEC) == 0);
		pid = fork();
		CHILD_ASSERT(pid >= 0);
		if (pid == 0)
			leave_behind(ends[1], &sorts[i]);
		close(ends[1]);
		CHILD_ASSERT(waitpid(pid, &status, 0) == pid && status == 0);
		CHILD_ASSERT(is_closed(ends[0]));
		close(ends[0]);
	}
	/* A parent that has already ended. */
	CHILD_ASSERT(child_end_with(getppid(), 0) == 0);
	CHILD_ASSERT(child_end_with(getpid(), 0) == -ESRCH);
	return no_clone;
}

Test(child, orphan)
{
	child_run(orphan, NULL);
}

/* Starts a process that has the pipe, and stays. */
static int multiply(void *context)
{
	pid_t pid = fork();

	if (pid > 0 && write(*(const int *)context, "", 1) != 1)
		return 1;
	return pid < 0 ? 1 : stay(NULL);
}

/* The processes of a session end with it. */
static const char *session(void *context)
{
	struct child child;
	int ends[2];
	char byte;

	(void)context;
	CHILD_ASSERT(pipe2(ends, O_CLOEXEC) == 0);
	CHILD_ASSERT(child_start(&child,
				 &(struct child_options){
					 .kept = &ends[1], .n_kept = 1, .session = true },
				 multiply, &ends[1]) == 0);
	close(ends[1]);
	CHILD_ASSERT(read(ends[0], &byte, 1) == 1);
	CHILD_ASSERT(child_end(&child) == SIGKILL);
	CHILD_ASSERT(is_closed(ends[0]));
	return NULL;
}

Test(child, session)
{
	child_run(session, NULL);
}

static FILE *buffered;

static void flush(void)
{
	fputs("handler", buffered);
	fflush(buffered);
}

/* Buffers are flushed and atexit(3) functions called once, by the parent. */
static const char *leaves(void *context)
{
	char text[32] = "";
	int ends[2];

	(void)context;
	CHILD_ASSERT(pipe2(ends, O_CLOEXEC) == 0);
	buffered = fdopen(ends[1], "w");
	CHILD_ASSERT(buffered && fputs("once", buffered) >= 0 && atexit(flush) == 0);
	CHILD_ASSERT(
		look_with(&(struct child_options){ .kept = &ends[1], .n_kept = 1 }) == 0);
	CHILD_ASSERT(sight->ran && fflush(buffered) == 0);
	CHILD_ASSERT(read(ends[0], text, sizeof(text) - 1) == 4);
	CHILD_ASSERT(strcmp(text, "once") == 0);
	return NULL;
}

Test(child, leaves)
{
	share();
	child_run(leaves, NULL);
}

static int leave(void *context)
{
	usleep(20000);
	/* In musl, raise(3) would send it to the parent, whose thread id it remembers. */
	if (context)
		kill(getpid(), SIGKILL);
	return 7;
}

/* Waits until a process has ended by itself, also one of a library. */
Test(child, wait)
{
	for (int library = 0; library < 2; library++) {
		const struct child_options options = { .library = library };
		struct child child;
		int status;

		cr_assert(child_start(&child, &options, leave, NULL) == 0);
		status = child_wait(&child);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%d", status);
		cr_assert(child.pid == 0);
		cr_assert(child_start(&child, &options, leave, &status) == 0);
		status = child_wait(&child);
		cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%d",
			  status);
	}
}
