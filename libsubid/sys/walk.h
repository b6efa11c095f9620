/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * walk: walks through a directory and everything below it.
 */
#ifndef SUBID_WALK_H
#define SUBID_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A file, or an error. */
struct walk_entry {
	const char *path; /* of any length */
	/* Of the file itself, also of a symbolic link; NULL: see @error. */
	const struct stat *status;
	/* For a directory that was already taken: why the walk below it is incomplete. */
	int error;
};

/* Takes an entry. Any result but 0 ends the walk. */
typedef int (*walk_fn)(void *context, const struct walk_entry *entry);

struct walk_options {
	bool follow_first; /* if the first path is a symbolic link */
	bool one_file_system;
	size_t depth; /* levels of directories to read; 0: all */
};

int walk_below(const char *path, const struct walk_options *options, walk_fn take,
	       void *context);

#endif
