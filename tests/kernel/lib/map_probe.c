// SPDX-License-Identifier: BSD-3-Clause
/*
 * map_probe: runs many map writers fast. A line of standard input
 *
 *	PROGRAM UID GID INNER OUTER COUNT [INNER OUTER COUNT...]
 *
 * is answered by the exit status of PROGRAM, run by that user on a process of that user
 * in a user namespace of its own; 0 only if the kernel has the map. An empty line ends
 *all processes and is answered by an empty line.
 *
 * A process whose map was refused is used again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TARGETS 32
#define WORDS	1100

struct target {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

static struct target targets[TARGETS];
static size_t n_targets;

static void die(const char *what)
{
	fprintf(stderr, "map_probe: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		die("become");
}

/* A process in a user namespace without maps; it sleeps. */
static pid_t make_target(uid_t uid, gid_t gid)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || (pid = fork()) < 0)
		die("target");
	if (pid == 0) {
		become(uid, gid);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, 1);
		if (unshare(CLONE_NEWUSER) || write(ready[1], "+", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("user namespace");
	close(ready[0]);
	return pid;
}

static void end_target(struct target *target)
{
	kill(target->pid, SIGKILL);
	waitpid(target->pid, NULL, 0);
	*target = targets[--n_targets];
}

static struct target *find_target(uid_t uid, gid_t gid)
{
	struct target *target;

	for (size_t i = 0; i < n_targets; i++)
		if (targets[i].uid == uid && targets[i].gid == gid)
			return &targets[i];
	if (n_targets == TARGETS)
		end_target(&targets[0]);
	target = &targets[n_targets++];
	*target = (struct target){ make_target(uid, gid), uid, gid };
	return target;
}

static int run(char **words, const struct target *target)
{
	char number[16], *program = words[0];
	int status;
	pid_t pid;

	snprintf(number, sizeof(number), "%d", target->pid);
	words[2] = number;
	words[1] = strrchr(program, '/') + 1;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		static char *empty[] = { NULL };
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		become(target->uid, target->gid);
		execve(program, words + 1, empty);
		_exit(126);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Whether the target has a map of that kind. */
static int is_mapped(const struct target *target, const char *program)
{
	char path[64], byte;
	const char *kind = strstr(program, "newgidmap") ? "gid" : "uid";
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s_map", target->pid, kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	got = read(fd, &byte, 1);
	close(fd);
	return got == 1;
}

static int probe(char *line)
{
	char *words[WORDS] = { NULL }, *rest = line;
	struct target *target;
	int status, mapped;
	size_t n = 0;

	while (n < WORDS - 1 && (words[n] = strsep(&rest, " ")))
		n++;
	if (n < 6)
		die("a line is too short");
	target = find_target((uid_t)strtoul(words[1], NULL, 10),
			     (gid_t)strtoul(words[2], NULL, 10));
	status = run(words, target);
	mapped = is_mapped(target, words[0]);
	if (mapped)
		end_target(target);
	return mapped != (status == 0) ? 200 + status : status;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((len = getline(&line, &size, stdin)) > 0) {
		line[len - 1] = '\0';
		if (len > 1)
			printf("%d", probe(line));
		else
			while (n_targets)
				end_target(&targets[0]);
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
