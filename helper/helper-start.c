// SPDX-License-Identifier: BSD-3-Clause
/*
 * helper-start: starts and ends the helper.
 *
 * A socket, and not two pipes, connects it: another process could open a pipe through
 * /proc, but no socket.
 *
 * MUST: a helper of another version is not asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/helper-protocol.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

struct errand {
	int program;
	int to;
	pid_t parent;
};

/* Runs in the child. The greeting says why there is no helper. */
static int become_helper(void *context)
{
	const struct errand *errand = context;
	struct helper_greeting greeting = { HELPER_PROTOCOL_MAGIC,
					    HELPER_PROTOCOL_VERSION, 0 };

	greeting.error = -helper_execute(errand->program, errand->to, errand->parent);
	return fd_write_all(errand->to, &greeting, sizeof(greeting)) ? EXIT_FAILURE :
								       EXIT_SUCCESS;
}

/* Moves a descriptor above those that the helper has. */
static int move_up(int *fd)
{
	int up = fcntl(*fd, F_DUPFD_CLOEXEC, HELPER_SOCKET + 1);

	if (up < 0)
		return -errno;
	fd_close(*fd);
	*fd = up;
	return 0;
}

static int start_child(struct helper *helper, struct errand *errand)
{
	const int kept[] = { errand->program, errand->to };

	return child_start(&helper->child,
			   &(struct child_options){
				   .kept = kept, .n_kept = 2, .default_signals = true },
			   become_helper, errand);
}

static int read_greeting(struct helper *helper, int64_t end)
{
	struct helper_greeting greeting;
	int r = wait_read(helper->fd, end, &greeting, sizeof(greeting));

	if (r)
		return r == WAIT_OVER ? -ETIMEDOUT : r;
	if (greeting.magic != HELPER_PROTOCOL_MAGIC ||
	    greeting.version != HELPER_PROTOCOL_VERSION) {
		helper->fault = HELPER_VERSION;
		return -ENOPKG;
	}
	if (greeting.error < 0 || greeting.error > HELPER_ERRNO_MAX)
		return -EBADMSG;
	return -greeting.error;
}

/* Starts the helper and receives its greeting until @end. Returns 0 or -errno. */
int helper_start(struct helper *helper, int64_t end)
{
	CLEANUP(fd_cleanup) int program = -1;
	CLEANUP(fd_cleanup) int to = -1;
	int ends[2], r = helper->open(&program);

	if (r > 0) {
		helper->fault = r;
		return -ENOPKG;
	}
	if (r == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		r = -errno;
	if (r)
		return r;
	helper->fd = ends[0];
	to = ends[1];
	if ((r = move_up(&program)) == 0 && (r = move_up(&to)) == 0)
		r = start_child(helper, &(struct errand){ program, to, getpid() });
	fd_cleanup(&to);
	return r ? r : read_greeting(helper, end);
}

/* Ends the helper; also one that never started or that has ended. */
void helper_end(struct helper *helper)
{
	if (helper->fd < 0)
		return;
	child_end(&helper->child);
	helper->fd = fd_close(helper->fd);
}
