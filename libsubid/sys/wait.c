// SPDX-License-Identifier: BSD-3-Clause
/*
 * wait: for a descriptor, and for a lock on a file.
 *
 * Who waits for a lock must stand in the kernel's queue: who only looks from time to time
 * finds it taken by those who do. Nothing but a signal ends such a wait, and signals
 * belong to the program and not to a library. So a process of its own queues, and can be
 * killed. It shares the open file description, so the lock that it gets is ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

/* Milliseconds of a clock that nobody sets. Thread-safe. */
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
 * Waits until @fd is readable or closed at its other end, wait_clock() shows @end, or
 * @stop is readable. A descriptor of -1 never is.
 * Returns 0, WAIT_OVER, WAIT_STOPPED or -errno. Thread-safe.
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
 * Reads @len bytes that somebody else sends, until wait_clock() shows @end, or with 0 for
 * as long as it takes.
 * Returns 0, WAIT_OVER, -ECONNRESET (the other end was closed before) or -errno.
 * Thread-safe.
 */
int wait_read(int fd, int64_t end, void *bytes, size_t len)
{
	char *rest = bytes;
	size_t n;

	while (len > 0) {
		int r = end ? wait_until(fd, -1, end) : 0;

		if (r == 0)
			r = fd_read(fd, rest, len, &n);
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

struct queue {
	int fd;
	int out; /* for a byte when the lock is there */
};

/* The process that queues. It keeps nothing open but the lock and the pipe: a copy of
 * what other threads close would keep that alive for as long as it waits. */
static int queue(void *context)
{
	const struct queue *queue = context;
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(queue->fd, F_OFD_SETLKW, &whole))
		return errno;
	/* Another thread's child may have a copy of the pipe: its end alone tells little.
	 */
	return write(queue->out, "", 1) == 1 ? 0 : errno;
}

/*
 * Waits for the write lock on the whole of @fd, by its open file description, and takes
 * it.
 *
 * Returns 0, WAIT_OVER or WAIT_STOPPED (it may have been taken in the last moment), or
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
			queue, &(struct queue){ fd, ends[1] });
	fd_close(ends[1]);
	if (r)
		return r;
	r = wait_until(in, stop, end);
	status = child_end(&child);
	if (r == 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		r = WEXITSTATUS(status) == CHILD_NOT_RUN ? -EIO : -WEXITSTATUS(status);
	return r;
}
