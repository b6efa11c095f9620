// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-child: a process that enters a user namespace, as every container begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsubid/sys/fd.h"
#include "subid/doctor.h"

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return errno;
	r = -fd_write_once(fd, text, strlen(text));
	fd_close(fd);
	return r;
}

/* Maps the own ids alone, which needs no privilege and no map writer. */
static int map_own(uid_t uid, gid_t gid)
{
	char line[64];
	int r;

	snprintf(line, sizeof(line), "0 %u 1\n", uid);
	r = put("/proc/self/uid_map", line);
	if (r == 0)
		r = put("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1\n", gid);
	return r ? r : put("/proc/self/gid_map", line);
}

static void be_child(bool map_alone, int tell, int hold)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char byte;
	int error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	error = unshare(CLONE_NEWUSER) ? errno : 0;
	if (error == 0 && map_alone)
		error = map_own(uid, gid);
	if (write(tell, &error, sizeof(error)) != sizeof(error))
		_exit(1);
	while (read(hold, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int start(struct doctor_child *child, bool map_alone, int *ret_tell)
{
	int tell[2], hold[2];

	if (pipe2(tell, O_CLOEXEC))
		return -errno;
	if (pipe2(hold, O_CLOEXEC)) {
		int r = -errno;

		fd_close(tell[0]);
		fd_close(tell[1]);
		return r;
	}
	child->pid = fork();
	if (child->pid == 0) {
		fd_close(tell[0]);
		fd_close(hold[1]);
		be_child(map_alone, tell[1], hold[0]);
	}
	fd_close(tell[1]);
	fd_close(hold[0]);
	child->hold = hold[1];
	*ret_tell = tell[0];
	return child->pid < 0 ? -errno : 0;
}

/*
 * Starts a process in a new user namespace.
 *
 * map_alone: it maps its own ids, and nothing else.
 * ret_error: 0, or the errno with which the kernel refused.
 * Returns 0 or -errno. End with doctor_child_end() in any case.
 */
int doctor_child_start(struct doctor_child *child, bool map_alone, int *ret_error)
{
	int tell = -1, error = 0, r;
	size_t n = 0;

	r = start(child, map_alone, &tell);
	if (r == 0)
		r = fd_read(tell, (char *)&error, sizeof(error), &n);
	fd_close(tell);
	if (r)
		return r;
	*ret_error = n == sizeof(error) ? error : EIO;
	return 0;
}

/* Ends the process. Takes DOCTOR_CHILD_NONE. */
void doctor_child_end(struct doctor_child *child)
{
	fd_close(child->hold);
	if (child->pid > 0)
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	*child = (struct doctor_child)DOCTOR_CHILD_NONE;
}
