/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * atomicfile: replaces a database atomically.
 */
#ifndef SUBID_ATOMICFILE_H
#define SUBID_ATOMICFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "libsubid/core/kind.h"

/* The temporary names beside a database. */
#define ATOMICFILE_NAMES      3
#define ATOMICFILE_NAME_BYTES 64

struct atomicfile {
	const struct kind *kind;
	int directory; /* not owned */
	bool exists;   /* there is an old file */
	int old;       /* its descriptor */
	struct stat status;
	bool temporary; /* the new file has its temporary name */
	bool undo;	/* the old file has a second name */
	bool renamed;	/* the new file has replaced the old one */
	/* The file that an error is about; "": the database. */
	char failed[ATOMICFILE_NAME_BYTES];
};

#define ATOMICFILE_NONE                    \
	{                                  \
		.directory = -1, .old = -1 \
	}

void atomicfile_name(const struct kind *kind, size_t which,
		     char name[static ATOMICFILE_NAME_BYTES]);
int atomicfile_open(struct atomicfile *file, int directory, const struct kind *kind,
		    bool locked);
int atomicfile_create(int directory, const char *name);
int atomicfile_finish(int directory, const char *name, const char *path, int fd, int r);
int atomicfile_prepare(struct atomicfile *file, const char *text, size_t len,
		       const char *old);
int atomicfile_check(const struct atomicfile *file);
int atomicfile_keep_old(struct atomicfile *file);
int atomicfile_rename(struct atomicfile *file);
int atomicfile_put_back(struct atomicfile *file);
void atomicfile_forget_old(struct atomicfile *file);
int atomicfile_sync(const struct atomicfile *file);
void atomicfile_cleanup(struct atomicfile *file);

#endif
