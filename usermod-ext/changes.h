/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * changes: -v, -V, -w, -W and -S.
 */
#ifndef SUBID_USERMOD_CHANGES_H
#define SUBID_USERMOD_CHANGES_H

#include <stddef.h>

#include "command/edit.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"
#include "usermod-ext/options.h"

#define CHANGES_TEXT_BYTES 512

int changes_find_names(const struct options *options, struct edit *edit,
		       struct owner *owner, struct owner_set *ret_people);
int changes_confirm_names(const struct options *options, struct edit *edit,
			  struct owner *owner);
int changes_apply(const struct options *options, struct db *db, struct owner *owner,
		  struct allocate *allocate, struct allocate_item *ret_allocated);
void changes_text(const struct options *options, const struct allocate_item *allocated,
		  char *text, size_t size);

/*
 * What its parts share.
 */

#define PROGRAM "usermod-ext"

#endif
