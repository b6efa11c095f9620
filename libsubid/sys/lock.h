/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lock: the locks that all programs take that write account databases.
 */
#ifndef SUBID_LOCK_H
#define SUBID_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"

/* As long as lckpwdf(3) waits. */
#define LOCK_SECONDS 15

enum {
	LOCK_BUSY = 1, /* somebody else kept it for LOCK_SECONDS: see lock_holder */
	LOCK_STOPPED,  /* the wait was ended by `stop` */
};

struct lock {
	int folder;    /* not owned: where the databases are */
	bool prefix;   /* programs of shadow's take no .pwd.lock there */
	bool image;    /* of another system: a process that exists has its lock */
	int stop;      /* not owned: ends a wait when it is readable; -1: nothing does */
	int passwd;    /* .pwd.lock */
	pid_t owner;   /* whose it is: not a child's that has a copy of the descriptor */
	bool held[2];  /* DATABASE.lock of kind_uid, kind_gid */
	bool clean[2]; /* looked: there was no DATABASE.PID, of whatever process */
	pid_t holder;  /* LOCK_BUSY: who, where it is known, or 0 */
	const char *busy; /* LOCK_BUSY and errors: the file that it is about */
};

#define LOCK_NONE                                      \
	{                                              \
		.folder = -1, .stop = -1, .passwd = -1 \
	}

int lock_take(struct lock *lock, int folder, bool prefix, int stop);
int lock_take_database(struct lock *lock, const struct kind *kind);
bool lock_is_ours(const struct lock *lock);
void lock_release_databases(struct lock *lock);
void lock_release(struct lock *lock);

/* Takes a name in the folder that a process left which is gone. */
typedef void (*lock_tell_fn)(const char *name, bool is_lock, void *context);

void lock_each_left_over(int folder, const struct kind *kind, bool image,
			 lock_tell_fn tell, void *context);

#endif
