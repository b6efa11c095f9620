/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usermod-ext: what its parts share.
 */
#ifndef SUBID_USERMOD_EXT_H
#define SUBID_USERMOD_EXT_H

#define PROGRAM "usermod-ext"

/* Exit statuses, those of usermod(8) where it has them. */
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

#endif
