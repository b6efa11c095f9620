/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * walk: a directory and everything below it.
 */
#ifndef SUBID_WALK_H
#define SUBID_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A file, or why one could not be looked at. */
struct walk_entry {
	const char *path; /* of any length */
	/* Of the file itself, also where that is a symbolic link; NULL: @error. */
	const struct stat *status;
	/* For a directory that was already passed: why not everything below it is. */
	int error;
};

/* Takes an entry. What is not 0 ends the walk. */
typedef int (*walk_fn)(void *context, const struct walk_entry *entry);

struct walk_options {
	bool follow_first; /* a symbolic link that the walk begins with */
	bool one_file_system;
	size_t depth; /* levels of directories that are read; 0: all */
};

int walk_below(const char *path, const struct walk_options *options, walk_fn take,
	       void *context);

#endif
