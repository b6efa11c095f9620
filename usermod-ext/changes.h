/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * changes: -v, -V, -w and -W.
 */
#ifndef SUBID_USERMOD_CHANGES_H
#define SUBID_USERMOD_CHANGES_H

#include <stddef.h>

#include "libsubid/db.h"
#include "usermod-ext/allocate.h"
#include "usermod-ext/options.h"

#define CHANGES_TEXT_BYTES 512

int changes_apply(const struct options *options, struct db *db, struct db_grant *grant);
void changes_text(const struct options *options, const struct allotment *allotted,
		  char *text, size_t size);

#endif
