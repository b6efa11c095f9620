/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dbfile: a database opened for reading, and whether it may be believed.
 */
#ifndef SUBID_DBFILE_H
#define SUBID_DBFILE_H

#include <stdbool.h>
#include <sys/stat.h>

enum dbfile_fault {
	DBFILE_CLOSED = 1,  /* it could not be opened; `error` says why */
	DBFILE_NOT_REGULAR, /* a folder, a fifo, a device */
	DBFILE_HUGE,	    /* more than LIMIT_FILE_BYTES */
	DBFILE_WRITABLE,    /* anybody may write it */
	DBFILE_UNREADABLE,  /* reading failed on the way */
	DBFILE_FOREIGN,	    /* neither root's nor the overflow uid's */
	DBFILE_UNKNOWN,	    /* whose it is cannot be found out; `error` says why */
};

struct dbfile {
	int fd;	   /* -1: not open */
	int error; /* 0, or the errno that stands for the fault */
	int fault; /* 0, or an enum dbfile_fault */
	struct stat status;
};

#define DBFILE_UNOPENED  \
	{                \
		.fd = -1 \
	}

void dbfile_open(const char *path, struct dbfile *ret_file);
void dbfile_open_at(int folder, const char *name, struct dbfile *ret_file);
int dbfile_vet(struct dbfile *file);
void dbfile_cleanup(struct dbfile *file);

#endif
