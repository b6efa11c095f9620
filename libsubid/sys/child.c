// SPDX-License-Identifier: BSD-3-Clause
/*
 * child: takes the precautions of child.h between fork(2) and the work of the child.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"

/* Without close_range(2), only descriptors below this are closed. */
#define DESCRIPTORS_MAX (1 << 20)

/* Pauses between checks for the end of a killed child double: about a second in all. */
#define PAUSE_FIRST_NS (16 * 1000L)
#define PAUSES	       16

/*
 * Ends the child when its parent ends. A change of ids or a gain of capabilities undoes
 * it: then it must be repeated.
 *
 * death_signal: as in struct child_options.
 * Returns 0 or -errno; -ESRCH: the parent has ended already.
 */
int child_end_with(pid_t parent, int death_signal)
{
	pid_t now;

	if (prctl(PR_SET_PDEATHSIG, death_signal ? death_signal : SIGKILL, 0, 0, 0))
		return -errno;
	/* It is 0 if the parent is in another PID namespace and cannot be seen. */
	now = getppid();
	return now == parent || now == 0 ? 0 : -ESRCH;
}

/* The signals that libc keeps for itself: its functions refuse them. */
#define LIBC_FIRST 32
#define LIBC_LAST  34

/* Caught signals have their default action again, as after execve(2). */
static void reset_handlers(bool ignored_too)
{
	/* As large as the action of any kernel; all zeroes are the default. */
	static const char by_default[64];
	struct sigaction action;

	for (int number = 1; number < NSIG; number++) {
		if (sigaction(number, NULL, &action))
			continue;
		if (action.sa_handler == SIG_IGN && number != SIGCHLD && !ignored_too)
			continue;
		action = (struct sigaction){ .sa_handler = SIG_DFL };
		sigaction(number, &action, NULL);
	}
	for (int number = LIBC_FIRST; ignored_too && number <= LIBC_LAST; number++)
		syscall(SYS_rt_sigaction, number, by_default, NULL, NSIG / 8);
}

static void set_mask(const struct child_options *options)
{
	sigset_t blocked;

	if (options->library)
		return;
	sigemptyset(&blocked);
	if (!options->program) {
		sigaddset(&blocked, SIGHUP);
		sigaddset(&blocked, SIGINT);
		sigaddset(&blocked, SIGQUIT);
		sigaddset(&blocked, SIGTERM);
	}
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);
}

/* Returns the first descriptor from @first on that stays open, or INT_MAX. */
static int next_kept(const struct child_options *options, int first)
{
	int next = options->output >= first ? options->output : INT_MAX;

	for (size_t i = 0; i < options->n_kept; i++)
		if (options->kept[i] >= first && options->kept[i] < next)
			next = options->kept[i];
	return next;
}

/* Closes descriptors @first to @last. An old kernel or a system call filter may lack
 * close_range(2); then the limit of the process bounds its descriptors. */
static void close_all(int first, int last)
{
	struct rlimit limit = { .rlim_cur = DESCRIPTORS_MAX };

	if (first > last ||
	    !syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0U))
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = first; fd <= last && (rlim_t)fd < limit.rlim_cur; fd++) {
		if (fd == DESCRIPTORS_MAX)
			return;
		close(fd);
	}
}

static void close_others(const struct child_options *options)
{
	int first = STDERR_FILENO + 1, kept;

	while ((kept = next_kept(options, first)) < INT_MAX) {
		close_all(first, kept - 1);
		first = kept + 1;
	}
	close_all(first, INT_MAX);
}

static int open_null(void)
{
	return open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/*
 * Opens a file with nothing to read, which discards output. A program gets /dev/null, as
 * it may expect. Other children get a file in memory, because /dev/null may be missing or
 * refused by a security module; if a system call filter or a setting of the kernel
 * refuses this file, they get /dev/null, too.
 */
static int open_nothing(bool program)
{
	int fd = program ? open_null() : -1;

	if (fd >= 0)
		return fd;
	fd = memfd_create("nothing", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
		return fd;
	fd_close(fd);
	return open_null();
}

/* Called after close_others(), so that a descriptor is free. */
static int redirect(const struct child_options *options)
{
	int nothing = open_nothing(options->program), r = nothing < 0 ? -errno : 0;

	for (int fd = STDIN_FILENO; r == 0 && fd <= STDERR_FILENO; fd++) {
		int to = fd > STDIN_FILENO && options->output ? options->output : nothing;

		if (next_kept(options, fd) == fd && options->output != fd)
			continue;
		/* Clear close-on-exec. */
		if (to == fd ? fcntl(fd, F_SETFD, 0) : dup2(to, fd) < 0)
			r = -errno;
	}
	if (nothing > STDERR_FILENO)
		fd_close(nothing);
	return r;
}

static int take_precautions(const struct child_options *options, pid_t parent)
{
	const struct rlimit none = { 0 };
	int r = child_end_with(parent, options->death_signal);

	if (r)
		return r;
	reset_handlers(options->default_signals);
	close_others(options);
	r = redirect(options);
	if (r)
		return r;
	if (setrlimit(RLIMIT_CORE, &none) || (options->session && setsid() < 0))
		return -errno;
	if (!options->program && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || chdir("/")))
		return -errno;
	set_mask(options);
	return 0;
}

/*
 * If the parent ignores SIGCHLD, it cannot wait for a child, whose id is soon reused. A
 * library must not change the signal of its host: its children send none.
 */
static pid_t make_process(bool library)
{
	struct sigaction action;

	if (library)
		return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
	if (sigaction(SIGCHLD, NULL, &action) == 0 &&
	    (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT))) {
		action = (struct sigaction){ .sa_handler = SIG_DFL };
		sigaction(SIGCHLD, &action, NULL);
	}
	return fork();
}

/*
 * Starts a process that takes the precautions, calls @run and ends with the status that
 * it returns, or with CHILD_NOT_RUN.
 *
 * ret_child: to be ended with child_end().
 * Returns 0 or -errno. Thread-safe with options->library; otherwise for a program with
 * one thread.
 */
int child_start(struct child *ret_child, const struct child_options *options,
		int (*run)(void *context), void *context)
{
	const pid_t parent = getpid();
	sigset_t all, before;
	pid_t pid;
	int r;

	/* No handler may run in the child before reset_handlers(). */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = make_process(options->library);
	if (pid == 0)
		_exit(take_precautions(options, parent) ? CHILD_NOT_RUN : run(context));
	r = pid < 0 ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		*ret_child = (struct child){ .pid = pid, .session = options->session };
	return r;
}

/* Returns 1 if the child is a zombie, whose id is not reused yet; 0 if it runs; -errno if
 * it was reaped by other code. */
static int has_ended(const struct child *child)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL))
		return -errno;
	return info.si_pid == child->pid;
}

/* Returns whether the process has ended, by itself or by a signal. Thread-safe. */
bool child_has_ended(const struct child *child)
{
	return has_ended(child) != 0;
}

/* Returns the status; SIGKILL if it is unknown. */
static int reap(pid_t pid)
{
	struct timespec pause = { .tv_nsec = PAUSE_FIRST_NS };
	int status = SIGKILL;

	for (int i = 0; i < PAUSES; i++) {
		pid_t found = waitpid(pid, &status, WNOHANG | __WALL);

		if (found == pid || (found < 0 && errno != EINTR))
			return status;
		nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
	}
	return status;
}

/*
 * Kills the process, with its session if it leads one, and waits at most a second for its
 * end: a file system may keep it in the kernel. Takes a zeroed child and an ended one.
 *
 * Returns its status as waitpid(2) does; after the second, that of a killed process.
 * Thread-safe.
 */
int child_end(struct child *child)
{
	int status = SIGKILL;

	if (child->pid > 0 && has_ended(child) >= 0) {
		/* The process first, so that it starts no more children. */
		kill(child->pid, SIGKILL);
		if (child->session)
			kill(-child->pid, SIGKILL);
		status = reap(child->pid);
	}
	*child = (struct child){ 0 };
	return status;
}

/*
 * Waits until the process has ended by itself, without a limit: for a process that is a
 * child itself, and ends with it. Returns the status as waitpid(2) does.
 */
int child_wait(struct child *child)
{
	int status = SIGKILL;
	pid_t found;

	do {
		found = waitpid(child->pid, &status, __WALL);
	} while (found < 0 && errno == EINTR);
	*child = (struct child){ 0 };
	return status;
}
