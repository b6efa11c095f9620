/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy-files: the files of subid.d(5), of this system or of an image.
 *
 * No map writer links it: the policy is about who is given ids, not about their use.
 */
#ifndef SUBID_POLICY_FILES_H
#define SUBID_POLICY_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/policy.h"

struct policy_file {
	char *path; /* without the image */
	char *text;
	size_t len;
};

/* What keeps a file or a directory from being read. */
struct policy_fault {
	char *path;
	int fault; /* an enum dbfile_fault */
	int error; /* its errno */
};

struct policy_files {
	struct policy policy; /* the file of a place is an index of files */
	struct policy_file *files;
	size_t n, allocated;
	struct policy_fault *faults;
	size_t n_faults, allocated_faults;
};

int policy_files_read(int etc, const char *root, struct policy_files *ret_files);
void policy_files_cleanup(struct policy_files *files);

/* Returns whether a file cannot be read or has an error: then no rule may be used. */
static inline bool policy_files_are_wrong(const struct policy_files *files)
{
	return files->n_faults > 0 || files->policy.n_errors > 0;
}

#endif
