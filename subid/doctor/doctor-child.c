// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-child: starts a process in a new user namespace, as container engines do.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"
#include "subid/doctor/doctor.h"

static int write_map_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return errno;
	r = -fd_write_once(fd, text, strlen(text));
	fd_close(fd);
	return r;
}

/* Maps only the user's own ids, which needs neither privilege nor map writer. */
static int map_own(uid_t uid, gid_t gid)
{
	char line[64];
	int r;

	snprintf(line, sizeof(line), "0 %u 1\n", uid);
	r = write_map_file("/proc/self/uid_map", line);
	if (r == 0)
		r = write_map_file("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1\n", gid);
	return r ? r : write_map_file("/proc/self/gid_map", line);
}

/* The arguments of the child. */
struct task {
	bool map_alone;
	int out; /* receives an errno, or 0 */
};

/* Runs in the child, which waits until it is killed. */
static int enter_userns(void *context)
{
	const struct task *task = context;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int error = unshare(CLONE_NEWUSER) ? errno : 0;

	if (error == 0 && task->map_alone)
		error = map_own(uid, gid);
	if (fd_write_all(task->out, &error, sizeof(error)))
		return EXIT_FAILURE;
	for (;;)
		pause();
}

/*
 * Starts a process in a new user namespace.
 *
 * map_alone: the process maps its own ids, and only those.
 * ret_error: 0, or the errno of the kernel.
 * Returns 0 or -errno. End with child_end() in any case.
 */
int doctor_child_start(struct child *child, bool map_alone, int *ret_error)
{
	CLEANUP(fd_cleanup) int in = -1;
	struct task task = { map_alone, -1 };
	int ends[2], error = 0, r;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	in = ends[0];
	task.out = ends[1];
	r = child_start(child,
			&(struct child_options){
				.kept = &task.out,
				.n_kept = 1,
				.program = true,
			},
			enter_userns, &task);
	fd_close(ends[1]);
	if (r == 0)
		r = wait_read(in, 0, &error, sizeof(error));
	if (r == 0 || r == -ECONNRESET)
		*ret_error = r ? EIO : error;
	return r == -ECONNRESET ? 0 : r;
}

/*
 * Reads the output of an untrusted process.
 *
 * MUST: the process cannot make this wait forever: it may hang, pass its end of the pipe
 * to another process, read from the pipe itself, or write without end.
 */

/* Interval at which to check whether the process has ended. */
#define TICK 50 /* milliseconds */

/* More than a thousand times the expected output. */
#define BYTES_MAX (4 << 20)

static int64_t next_look(bool ended, int64_t end)
{
	int64_t next = wait_clock() + TICK;

	return ended ? 0 : next < end ? next : end;
}

/*
 * Calls @take for the output of a process until it has ended and the pipe is empty, even
 * if another process has the write end. The caller waits for the process.
 *
 * in: the read end of the pipe; it is made non-blocking.
 * stop: as in wait_until().
 * end: a time of wait_clock().
 * Returns 0, WAIT_OVER (too long, or too much), WAIT_STOPPED or -errno.
 */
int doctor_listen(int in, const struct child *child, int stop, int64_t end,
		  doctor_take_fn take, void *context)
{
	char text[4096];
	size_t n, heard = 0;

	if (fcntl(in, F_SETFL, O_NONBLOCK))
		return -errno;
	while (heard < BYTES_MAX && wait_clock() < end) {
		/* Check before reading: after its end all output is in the pipe. */
		bool ended = child_has_ended(child);
		int r = wait_until(in, stop, next_look(ended, end));

		if (r == WAIT_OVER && ended)
			return 0;
		if (r == WAIT_OVER)
			continue;
		if (r == 0)
			r = fd_read(in, text, sizeof(text), &n);
		/* Another process has read it. */
		if (r == -EAGAIN)
			continue;
		if (r)
			return r;
		if (n == 0 && ended)
			return 0;
		if (n == 0)
			in = -1;
		take(context, text, n);
		heard += n;
	}
	return WAIT_OVER;
}
