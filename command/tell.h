/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tell: messages about failures, and their exit status.
 */
#ifndef SUBID_TELL_H
#define SUBID_TELL_H

#include <stdbool.h>

#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"

int tell_db_error(const char *program, const struct db *db, const char *folder,
		  bool writing, int r);
int tell_conflicts(const char *program, const struct allocate *allocate,
		   const char *folder);

#endif
