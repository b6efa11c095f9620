/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attack: attacks another process. It runs as the user who calls the map writers. It
 * reads commands from standard input, a line each, and answers each with one line:
 *
 * `run PROGRAM ARG...` makes a child, which becomes PROGRAM as soon as there is a byte to
 * read on descriptor 3; descriptor 4 is its stdout and stderr. The answer is its pid.
 *
 * `wait PID`: the status of that child, as waitpid(2) gives it.
 *
 * `attack PID` tries all attacks on a stopped process. The answer is the ones that
 * worked.
 *
 * `names`: all attacks.
 *
 * `signal PID NUMBER`: an errno, or 0.
 *
 * `limit PID RESOURCE` sets a limit of the process to 0: an errno, or 0.
 *
 * `race COUNT PROGRAM INNER OUTER DELAY` runs newgidmap COUNT times at a process that
 * enters its user namespace DELAY microseconds later at the most. The answer is how often
 * the map stayed empty, was written with setgroups denied, and with setgroups allowed.
 *
 * `attack` does not change the process, so it can be repeated.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS 16
#define WORDS	    32

/* Newer than some headers. */
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#define PIDFD_GET_USER_NAMESPACE_ _IO(0xFF, 9)

static char path_text[128];

static const char *path_of(pid_t pid, const char *file)
{
	snprintf(path_text, sizeof(path_text), "/proc/%d/%s", (int)pid, file);
	return path_text;
}

static bool opens(pid_t pid, const char *file, int flags)
{
	int fd = open(path_of(pid, file), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Files that can be opened, but check the permission again when they are read. */
static bool reads(pid_t pid, const char *file)
{
	char text[256];
	int fd = open(path_of(pid, file), O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text));
		close(fd);
	}
	return n >= 0;
}

static bool lists(pid_t pid, const char *directory)
{
	DIR *dir = opendir(path_of(pid, directory));
	bool any = false;

	if (dir) {
		any = readdir(dir) != NULL;
		closedir(dir);
	}
	return any;
}

static bool follows(pid_t pid, const char *link)
{
	char text[256];

	return readlink(path_of(pid, link), text, sizeof(text)) >= 0 ||
	       opens(pid, link, O_RDONLY) || opens(pid, link, O_PATH);
}

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* descriptors and memory: none of these may work */

static bool leave_traced(pid_t pid)
{
	int status;

	waitpid(pid, &status, __WALL);
	/* it was stopped, and is stopped again */
	kill(pid, SIGSTOP);
	ptrace(PTRACE_DETACH, pid, 0, SIGSTOP);
	return true;
}

static bool try_ptrace_attach(pid_t pid)
{
	return ptrace(PTRACE_ATTACH, pid, 0, 0) == 0 && leave_traced(pid);
}

static bool try_ptrace_seize(pid_t pid)
{
	return ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 && leave_traced(pid);
}

static bool try_mem_read(pid_t pid)
{
	return opens(pid, "mem", O_RDONLY);
}

static bool try_mem_write(pid_t pid)
{
	return opens(pid, "mem", O_RDWR) || opens(pid, "mem", O_WRONLY);
}

static bool try_task_mem(pid_t pid)
{
	char file[64];

	snprintf(file, sizeof(file), "task/%d/mem", (int)pid);
	return opens(pid, file, O_RDONLY);
}

/* The addresses do not matter: an error about them shows that the caller has permission.
 */
static bool try_vm_readv(pid_t pid)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)4096, 1 };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

static bool try_vm_writev(pid_t pid)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { (void *)4096, 1 };

	return process_vm_writev(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

static bool try_fd_list(pid_t pid)
{
	return lists(pid, "fd");
}

static bool try_fd_open(pid_t pid)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		char file[32];

		snprintf(file, sizeof(file), "fd/%d", fd);
		if (follows(pid, file))
			return true;
	}
	return false;
}

static bool try_fdinfo(pid_t pid)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		char file[32];

		snprintf(file, sizeof(file), "fdinfo/%d", fd);
		if (reads(pid, file))
			return true;
	}
	return lists(pid, "fdinfo");
}

static bool try_pidfd_getfd(pid_t pid)
{
	int pidfd = pidfd_of(pid);
	bool got = false;

	for (int fd = 0; pidfd >= 0 && fd < DESCRIPTORS; fd++) {
		int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

		if (copy >= 0) {
			got = true;
			close(copy);
		}
	}
	close(pidfd);
	return got;
}

static bool try_pidfd_namespace(pid_t pid)
{
	int pidfd = pidfd_of(pid);
	int fd = ioctl(pidfd, PIDFD_GET_USER_NAMESPACE_, 0);

	close(pidfd);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool try_kcmp(pid_t pid)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (syscall(SYS_kcmp, getpid(), pid, KCMP_FILE, 0, fd) >= 0)
			return true;
	return syscall(SYS_kcmp, getpid(), pid, KCMP_VM, 0, 0) >= 0;
}

static bool try_robust_list(pid_t pid)
{
	void *head;
	size_t size;

	return syscall(SYS_get_robust_list, pid, &head, &size) == 0;
}

static bool try_move_pages(pid_t pid)
{
	return syscall(SYS_move_pages, pid, 0UL, NULL, NULL, NULL, 0) == 0;
}

static bool try_perf(pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

#define TRY_OPEN(name, file, flags)             \
	static bool try_##name(pid_t pid)       \
	{                                       \
		return opens(pid, file, flags); \
	}
#define TRY_READ(name)                    \
	static bool try_##name(pid_t pid) \
	{                                 \
		return reads(pid, #name); \
	}
#define TRY_FOLLOW(name, file)             \
	static bool try_##name(pid_t pid)  \
	{                                  \
		return follows(pid, file); \
	}

TRY_READ(environ)
TRY_READ(auxv)
TRY_READ(maps)
TRY_READ(smaps)
TRY_READ(pagemap)
TRY_READ(syscall)
TRY_READ(personality)
TRY_READ(io)
TRY_FOLLOW(exe, "exe")
TRY_FOLLOW(cwd, "cwd")
TRY_FOLLOW(root, "root")
TRY_FOLLOW(ns_user, "ns/user")
TRY_FOLLOW(ns_mnt, "ns/mnt")

static bool try_map_files(pid_t pid)
{
	return lists(pid, "map_files");
}

TRY_OPEN(write_uid_map, "uid_map", O_WRONLY)
TRY_OPEN(write_gid_map, "gid_map", O_WRONLY)
TRY_OPEN(write_projid_map, "projid_map", O_WRONLY)
TRY_OPEN(write_setgroups, "setgroups", O_WRONLY)
TRY_OPEN(write_oom_score_adj, "oom_score_adj", O_WRONLY)
TRY_OPEN(write_oom_adj, "oom_adj", O_WRONLY)
TRY_OPEN(write_coredump_filter, "coredump_filter", O_WRONLY)
TRY_OPEN(write_clear_refs, "clear_refs", O_WRONLY)
TRY_OPEN(write_comm, "comm", O_WRONLY)
TRY_OPEN(write_autogroup, "autogroup", O_WRONLY)

/* what a user may do to any process that has the user's real uid */

TRY_READ(stat)
TRY_READ(status)
TRY_READ(cmdline)
TRY_READ(wchan)

static bool try_signal_0(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static bool try_signal_stop(pid_t pid)
{
	return kill(pid, SIGSTOP) == 0;
}

static bool try_sigqueue(pid_t pid)
{
	return sigqueue(pid, 0, (union sigval){ 0 }) == 0;
}

static bool try_pidfd_open(pid_t pid)
{
	int pidfd = pidfd_of(pid);

	if (pidfd >= 0)
		close(pidfd);
	return pidfd >= 0;
}

static bool try_pidfd_signal(pid_t pid)
{
	int pidfd = pidfd_of(pid);
	bool sent = syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0;

	close(pidfd);
	return sent;
}

/* what depends on the capabilities of the process */

static bool try_prlimit_get(pid_t pid)
{
	struct rlimit limit;

	return prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0;
}

static bool try_prlimit_set(pid_t pid)
{
	/* as the program inherited it */
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	return prlimit(pid, RLIMIT_NOFILE, &limit, NULL) == 0;
}

static bool try_affinity(pid_t pid)
{
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	return sched_setaffinity(pid, sizeof(cpus), &cpus) == 0;
}

static bool try_nice(pid_t pid)
{
	return setpriority(PRIO_PROCESS, (id_t)pid, getpriority(PRIO_PROCESS, 0)) == 0;
}

static bool try_scheduler(pid_t pid)
{
	struct sched_param param = { 0 };

	return sched_setscheduler(pid, SCHED_OTHER, &param) == 0;
}

static bool try_ioprio(pid_t pid)
{
	enum { WHO_PROCESS = 1, BEST_EFFORT_4 = 2 << 13 | 4 };

	return syscall(SYS_ioprio_set, WHO_PROCESS, pid, BEST_EFFORT_4) == 0;
}

/* clang-format off */
#define ATTEMPT(name) { #name, try_##name }

static const struct attempt {
	const char *name;
	bool (*try)(pid_t pid);
} attempts[] = {
	ATTEMPT(mem_read), ATTEMPT(mem_write), ATTEMPT(task_mem), ATTEMPT(vm_readv),
	ATTEMPT(vm_writev), ATTEMPT(fd_list), ATTEMPT(fd_open), ATTEMPT(fdinfo),
	ATTEMPT(pidfd_getfd), ATTEMPT(pidfd_namespace), ATTEMPT(kcmp), ATTEMPT(robust_list),
	ATTEMPT(move_pages), ATTEMPT(perf), ATTEMPT(environ), ATTEMPT(auxv), ATTEMPT(maps),
	ATTEMPT(smaps), ATTEMPT(pagemap), ATTEMPT(syscall), ATTEMPT(personality), ATTEMPT(io),
	ATTEMPT(exe), ATTEMPT(cwd), ATTEMPT(root), ATTEMPT(ns_user), ATTEMPT(ns_mnt),
	ATTEMPT(map_files), ATTEMPT(write_uid_map), ATTEMPT(write_gid_map),
	ATTEMPT(write_projid_map), ATTEMPT(write_setgroups), ATTEMPT(write_oom_score_adj),
	ATTEMPT(write_oom_adj), ATTEMPT(write_coredump_filter), ATTEMPT(write_clear_refs),
	ATTEMPT(write_comm), ATTEMPT(write_autogroup), ATTEMPT(stat), ATTEMPT(status),
	ATTEMPT(cmdline), ATTEMPT(wchan), ATTEMPT(signal_0), ATTEMPT(signal_stop),
	ATTEMPT(sigqueue), ATTEMPT(pidfd_open), ATTEMPT(pidfd_signal), ATTEMPT(prlimit_get),
	ATTEMPT(prlimit_set), ATTEMPT(affinity), ATTEMPT(nice), ATTEMPT(scheduler),
	ATTEMPT(ioprio),
	/* last: where they work the process goes through more than one stop */
	ATTEMPT(ptrace_seize), ATTEMPT(ptrace_attach),
};
/* clang-format on */

static void attack(pid_t pid, bool only_names)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		if (only_names || attempts[i].try(pid))
			printf("%s ", attempts[i].name);
	printf("\n");
}

/* the other orders */

static void become_program(char **argv)
{
	char *environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL };
	struct rlimit core = { RLIM_INFINITY, RLIM_INFINITY };
	char byte;

	if (read(3, &byte, 1) != 1)
		_exit(126);
	/* a core dump would be memory, too */
	setrlimit(RLIMIT_CORE, &core);
	dup2(4, STDOUT_FILENO);
	dup2(4, STDERR_FILENO);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	execve(argv[0], argv, environment);
	_exit(126);
}

static void run(char **argv)
{
	pid_t pid = fork();

	if (pid == 0)
		become_program(argv);
	printf("%d\n", (int)pid);
}

static void wait_for(pid_t pid)
{
	int status;

	printf("%d\n", waitpid(pid, &status, 0) == pid ? status : -1);
}

static void limit(pid_t pid, int resource)
{
	struct rlimit none = { 0, 0 };

	printf("%d\n",
	       prlimit(pid, (enum __rlimit_resource)resource, &none, NULL) ? errno : 0);
}

/*
 * A process that enters its namespace some @delay microseconds after there is a byte on
 * @go, and says so on @done.
 */
static pid_t make_late_target(int go, int done, long delay)
{
	struct timespec wait = { .tv_nsec = delay * 1000 };
	pid_t pid = fork();
	char byte;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1UL);
	if (read(go, &byte, 1) == 1)
		nanosleep(&wait, NULL);
	unshare(CLONE_NEWUSER);
	if (write(done, &byte, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static bool file_is(pid_t pid, const char *file, const char *text)
{
	char content[128] = "";
	FILE *stream = fopen(path_of(pid, file), "r");

	if (!stream)
		return false;
	if (!fgets(content, sizeof(content), stream))
		content[0] = '\0';
	fclose(stream);
	return strcmp(content, text) == 0;
}

static pid_t start_writer(int go, const char *program, pid_t target, const char *inner,
			  const char *outer)
{
	char number[16];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	snprintf(number, sizeof(number), "%d", (int)target);
	if (write(go, "!", 1) == 1)
		execl(program, "newgidmap", number, inner, outer, "1", NULL);
	_exit(126);
}

static void race(int count, char *program, char *inner, char *outer, long most)
{
	int empty = 0, denied = 0, allowed = 0;
	int go[2], done[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) || pipe2(done, O_CLOEXEC))
		return;
	for (int i = 0; i < count; i++) {
		pid_t target = make_late_target(go[0], done[1], random() % most);

		waitpid(start_writer(go[1], program, target, inner, outer), NULL, 0);
		if (read(done[0], &byte, 1) != 1)
			return;
		if (file_is(target, "gid_map", ""))
			empty++;
		else if (file_is(target, "setgroups", "deny\n"))
			denied++;
		else
			allowed++;
		kill(target, SIGKILL);
		waitpid(target, NULL, 0);
	}
	printf("%d %d %d\n", empty, denied, allowed);
}

static size_t split(char *line, char **words)
{
	size_t n = 0;

	for (char *word = strtok(line, " \n"); word && n < WORDS - 1;
	     word = strtok(NULL, " \n"))
		words[n++] = word;
	words[n] = NULL;
	return n;
}

static void obey(char **words, size_t n)
{
	pid_t pid = n > 1 ? atoi(words[1]) : 0;

	if (strcmp(words[0], "run") == 0)
		run(words + 1);
	else if (strcmp(words[0], "wait") == 0)
		wait_for(pid);
	else if (strcmp(words[0], "attack") == 0)
		attack(pid, false);
	else if (strcmp(words[0], "names") == 0)
		attack(0, true);
	else if (strcmp(words[0], "signal") == 0 && n == 3)
		printf("%d\n", kill(pid, atoi(words[2])) ? errno : 0);
	else if (strcmp(words[0], "limit") == 0 && n == 3)
		limit(pid, atoi(words[2]));
	else if (strcmp(words[0], "race") == 0 && n == 6)
		race(atoi(words[1]), words[2], words[3], words[4], atol(words[5]));
	else
		printf("?\n");
}

int main(void)
{
	char line[4096], *words[WORDS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* its children are unprotected, for a test of the attacks */
	prctl(PR_SET_DUMPABLE, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		size_t n = split(line, words);

		if (n > 0)
			obey(words, n);
	}
	return 0;
}
