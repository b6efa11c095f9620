/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * root-only: whether only root can change a file whose code other programs run.
 */
#ifndef SUBID_ROOT_ONLY_H
#define SUBID_ROOT_ONLY_H

#include <sys/stat.h>

enum root_only_fault {
	ROOT_ONLY_FOREIGN = 1, /* it is not root's */
	ROOT_ONLY_WRITABLE,    /* its group or all users can write it */
};

int root_only_check(const struct stat *status);

#endif
