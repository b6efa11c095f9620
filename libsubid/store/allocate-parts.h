/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allocate-parts: what the allocate*.c files share.
 */
#ifndef SUBID_ALLOCATE_PARTS_H
#define SUBID_ALLOCATE_PARTS_H

#include "libsubid/store/allocate.h"
#include "libsubid/store/allocated-ids.h"
#include "libsubid/store/policy.h"

static const struct kind *const allocate_kinds[] = { &kind_uid, &kind_gid };

/* The state of an allocation. */
struct allocate_work {
	struct db *db;
	struct allocate *allocate;
	struct allocated_ids used[2];
	struct allocated_ids missing[2]; /* to be appended; the holdings are the lines */
	int64_t waited[2];	    /* for the name service; each kind has its own time */
	struct range_set absent[2]; /* ids that are not mapped in this user namespace */
	bool existing_only;	    /* place ranges only where all ids are mapped */
};

static inline void allocate_work_cleanup(struct allocate_work *work)
{
	for (size_t k = 0; k < 2; k++) {
		allocated_ids_cleanup(&work->used[k]);
		allocated_ids_cleanup(&work->missing[k]);
		range_set_clear(&work->absent[k]);
	}
}

static inline bool allocate_is_placed(const struct allocate_item *item, size_t k)
{
	return item->ranges[k].end > 0;
}

static inline bool allocate_is_missing(const struct allocate_item *item, size_t k)
{
	return item->needed[k] && !allocate_is_placed(item, k);
}

static inline uint64_t allocate_count_of(const struct allocate_work *work,
					 const struct allocate_item *item, size_t k)
{
	return item->count ? item->count : work->allocate->settings.requests[k].count;
}

int allocate_find_absent(struct allocate_work *work);
int allocate_place_free(struct allocate_work *work);
int allocate_place_deterministically(struct allocate_work *work);
int allocate_ask_service(struct allocate_work *work, bool *ret_any);
int allocate_append(struct allocate_work *work);

#endif
