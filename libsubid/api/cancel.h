/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cancel: a thread that is cancelled in a call of the library finishes that call first.
 *
 * Nearly every system call is a place where pthread_cancel(3) ends a thread, and nothing
 * would give its locks back then: all account databases of the host would stay locked for
 * as long as the program runs.
 */
#ifndef SUBID_CANCEL_H
#define SUBID_CANCEL_H

#include <pthread.h>

#include "libsubid/core/cleanup.h"

static inline int cancel_hold(void)
{
	int before = PTHREAD_CANCEL_ENABLE;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static inline void cancel_let_go(int *before)
{
	pthread_setcancelstate(*before, NULL);
}

/* Stands first in a function, so that it ends last. */
#define HOLD_CANCEL \
	CLEANUP(cancel_let_go) __attribute__((unused)) int cancel_state = cancel_hold()

#endif
