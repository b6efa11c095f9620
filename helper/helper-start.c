// SPDX-License-Identifier: BSD-3-Clause
/*
 * helper-start: starts and ends the helper.
 *
 * A socket, and not two pipes, connects it: another process could open a pipe through
 * /proc, but no socket. And the kernel names the sender of what is received.
 *
 * MUST: only the helper is believed, and no process that has got its socket.
 * MUST: a helper of another version is not asked.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

static int start_child(struct helper *helper, struct errand *errand)
{
	const int kept[] = { errand->program, errand->to };

	return child_start(&helper->child,
			   &(struct child_options){
				   .kept = kept, .n_kept = 2, .default_signals = true },
			   become_helper, errand);
}

/*
 * Receives what the helper sends, until the time @end of wait_clock(). Returns 0,
 * -ETIMEDOUT, -ECONNRESET (the helper has ended), -EBADMSG (another process has sent it)
 * or -errno.
 */
int helper_receive(const struct helper *helper, int64_t end, void *bytes, size_t len)
{
	int r = wait_read(helper->fd, &helper->child.pid, end, bytes, len);

	return r == WAIT_OVER ? -ETIMEDOUT : r;
}

/* The helper and its libraries have room within this limit. */
#define ENOUGH_MEMORY (256 * 1024 * 1024)

static bool has_little_memory(void)
{
	struct rlimit all, data;

	return (getrlimit(RLIMIT_AS, &all) == 0 && all.rlim_cur < ENOUGH_MEMORY) ||
	       (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur < ENOUGH_MEMORY);
}

static int helper_fault(struct helper *helper, int fault)
{
	helper->fault = fault;
	return -ENOPKG;
}

/* The kernel and the loader end a program that lacks memory before it can say so. One
 * that is killed has crashed, as at any other time. */
static int explain_end(struct helper *helper)
{
	if (has_little_memory())
		return -ENOMEM;
	return WIFEXITED(child_end(&helper->child)) ?
		       helper_fault(helper, HELPER_BROKEN) :
		       -ECONNRESET;
}

/* A lack of something is an error of its own. */
static int explain_error(struct helper *helper, int error)
{
	if (error == ENOMEM || error == EMFILE || error == ENFILE || error == EAGAIN)
		return -error;
	return helper_fault(helper, HELPER_BROKEN);
}

static int read_greeting(struct helper *helper, int64_t end)
{
	struct helper_greeting greeting;
	int r = helper_receive(helper, end, &greeting, sizeof(greeting));

	if (r)
		return r == -ECONNRESET ? explain_end(helper) : r;
	if (greeting.magic != HELPER_PROTOCOL_MAGIC ||
	    greeting.version != HELPER_PROTOCOL_VERSION)
		return helper_fault(helper, HELPER_VERSION);
	if (greeting.error < 0 || greeting.error > HELPER_ERRNO_MAX)
		return -EBADMSG;
	return greeting.error ? explain_error(helper, greeting.error) : 0;
}

/* Makes the socket. All that comes from its other end has the sender with it. */
static int connect_helper(struct helper *helper, int *ret_to)
{
	const int on = 1;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	helper->fd = ends[0];
	*ret_to = ends[1];
	return setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ? -errno : 0;
}

/* Starts the helper and receives its greeting until @end. Returns 0 or -errno. */
int helper_start(struct helper *helper, int64_t end)
{
	CLEANUP(fd_cleanup) int program = -1;
	CLEANUP(fd_cleanup) int to = -1;
	int r = helper->open(&program);

	if (r > 0)
		return helper_fault(helper, r);
	if (r || (r = connect_helper(helper, &to)))
		return r;
	/* Above those that the helper has. */
	if ((r = fd_move_up(&program, HELPER_SOCKET + 1)) == 0 &&
	    (r = fd_move_up(&to, HELPER_SOCKET + 1)) == 0)
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
