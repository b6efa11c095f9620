/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list-free: shared by the files that show free ids.
 */
#ifndef SUBID_LIST_FREE_H
#define SUBID_LIST_FREE_H

#include "libsubid/store/capacity.h"
#include "libsubid/sys/settings.h"
#include "subid/show/list.h"

/* By kind->group: what is not free. */
struct free_ids {
	struct list *list;
	struct settings settings;
	bool is_read[2];
	struct table tables[2];
	struct allocated_ids used[2];
	struct range_set absent[2]; /* not mapped in this user namespace */
	struct allocated_ids pools; /* for users of a rule */
	bool by_uid; /* some ids follow from uids: then it matters who has lines */
	struct capacity_list *capacity;
};

bool list_has_places(const struct free_ids *ids);
int list_measure(const struct free_ids *ids);

#endif
