/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * helper: the program subid-ask, which runs foreign code for the other programs: it asks
 * the name service and plugins.
 *
 * They may never answer, crash or print: then there is no answer, and the program goes
 * on. The caller sets the time for one answer and for all of them. A library must not use
 * it: its host may not have children that it does not know.
 */
#ifndef SUBID_HELPER_H
#define SUBID_HELPER_H

#include <stdint.h>

#include "libsubid/sys/child.h"

/* For each answer, if the program cannot go on without it: to give or take ids, or about
 * one user. It is also the time to wait for a lock. */
#define HELPER_SECONDS_PATIENT 15
/* For all answers together, if the program can go on without them. */
#define HELPER_SECONDS_LOOK 2
/* For each answer to a map writer. */
#define HELPER_SECONDS_MAP 60

/* Why the helper cannot be used. */
enum helper_fault {
	HELPER_MISSING = 1, /* there is no such regular file */
	HELPER_FOREIGN,	    /* the file, or a directory above it, is not root's */
	HELPER_WRITABLE,    /* other users can write one of them */
	HELPER_READABLE,    /* its mode is not 0711 */
	HELPER_TRACEABLE, /* fs.suid_dumpable lets its caller trace it, or is not known */
	HELPER_VERSION,	  /* it is of another version of these programs */
	HELPER_BROKEN,	  /* it does not start */
};

struct helper {
	/*
	 * Opens the program for execveat(2): helper_open() or helper_open_beside().
	 * Returns 0, an enum helper_fault or -errno.
	 */
	int (*open)(int *ret_fd);
	struct child child;
	int fd;	      /* a socket to it; -1: it has not been started */
	int64_t each; /* milliseconds for one answer */
	int64_t left; /* milliseconds left for all answers */
	int failed;   /* -errno: no answer came, and nothing is asked any more */
	int fault;    /* with -ENOPKG: an enum helper_fault */
};

/* A time limit for each answer, or for all of them. */
#define HELPER_PATIENT                                                     \
	{                                                                  \
		.open = helper_open_beside, .fd = -1,                      \
		.each = HELPER_SECONDS_PATIENT * 1000LL, .left = INT64_MAX \
	}
/* That time for all answers together. */
#define HELPER_PATIENT_IN_ALL                                            \
	{                                                                \
		.open = helper_open_beside, .fd = -1, .each = INT64_MAX, \
		.left = HELPER_SECONDS_PATIENT * 1000LL                  \
	}
#define HELPER_LOOK                                                      \
	{                                                                \
		.open = helper_open_beside, .fd = -1, .each = INT64_MAX, \
		.left = HELPER_SECONDS_LOOK * 1000LL                     \
	}
#define HELPER_OF_MAP_WRITER                                                        \
	{                                                                           \
		.open = helper_open, .fd = -1, .each = HELPER_SECONDS_MAP * 1000LL, \
		.left = INT64_MAX                                                   \
	}

int helper_open(int *ret_fd);
int helper_open_installed(int *ret_fd);
int helper_open_other(const char *name, int *ret_fd);
int helper_open_beside(int *ret_fd);
int helper_start(struct helper *helper, int64_t end);
int helper_execute(int program, int to, pid_t parent);
void helper_end(struct helper *helper);

#endif
