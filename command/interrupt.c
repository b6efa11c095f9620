// SPDX-License-Identifier: BSD-3-Clause
/*
 * interrupt: blocks SIGINT, SIGTERM, SIGHUP and SIGQUIT while locks are held. A
 * descriptor reports them, so that only a wait ends at once.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "command/interrupt.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* The signals that would end the program. Its parent may have ignored (nohup) or blocked
 * some, and a blocked signal stays pending even if it is ignored. */
static void choose_signals(const sigset_t *blocked, sigset_t *ret_chosen)
{
	struct sigaction action;

	sigemptyset(ret_chosen);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!sigismember(blocked, numbers[i]) &&
		    sigaction(numbers[i], NULL, &action) == 0 &&
		    action.sa_handler == SIG_DFL)
			sigaddset(ret_chosen, numbers[i]);
}

/*
 * Blocks the signals. For a program with one thread. Returns 0, or -errno: they are not.
 */
int interrupt_hold(struct interrupt *interrupt)
{
	sigset_t chosen;
	int r;

	if (sigprocmask(SIG_SETMASK, NULL, &interrupt->old))
		return -errno;
	choose_signals(&interrupt->old, &chosen);
	if (sigprocmask(SIG_BLOCK, &chosen, NULL))
		return -errno;
	interrupt->fd = signalfd(-1, &chosen, SFD_CLOEXEC | SFD_NONBLOCK);
	if (interrupt->fd >= 0)
		return 0;
	r = -errno;
	sigprocmask(SIG_SETMASK, &interrupt->old, NULL);
	return r;
}

/* Whether a signal is pending. */
bool interrupt_came(const struct interrupt *interrupt)
{
	return interrupt->fd >= 0 && wait_until(-1, interrupt->fd, 0) == WAIT_STOPPED;
}

/* Unblocks the signals: a pending one ends the program. Takes INTERRUPT_NONE. */
void interrupt_let_go(struct interrupt *interrupt)
{
	if (interrupt->fd < 0)
		return;
	interrupt->fd = fd_close(interrupt->fd);
	sigprocmask(SIG_SETMASK, &interrupt->old, NULL);
}
