// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-ask: asks the name service about all placed ranges at once.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate-parts.h"

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/*
 * Collects the ranges placed in database @k that were not asked about. Ranges that touch
 * are not joined: a range with a hit is not asked about any further.
 */
static int fill_unasked(const struct allocate_work *work, size_t k, struct range_set *set)
{
	const struct allocate *allocate = work->allocate;

	set->ranges = reallocarray(NULL, allocate->n + 1, sizeof(*set->ranges));
	if (!set->ranges)
		return -ENOMEM;
	for (size_t i = 0; i < allocate->n; i++)
		if (allocate_is_placed(&allocate->items[i], k) &&
		    !allocate->items[i].asked)
			set->ranges[set->n++] = allocate->items[i].ranges[k];
	qsort(set->ranges, set->n, sizeof(*set->ranges), compare_ranges);
	return 0;
}

/* Clears the ranges in which the name service has an id; both of a pair. */
static void forget_used(struct allocate_work *work,
			const struct range_set in_use[static 2], bool *ret_any)
{
	for (size_t i = 0; i < work->allocate->n; i++) {
		struct allocate_item *item = &work->allocate->items[i];

		item->asked = true;
		for (size_t k = 0; k < 2; k++)
			if (allocate_is_placed(item, k) &&
			    range_set_overlaps(&in_use[k], item->ranges[k]))
				item->asked = false;
		if (item->asked)
			continue;
		*ret_any = true;
		item->ranges[0] = item->ranges[1] = (struct range){ 0 };
	}
}

/*
 * Asks the name service about all placed ranges at once. Ids that it has count as in use
 * from then on; *ret_any becomes true if a range must be placed again.
 * Returns 0 or -errno.
 */
int allocate_ask_service(struct allocate_work *work, bool *ret_any)
{
	struct range_set in_use[2] = { RANGE_SET(LIMIT_FILE_RANGES),
				       RANGE_SET(LIMIT_FILE_RANGES) };
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		CLEANUP(range_set_cleanup)
		struct range_set wanted = RANGE_SET(LIMIT_FILE_RANGES);
		CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };
		CLEANUP(allocated_ids_cleanup) struct allocated_ids hits = { 0 };

		r = fill_unasked(work, k, &wanted);
		work->db->in_use.waited = work->waited[k];
		if (r == 0)
			r = ids_in_use_ask(&work->db->in_use, allocate_kinds[k], &wanted,
					   &found);
		work->waited[k] = work->db->in_use.waited;
		if (r == 0)
			r = allocated_ids_put_accounts(&hits, &found);
		if (r == 0)
			r = allocated_ids_put_accounts(&work->used[k], &found);
		if (r == 0)
			r = range_set_fill(&in_use[k], hits.ranges, hits.n);
		work->allocate->unsure |= work->db->in_use.silent;
		if (r)
			work->db->failed = allocate_kinds[k];
	}
	if (r == 0)
		forget_used(work, in_use, ret_any);
	range_set_clear(&in_use[0]);
	range_set_clear(&in_use[1]);
	return r;
}
