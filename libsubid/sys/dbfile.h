/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dbfile: opens a database for reading and checks its owner and mode.
 */
#ifndef SUBID_DBFILE_H
#define SUBID_DBFILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "libsubid/core/table.h"

enum dbfile_fault {
	DBFILE_CLOSED = 1,  /* it could not be opened, see `error` */
	DBFILE_NOT_REGULAR, /* a directory, a fifo, a device */
	DBFILE_HUGE,	    /* more than LIMIT_FILE_BYTES */
	DBFILE_WRITABLE,    /* any user may write it */
	DBFILE_UNREADABLE,  /* reading failed */
	DBFILE_FOREIGN,	    /* neither root's nor the overflow uid's */
	DBFILE_UNKNOWN,	    /* the owner is unknown, see `error` */
};

struct dbfile {
	int fd;	   /* -1: not open */
	int error; /* 0, or the errno of the fault */
	int fault; /* 0, or an enum dbfile_fault */
	struct stat status;
};

#define DBFILE_UNOPENED  \
	{                \
		.fd = -1 \
	}

void dbfile_open(const char *path, struct dbfile *ret_file);
void dbfile_open_at(int directory, const char *name, struct dbfile *ret_file);
int dbfile_vet(struct dbfile *file);
void dbfile_cleanup(struct dbfile *file);

/*
 * Reads a database from a file into a table.
 */

int load_table(int fd, off_t size, struct table *ret_table);

#endif
