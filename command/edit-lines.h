/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit-lines: what a command would change, or has changed.
 */
#ifndef SUBID_EDIT_LINES_H
#define SUBID_EDIT_LINES_H

#include "libsubid/store/db.h"

void edit_lines_appended(const struct table *table, const char *directory,
			 const struct kind *kind, size_t from);
int edit_lines_changed(const struct db *db, const char *directory, bool renames);

#endif
