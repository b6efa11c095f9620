// SPDX-License-Identifier: BSD-3-Clause
/*
 * allot-place: which ranges are free, and who gets which.
 *
 * The same range in both databases where that is possible; else one of each.
 */
#include "libsubid/allot-parts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"

/* Adds what has been placed in the databases of @kinds. */
static int put_placed(const struct allot_work *work, const bool kinds[static 2],
		      struct used *used)
{
	for (size_t i = 0; i < work->allot->n; i++)
		for (size_t k = 0; k < 2; k++) {
			int r = kinds[k] && allot_is_placed(&work->allot->items[i], k) ?
					used_put(used, work->allot->items[i].ranges[k]) :
					0;

			if (r)
				return r;
		}
	return 0;
}

/* The ids that are in use in any of the databases of @kinds by now, as a set. */
static int fill_set(const struct allot_work *work, const bool kinds[static 2],
		    struct range_set *set, uint64_t *ret_top)
{
	CLEANUP(used_cleanup) struct used all = { 0 };
	int r = put_placed(work, kinds, &all);

	for (size_t k = 0; r == 0 && k < 2; k++) {
		const struct used *used = &work->used[k];

		for (size_t i = 0; kinds[k] && r == 0 && i < used->n; i++)
			r = used_put(&all, used->ranges[i]);
		if (kinds[k] && used->top > all.top)
			all.top = used->top;
	}
	*ret_top = all.top;
	return r ? r : range_set_fill(set, all.ranges, all.n);
}

static int make_space(const struct allot_work *work, const bool kinds[static 2],
		      const struct alloc_request *request, struct alloc_space *ret_space)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_FILE_RANGES);
	uint64_t top;
	int r = fill_set(work, kinds, &set, &top);

	return r ? r :
		   alloc_space_init(ret_space, request, &set,
				    work->allot->above ? top : 0);
}

static bool wants_pair(const struct allot_work *work, const struct allotment *item)
{
	return allot_is_missing(item, 0) && allot_is_missing(item, 1) &&
	       allot_count_of(work, item, 0) == allot_count_of(work, item, 1);
}

/* The same range in both databases, for whom there is one. */
static int place_pairs(struct allot_work *work)
{
	static const bool both[] = { true, true };
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	const struct alloc_request *requests = work->allot->settings.requests;
	struct alloc_request request = requests[0];
	int r = 0;

	if (!range_intersect(request.bounds, requests[1].bounds, &request.bounds))
		return 0;
	for (size_t i = 0; r == 0 && i < work->allot->n; i++) {
		struct allotment *item = &work->allot->items[i];
		struct range range;

		if (!wants_pair(work, item))
			continue;
		if (!space.gaps)
			r = make_space(work, both, &request, &space);
		if (r == 0)
			r = alloc_space_take(&space, allot_count_of(work, item, 0),
					     &range);
		if (r == 0)
			item->ranges[0] = item->ranges[1] = range;
		else if (r == ALLOC_NONE)
			r = 0;
	}
	return r;
}

/* A range in one database, for whom it is still missing. */
static int place_singles(struct allot_work *work, size_t k)
{
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	const bool kinds[] = { k == 0, k == 1 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < work->allot->n; i++) {
		struct allotment *item = &work->allot->items[i];

		if (!allot_is_missing(item, k))
			continue;
		if (!space.gaps)
			r = make_space(work, kinds, &work->allot->settings.requests[k],
				       &space);
		if (r == 0)
			r = alloc_space_take(&space, allot_count_of(work, item, k),
					     &item->ranges[k]);
		if (r == ALLOC_NONE)
			r = allot_full(work, k, i);
	}
	return r;
}

/* Whether @range may be placed in database @k: within the bounds, and nobody has it. */
static bool fits(const struct allot_work *work, size_t k, const struct range_set *set,
		 struct range range)
{
	struct range bounds = work->allot->settings.requests[k].bounds;

	return bounds.start <= range.start && range.end <= bounds.end &&
	       range.end <= ID_NONE && !range_set_overlaps(set, range);
}

/*
 * Who holds a range of the other kind only gets the same one of this kind, if nobody has
 * it and it is as large as what is wanted.
 */
static int place_mirrors(struct allot_work *work, size_t k)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_FILE_RANGES);
	const struct used *other = &work->used[!k];
	const bool kinds[] = { k == 0, k == 1 };
	uint64_t top;
	int r = 0;

	for (size_t i = 0; r == 0 && i < other->n_holdings; i++) {
		struct allotment *item = &work->allot->items[other->holdings[i].person];
		struct range range = other->holdings[i].range;

		if (!allot_is_missing(item, k) || item->needed[!k] ||
		    range_count(range) != allot_count_of(work, item, k))
			continue;
		if (set.n == 0)
			r = fill_set(work, kinds, &set, &top);
		if (r == 0 && fits(work, k, &set, range)) {
			item->ranges[k] = range;
			r = range_set_add(&set, range);
		}
	}
	return r;
}

/*
 * Places every range that is missing where nobody has it. Returns 0, DB_FULL or -ENOMEM.
 */
int allot_place_free(struct allot_work *work)
{
	int r = 0;

	for (size_t k = 0; r == 0 && work->allot->mirror && k < 2; k++)
		r = place_mirrors(work, k);
	if (r == 0)
		r = place_pairs(work);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = place_singles(work, k);
	return r;
}

/* Places the range that was asked for; whether somebody has it is the policy's question.
 */
void allot_place_fixed(struct allot_work *work)
{
	for (size_t i = 0; i < work->allot->n; i++)
		for (size_t k = 0; k < 2; k++)
			if (allot_is_missing(&work->allot->items[i], k))
				work->allot->items[i].ranges[k] = work->allot->fixed;
}

/* Places each range where the uid has its place. Returns 0 or DB_FULL. */
int allot_place_deterministically(struct allot_work *work)
{
	const struct settings *settings = &work->allot->settings;

	for (size_t i = 0; i < work->allot->n; i++) {
		struct allotment *item = &work->allot->items[i];

		for (size_t k = 0; k < 2; k++)
			if (allot_is_missing(item, k) &&
			    alloc_deterministic(&settings->requests[k],
						work->allot->people->items[i].uid,
						settings->uid_min, &item->ranges[k]))
				return allot_full(work, k, i);
	}
	return 0;
}
