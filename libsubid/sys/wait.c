// SPDX-License-Identifier: BSD-3-Clause
/*
 * wait: waits for a descriptor, and for a lock on a file.
 *
 * A process that polls for a lock loses it to those in the queue of the kernel. Only a
 * signal ends a wait in this queue, and a library must not use signals of its program. So
 * a child process waits, which can be killed. It shares the open file description, so its
 * lock is ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

/* Returns milliseconds of a monotonic clock. Thread-safe. */
int64_t wait_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Returns 0 if an event has come, WAIT_OVER or -errno. */
static int wait_for_events(struct pollfd *events, nfds_t n, int64_t end)
{
	for (;;) {
		int64_t left = end - wait_clock();
		int r = poll(events, n, left > 0 ? (int)left : 0);

		if (r >= 0)
			return r > 0 ? 0 : WAIT_OVER;
		if (errno != EINTR)
			return -errno;
	}
}

/*
 * Waits until @fd is readable or closed at its other end, until the time @end of
 * wait_clock(), or until @stop is readable. Either descriptor may be -1. Returns 0,
 * WAIT_OVER, WAIT_STOPPED or -errno. Thread-safe.
 */
int wait_until(int fd, int stop, int64_t end)
{
	struct pollfd events[] = {
		{ .fd = stop, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int r = wait_for_events(events, 2, end);

	return r == 0 && events[0].revents ? WAIT_STOPPED : r;
}

/*
 * Reads as fd_read(), but from a socket with SO_PASSCRED. Returns as fd_read(), or
 * -EBADMSG if another process than @sender has sent the bytes.
 */
static int read_of(int fd, pid_t sender, char *bytes, size_t size, size_t *ret_n)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] __attribute__((aligned(8)));
	struct iovec vector = { bytes, size };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *header;
	struct ucred found;
	ssize_t n;

	do {
		n = recvmsg(fd, &message, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_n = (size_t)n;
	if (n == 0)
		return 0;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_CREDENTIALS ||
	    header->cmsg_len != CMSG_LEN(sizeof(found)))
		return -EBADMSG;
	memcpy(&found, CMSG_DATA(header), sizeof(found));
	return found.pid == sender ? 0 : -EBADMSG;
}

/*
 * Reads @len bytes from another process, until the time @end of wait_clock(), or with 0
 * without a limit.
 *
 * sender: the process that must have sent them, through a socket with SO_PASSCRED; NULL:
 * any. Returns 0, WAIT_OVER, -ECONNRESET (the other end was closed before), -EBADMSG
 * (another process has sent them) or -errno. Thread-safe.
 */
int wait_read(int fd, const pid_t *sender, int64_t end, void *bytes, size_t len)
{
	char *rest = bytes;
	size_t n = 0;

	while (len > 0) {
		int r = end ? wait_until(fd, -1, end) : 0;

		if (r == 0)
			r = sender ? read_of(fd, *sender, rest, len, &n) :
				     fd_read(fd, rest, len, &n);
		if (r == 0 && n == 0)
			r = -ECONNRESET;
		if (r)
			return r;
		rest += n;
		len -= n;
	}
	return 0;
}

/*
 * Sends @len bytes through a socket until wait_clock() shows @end.
 * Returns 0, WAIT_OVER (a part may have been sent), -ECONNRESET (the other end is closed)
 * or -errno. Thread-safe.
 */
int wait_send(int fd, int64_t end, const void *bytes, size_t len)
{
	struct pollfd event = { .fd = fd, .events = POLLOUT };
	const char *rest = bytes;

	while (len > 0) {
		ssize_t n = send(fd, rest, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r = 0;

		if (n < 0 && errno == EAGAIN)
			r = wait_for_events(&event, 1, end);
		else if (n < 0 && errno != EINTR)
			r = errno == EPIPE ? -ECONNRESET : -errno;
		if (r)
			return r;
		if (n < 0)
			continue;
		rest += n;
		len -= (size_t)n;
	}
	return 0;
}

struct lock_request {
	int fd;
	int out; /* gets a byte when the child has the lock */
};

/* Runs in the child, which has no descriptors but the lock and the pipe: it would keep
 * files open that other threads close. */
static int lock_in_child(void *context)
{
	const struct lock_request *request = context;
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(request->fd, F_OFD_SETLKW, &whole))
		return errno;
	/* A byte, since a child of another thread may hold the pipe open. */
	return write(request->out, "", 1) == 1 ? 0 : errno;
}

/*
 * Takes the open file description write lock on the whole of @fd, and waits for it.
 *
 * Returns 0, WAIT_OVER or WAIT_STOPPED (with both it may still have been taken), or
 * -errno. Thread-safe.
 */
int wait_for_lock(int fd, int stop, int64_t end)
{
	CLEANUP(fd_cleanup) int in = -1;
	struct child child;
	int ends[2], status, r;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	in = ends[0];
	r = child_start(&child,
			&(struct child_options){
				.kept = (const int[]){ fd, ends[1] },
				.n_kept = 2,
				.library = true,
			},
			lock_in_child, &(struct lock_request){ fd, ends[1] });
	fd_close(ends[1]);
	if (r)
		return r;
	r = wait_until(in, stop, end);
	status = child_end(&child);
	if (r == 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		r = WEXITSTATUS(status) == CHILD_NOT_RUN ? -EIO : -WEXITSTATUS(status);
	return r;
}
