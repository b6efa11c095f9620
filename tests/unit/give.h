/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * give: one range for one owner, as usermod-ext -v gives it.
 */
#ifndef SUBID_TESTS_GIVE_H
#define SUBID_TESTS_GIVE_H

#include "libsubid/store/allocate.h"

static inline int give(struct db *db, struct allocate *allocate,
		       const struct owner *owner, const struct kind *kind,
		       struct range range)
{
	struct allocate_item item = { 0 };

	item.ranges[kind->group] = range;
	allocate->items = &item;
	allocate->n = 1;
	allocate->fixed = true;
	allocate->kinds[0] = !kind->group;
	allocate->kinds[1] = kind->group;
	return allocate_for_owner(db, allocate, owner);
}

#endif
