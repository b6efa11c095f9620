// SPDX-License-Identifier: BSD-3-Clause
/*
 * interrupt: SIGINT, SIGTERM, SIGHUP and SIGQUIT, blocked as long as locks are held and
 * seen through a descriptor: so a wait ends at once, and in between nothing does.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "command/interrupt.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* Those that would end the program now: who started it may have them ignored (nohup) or
 * blocked, and a signal that is blocked waits even if it is to be ignored. */
static void choose(const sigset_t *blocked, sigset_t *ret_chosen)
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
 * Holds the signals off. For a program with one thread.
 * Returns 0 or -errno: then they are not.
 */
int interrupt_hold(struct interrupt *interrupt)
{
	sigset_t chosen;
	int r;

	if (sigprocmask(SIG_SETMASK, NULL, &interrupt->old))
		return -errno;
	choose(&interrupt->old, &chosen);
	if (sigprocmask(SIG_BLOCK, &chosen, NULL))
		return -errno;
	interrupt->fd = signalfd(-1, &chosen, SFD_CLOEXEC | SFD_NONBLOCK);
	if (interrupt->fd >= 0)
		return 0;
	r = -errno;
	sigprocmask(SIG_SETMASK, &interrupt->old, NULL);
	return r;
}

/* Tells whether a signal waits. */
bool interrupt_came(const struct interrupt *interrupt)
{
	return interrupt->fd >= 0 && wait_until(-1, interrupt->fd, 0) == WAIT_STOPPED;
}

/* Lets the signals through: if one has come, the program ends by it. Takes
 * INTERRUPT_NONE. */
void interrupt_let_go(struct interrupt *interrupt)
{
	if (interrupt->fd < 0)
		return;
	interrupt->fd = fd_close(interrupt->fd);
	sigprocmask(SIG_SETMASK, &interrupt->old, NULL);
}
