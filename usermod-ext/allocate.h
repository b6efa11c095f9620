/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allocate: -S.
 */
#ifndef SUBID_USERMOD_ALLOCATE_H
#define SUBID_USERMOD_ALLOCATE_H

#include "libsubid/allot.h"

int allocate(struct db *db, struct db_grant *grant, const struct settings *settings,
	     struct allotment *ret_allotted);

#endif
