/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit-report: messages about failures, and their exit status.
 */
#ifndef SUBID_EDIT_REPORT_H
#define SUBID_EDIT_REPORT_H

#include <stdbool.h>

#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"

int edit_report_db_error(const char *program, const struct db *db, const char *directory,
			 bool writing, int r);
int edit_report_conflicts(const char *program, const struct allocate *allocate,
			  const char *directory);

#endif
