/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idmap-layout: makes mappings: ranges one after the other, ids with a place of their
 * own, and extents that the kernel accepts in a nested user namespace.
 */
#ifndef SUBID_IDMAP_LAYOUT_H
#define SUBID_IDMAP_LAYOUT_H

#include <stddef.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/range.h"

enum {
	IDMAP_LAYOUT_FULL = 1, /* more than LIMIT_EXTENTS, or inner ids than there are */
	IDMAP_LAYOUT_ABSENT,   /* an outer id does not exist in the user namespace */
};

int idmap_lay_out(const struct range *ranges, size_t n, const struct idmap *fixed,
		  struct idmap *ret_map);
int idmap_split(const struct idmap *map, const struct idmap *parent,
		struct idmap *ret_map, struct range *ret_absent);
int idmap_within(const struct idmap *map, const struct idmap *middle,
		 struct idmap *ret_map, struct range *ret_absent);

#endif
