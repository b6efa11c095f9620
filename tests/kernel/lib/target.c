/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * target KIND [COUNT]: makes processes that a map writer can be pointed at, prints one
 * pid a line and then an empty line, and keeps them until its standard input ends.
 * Whatever happens to this program, its children die with it.
 *
 * The caller picks the owner: run it as the user (and in the user namespace) that the
 * processes are to belong to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "target: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* a fork into new namespaces: clone(2) with the stack of the parent */
static pid_t fork_with(unsigned long flags)
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else if (pid < 0)
		die("clone");
	return pid;
}

static void wait_forever(void)
{
	for (;;)
		pause();
}

static void *sleeping_thread(void *arg)
{
	*(pid_t *)arg = (pid_t)syscall(SYS_gettid);
	wait_forever();
	return NULL;
}

/* maps the caller's own ids, so that the namespace can hold another one */
static void map_own(uid_t uid, gid_t gid)
{
	char text[64];

	put_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "0 %u 1", (unsigned)uid);
	put_file("/proc/self/uid_map", text);
	snprintf(text, sizeof(text), "0 %u 1", (unsigned)gid);
	put_file("/proc/self/gid_map", text);
}

static pid_t read_pid(int fd)
{
	pid_t pid;

	if (read(fd, &pid, sizeof(pid)) != sizeof(pid))
		die("a child gave no pid");
	return pid;
}

static void write_pid(int fd, pid_t pid)
{
	if (write(fd, &pid, sizeof(pid)) != sizeof(pid))
		die("pipe");
}

/*
 * A child that reports through a pipe once it is ready. `report` is its pid as the
 * parent sees it: all these processes share one pid namespace.
 */
static pid_t make_child(const char *kind)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int ready[2];
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe");
	pid = fork_with(strcmp(kind, "plain") == 0 ? 0 : CLONE_NEWUSER);
	if (pid == 0) {
		pid_t report = getpid();

		if (strcmp(kind, "nondumpable") == 0) {
			prctl(PR_SET_DUMPABLE, 0);
		} else if (strcmp(kind, "denied") == 0) {
			put_file("/proc/self/setgroups", "deny");
		} else if (strcmp(kind, "mapped") == 0) {
			map_own(uid, gid);
		} else if (strcmp(kind, "grandchild") == 0) {
			map_own(uid, gid);
			report = fork_with(CLONE_NEWUSER);
			if (report == 0)
				wait_forever();
		} else if (strcmp(kind, "zombie") == 0) {
			write_pid(ready[1], report);
			_exit(0);
		} else if (strcmp(kind, "thread") == 0) {
			static pid_t tid;
			pthread_t thread;

			if (pthread_create(&thread, NULL, sleeping_thread, &tid))
				die("pthread_create");
			while (*(volatile pid_t *)&tid == 0)
				sched_yield();
			report = tid;
		}
		write_pid(ready[1], report);
		wait_forever();
	}
	close(ready[1]);
	pid_t report = read_pid(ready[0]);

	close(ready[0]);
	if (strcmp(kind, "zombie") == 0) {
		siginfo_t info;

		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	} else if (strcmp(kind, "dead") == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return report;
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "ns", "plain", "grandchild", "thread", "zombie",
					     "dead", "nondumpable", "denied", "mapped" };
	int count = argc > 2 ? atoi(argv[2]) : 1;
	unsigned i;
	char c;

	for (i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], argv[1]) == 0)
			break;
	if (argc < 2 || i == sizeof(kinds) / sizeof(kinds[0])) {
		fprintf(stderr, "usage: target KIND [COUNT]\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a starter whose real and effective ids differ leaves the flag cleared */
	prctl(PR_SET_DUMPABLE, 1);
	while (count-- > 0)
		printf("%d\n", (int)make_child(argv[1]));
	printf("\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
