/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exit-status: exit statuses of programs that change the databases; where usermod(8) has
 * one, it is the same.
 */
#ifndef SUBID_EXIT_STATUS_H
#define SUBID_EXIT_STATUS_H

#include "libsubid/core/kind.h"

enum {
	EXIT_DONE = 0,
	EXIT_NOT_PERMITTED = 1, /* and: the account databases are locked */
	EXIT_USAGE = 2,		/* and: a database does not exist */
	EXIT_RANGE = 3,
	EXIT_NO_USER = 6,
	EXIT_BUSY = 8,
	EXIT_SUBUID = 16,
	EXIT_SUBGID = 18,
	EXIT_POLICY = 20,
};

/* The status of a failure with the database of @kind; NULL: with all of them. */
static inline int status_of_kind(const struct kind *kind)
{
	if (!kind)
		return EXIT_NOT_PERMITTED;
	return kind->group ? EXIT_SUBGID : EXIT_SUBUID;
}

#endif
