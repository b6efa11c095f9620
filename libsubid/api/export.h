/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * export: marks exported functions. The build hides all others.
 */
#ifndef SUBID_EXPORT_H
#define SUBID_EXPORT_H

#include <pthread.h>

#include "libsubid/core/cleanup.h"

#define EXPORT __attribute__((visibility("default")))

/*
 * A cancelled thread finishes its call of the library first.
 *
 * pthread_cancel(3) can end a thread in nearly every system call. Its locks would not be
 * released: all account databases of the host would stay locked as long as the program
 * runs.
 */

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

/* Must be the first declaration of a function, so that its cleanup runs last. */
#define HOLD_CANCEL \
	CLEANUP(cancel_let_go) __attribute__((unused)) int cancel_state = cancel_hold()

#endif
