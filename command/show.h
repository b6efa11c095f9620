/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * show: what a command would change, or has changed.
 */
#ifndef SUBID_SHOW_H
#define SUBID_SHOW_H

#include "libsubid/store/db.h"

void show_appended(const struct table *table, const char *folder, const struct kind *kind,
		   size_t from);
int show_changes(const struct db *db, const char *folder, bool renames);

#endif
