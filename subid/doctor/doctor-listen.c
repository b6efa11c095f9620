// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-listen: reads the output of an untrusted process.
 *
 * MUST: the process cannot make this wait forever: it may hang, pass its end of the pipe
 * to another process, read from the pipe itself, or write without end.
 */
#include <errno.h>
#include <fcntl.h>

#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"
#include "subid/doctor/doctor.h"

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
