/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allot-parts: what the sources of allot share.
 */
#ifndef SUBID_ALLOT_PARTS_H
#define SUBID_ALLOT_PARTS_H

#include "libsubid/allot.h"
#include "libsubid/used.h"

static const struct kind *const allot_kinds[] = { &kind_uid, &kind_gid };

/* One allotment under way. */
struct allot_work {
	struct db *db;
	struct allot *allot;
	struct db_grant *grant;
	struct used used[2];
};

static inline void allot_work_cleanup(struct allot_work *work)
{
	used_cleanup(&work->used[0]);
	used_cleanup(&work->used[1]);
}

static inline bool allot_is_placed(const struct allotment *item, size_t k)
{
	return item->ranges[k].end > 0;
}

static inline bool allot_is_missing(const struct allotment *item, size_t k)
{
	return item->needed[k] && !allot_is_placed(item, k);
}

static inline uint64_t allot_count_of(const struct allot_work *work,
				      const struct allotment *item, size_t k)
{
	return item->count ? item->count : work->allot->settings.requests[k].count;
}

static inline int allot_full(struct allot_work *work, size_t k, size_t index)
{
	work->allot->full = allot_kinds[k];
	work->allot->full_for = index;
	work->db->failed = allot_kinds[k];
	return DB_FULL;
}

int allot_place_free(struct allot_work *work);
void allot_place_fixed(struct allot_work *work);
int allot_place_deterministically(struct allot_work *work);
int allot_ask_elsewhere(struct allot_work *work, bool *ret_any);
int allot_append(struct allot_work *work);

#endif
