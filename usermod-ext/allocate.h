/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allocate: -S.
 */
#ifndef SUBID_USERMOD_ALLOCATE_H
#define SUBID_USERMOD_ALLOCATE_H

#include "libsubid/db.h"

/* What was allocated: of kind_uid, kind_gid; empty where there was no need. */
struct allocated {
	struct range ranges[2];
};

enum {
	ALLOCATE_SETTINGS = 32, /* login.defs makes no sense, which is told already */
};

int allocate(struct db *db, struct db_grant *grant, int etc, const char *folder,
	     struct allocated *ret_allocated);

#endif
