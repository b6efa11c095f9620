// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-listen: hears what a process says that is not to be trusted to end.
 *
 * MUST: nothing that it does makes this wait for ever: it may stand still, leave its end
 * of the pipe to another process, read from the pipe itself, or write without end.
 */
#include <errno.h>
#include <fcntl.h>

#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"
#include "subid/doctor/doctor.h"

/* How often it is looked whether the process has ended, while its pipe is open. */
#define TICK 50 /* milliseconds */

/* More than a thousand times what there is to say. */
#define BYTES_MAX (4 << 20)

static int64_t next_look(bool ended, int64_t end)
{
	int64_t next = wait_clock() + TICK;

	return ended ? 0 : next < end ? next : end;
}

/*
 * Passes on what comes through a pipe until the process has ended and nothing is left in
 * it, whoever else has the other end. The process is not waited for.
 *
 * in: where the pipe is read; it is made non-blocking.
 * stop: as in wait_until().
 * end: as wait_clock() shows it.
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
		/* Before the pipe is looked at: what it said last is in there then. */
		bool ended = child_has_ended(child);
		int r = wait_until(in, stop, next_look(ended, end));

		if (r == WAIT_OVER && ended)
			return 0;
		if (r == WAIT_OVER)
			continue;
		if (r == 0)
			r = fd_read(in, text, sizeof(text), &n);
		/* Somebody else has read it. */
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
