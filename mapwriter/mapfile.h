/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mapfile: the files of /proc/PID about its user namespace, see user_namespaces(7).
 */
#ifndef SUBID_MAPFILE_H
#define SUBID_MAPFILE_H

#include <stddef.h>

#include "libsubid/core/kind.h"

enum mapfile_step {
	MAPFILE_OPEN = 1, /* the map could not be opened */
	MAPFILE_WRITE,	  /* the kernel refused it */
};

int mapfile_write(const struct kind *kind, int process, const char *text, size_t len,
		  int *ret_error);

int setgroups_deny(int process);

#endif
