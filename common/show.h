/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * show: what a command would change, or has changed.
 */
#ifndef SUBID_SHOW_H
#define SUBID_SHOW_H

#include "libsubid/db.h"

int show_changes(const struct db *db, const char *folder);

#endif
