/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clock: how long things take.
 */
#ifndef SUBID_CLOCK_H
#define SUBID_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that only runs forward. */
static inline int64_t clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

#endif
