/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ratelimit: how many lines of one user reach the system log.
 */
#ifndef SUBID_RATELIMIT_H
#define SUBID_RATELIMIT_H

/* Lines of a user in a row, and the seconds until one more is allowed. */
#define RATELIMIT_LINES	  30
#define RATELIMIT_SECONDS 10

enum {
	RATELIMIT_LAST = 1, /* the next one comes too early */
	RATELIMIT_OVER,	    /* this one does */
};

int ratelimit_take(void);

#endif
