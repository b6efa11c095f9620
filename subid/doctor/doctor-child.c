// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-child: a process in a new user namespace, as container engines start it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* What the child is asked to try: to give a file in a directory another owner. */
struct trial {
	char directory[PATH_MAX];
	uid_t uid; /* inside the namespace; (uid_t)-1: leave it */
	gid_t gid;
};

/* Makes a file without a name, or one that is removed at once. Returns it or -errno. */
static int make_file(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	char path[PATH_MAX + 32];

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd >= 0 ? fd : -errno;
	snprintf(path, sizeof(path), "%s/.subid-doctor.%d", directory, (int)getpid());
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

/* Returns 0, the errno of the change of owner, or -errno: no file can be made. */
static int try_owner(const struct trial *request)
{
	int fd = make_file(request->directory), r;

	if (fd < 0)
		return fd;
	r = fchown(fd, request->uid, request->gid) ? errno : 0;
	fd_close(fd);
	return r;
}

/* The arguments of the child. */
struct task {
	bool map_alone;
	int socket; /* for an errno or 0, and then for requests and their results */
};

/* Runs in the child, which serves requests until it is killed. */
static int enter_userns(void *context)
{
	const struct task *task = context;
	struct trial request;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int result = unshare(CLONE_NEWUSER) ? errno : 0;

	if (result == 0 && task->map_alone)
		result = map_own(uid, gid);
	while (send(task->socket, &result, sizeof(result), MSG_NOSIGNAL) > 0 &&
	       recv(task->socket, &request, sizeof(request), 0) == sizeof(request))
		result = try_owner(&request);
	return EXIT_FAILURE;
}

/* A file system of the network may never answer. */
#define TRY_SECONDS 5

/* Reads a result; -ECONNRESET: the child has ended. */
static int read_result(const struct doctor_child *child, int *ret_result)
{
	int r = wait_read(child->socket, NULL, wait_clock() + TRY_SECONDS * 1000,
			  ret_result, sizeof(*ret_result));

	return r > 0 ? -ETIMEDOUT : r;
}

/*
 * Starts a process in a new user namespace.
 *
 * map_alone: the process maps its own ids, and only those.
 * ret_error: 0, or the errno of the kernel.
 * Returns 0 or -errno. End with doctor_child_end() in any case.
 */
int doctor_child_start(struct doctor_child *child, bool map_alone, int *ret_error)
{
	struct task task = { map_alone, -1 };
	int ends[2], error = 0, r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	child->socket = ends[0];
	task.socket = ends[1];
	r = child_start(&child->child,
			&(struct child_options){
				.kept = &task.socket,
				.n_kept = 1,
				.program = true,
			},
			enter_userns, &task);
	fd_close(ends[1]);
	if (r == 0)
		r = read_result(child, &error);
	if (r == 0 || r == -ECONNRESET)
		*ret_error = r ? EIO : error;
	return r == -ECONNRESET ? 0 : r;
}

/*
 * Tries to make a file in @directory that belongs to another id, and removes it.
 *
 * id: of the kind, inside the namespace of the child.
 * ret_error: 0, or the errno of the change of owner.
 * Returns 0, or -errno if no file can be made there.
 */
int doctor_child_try(const struct doctor_child *child, const char *directory,
		     const struct kind *kind, uint32_t id, int *ret_error)
{
	struct trial request = {
		.uid = kind->group ? (uid_t)-1 : id,
		.gid = kind->group ? id : (gid_t)-1,
	};
	int result, r;

	snprintf(request.directory, sizeof(request.directory), "%s", directory);
	if (send(child->socket, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return -errno;
	r = read_result(child, &result);
	/* A late answer must not be taken for the next one. */
	if (r)
		shutdown(child->socket, SHUT_RDWR);
	if (r || result < 0)
		return r ? r : result;
	*ret_error = result;
	return 0;
}

/* Ends the process, also one that was not started. */
void doctor_child_end(struct doctor_child *child)
{
	child_end(&child->child);
	if (child->socket >= 0)
		fd_close(child->socket);
	*child = (struct doctor_child)DOCTOR_CHILD_NONE;
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
