/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lock: the locks of all programs that write account databases.
 */
#ifndef SUBID_LOCK_H
#define SUBID_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"

/* As for lckpwdf(3). */
#define LOCK_SECONDS 15

enum {
	LOCK_BUSY = 1, /* another process kept it for LOCK_SECONDS, see `holder` */
	LOCK_STOPPED,  /* `stop` ended the wait */
};

struct lock {
	int directory;	  /* not owned: the directory of the databases */
	bool prefix;	  /* shadow's programs take no .pwd.lock there */
	bool image;	  /* another system: a lock of a running process is in use */
	int stop;	  /* not owned: ends a wait when readable; or -1 */
	int passwd;	  /* .pwd.lock */
	pid_t owner;	  /* the process that took it; not a child with a copy */
	bool held[2];	  /* DATABASE.lock of kind_uid, kind_gid */
	bool clean[2];	  /* there was no DATABASE.PID of any process */
	pid_t holder;	  /* LOCK_BUSY: the process id if known, or 0 */
	const char *busy; /* LOCK_BUSY and errors: the file it is about */
};

#define LOCK_NONE                                         \
	{                                                 \
		.directory = -1, .stop = -1, .passwd = -1 \
	}

int lock_take(struct lock *lock, int directory, bool prefix, int stop);
int lock_take_database(struct lock *lock, const struct kind *kind);
bool lock_is_ours(const struct lock *lock);
void lock_release_databases(struct lock *lock);
void lock_release(struct lock *lock);

/* Called with the name of a file that a dead process left in the directory. */
typedef void (*lock_take_fn)(const char *name, bool is_lock, void *context);

void lock_each_left_over(int directory, const struct kind *kind, bool image,
			 lock_take_fn take, void *context);

#endif
