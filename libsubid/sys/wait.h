/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wait: waits with a time limit.
 */
#ifndef SUBID_WAIT_H
#define SUBID_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	WAIT_OVER = 1, /* the time has run out */
	WAIT_STOPPED,  /* `stop` became readable */
};

int64_t wait_clock(void);
int wait_until(int fd, int stop, int64_t end);
int wait_read(int fd, const pid_t *sender, int64_t end, void *bytes, size_t len);
int wait_send(int fd, int64_t end, const void *bytes, size_t len);
int wait_for_lock(int fd, int stop, int64_t end);

#endif
