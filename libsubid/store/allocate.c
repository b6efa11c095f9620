// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate: reads each database once, places all ranges in memory (allocate-place.c),
 * asks the name service and the policy once, and appends (allocate-append.c).
 *
 * A range in which the name service has an id is placed again elsewhere.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"

/*
 * Reads the lines of database @k. On most hosts both databases have the same text, since
 * ranges are allocated in pairs: then the result is copied, because comparing the texts
 * costs a fiftieth of parsing one.
 */
static int read_side_lines(struct allocate_work *work, size_t k)
{
	const struct allocate *allocate = work->allocate;
	const struct range bounds = allocate_span(work, k);
	const struct table *tables[] = { &work->db->sides[0].table,
					 &work->db->sides[1].table };

	if (k == 1 && allocate->kinds[0] &&
	    range_equals(allocate_span(work, 0), bounds) &&
	    table_equals(tables[0], tables[1]))
		return allocated_ids_copy_lines(&work->used[1], &work->used[0]);
	if (allocate->fixed)
		return allocated_ids_read_holdings(&work->used[k], tables[k],
						   allocate->people);
	return allocated_ids_read_lines(&work->used[k], tables[k], bounds,
					allocate->people);
}

static int read_accounts(struct allocate_work *work, size_t k)
{
	CLEANUP(range_set_cleanup) struct range_set bounds = RANGE_SET(LIMIT_FILE_RANGES);
	int r = allocate_bounds(work, k, &bounds);

	if (r == 0)
		r = allocate_find_tops(work, k);
	if (r == 0)
		r = allocated_ids_put_reserved(&work->used[k], allocate_span(work, k));
	if (r == 0)
		r = allocate_put_policy(work, k);
	return r ? r :
		   allocated_ids_read_accounts(&work->used[k], work->db, kind_all[k],
					       &bounds);
}

/*
 * Reads the lines of both databases and then the accounts. Fixed ranges need only the
 * holdings of the owner here.
 */
static int read_used(struct allocate_work *work)
{
	const struct allocate *allocate = work->allocate;
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (allocate->kinds[k])
			r = db_fail(work->db, kind_all[k], read_side_lines(work, k));
	for (size_t k = 0; r == 0 && !allocate->fixed && k < 2; k++)
		if (allocate->kinds[k])
			r = db_fail(work->db, kind_all[k], read_accounts(work, k));
	return r;
}

static int compare_by_owner(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;

	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return range_compare(&x->range, &y->range);
}

/* Counts the ids that each owner has of kind @k; lines may overlap. */
static int count_held(struct allocate_work *work, size_t k)
{
	const struct allocated_ids *used = &work->used[k];
	size_t n = used->n_holdings;
	CLEANUP(cleanup_free) struct holding *held = calloc(n + 1, sizeof(*held));
	uint64_t end = 0;

	if (!held)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		held[i] = used->holdings[i];
	qsort(held, n, sizeof(*held), compare_by_owner);
	for (size_t i = 0; i < n; i++) {
		struct range range = held[i].range;

		if (i > 0 && held[i - 1].person != held[i].person)
			end = 0;
		if (range.end <= end)
			continue;
		work->allocate->items[held[i].person].held[k] +=
			range.end - (range.start > end ? range.start : end);
		end = range.end;
	}
	return 0;
}

static int count_all_held(struct allocate_work *work)
{
	struct allocate *allocate = work->allocate;
	int r = 0;

	for (size_t i = 0; i < allocate->n; i++)
		allocate->items[i].held[0] = allocate->items[i].held[1] = 0;
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (allocate->kinds[k] &&
		    (allocate->if_missing || allocate->if_missing_in_pools ||
		     allocate->at_least))
			r = count_held(work, k);
	return r;
}

/* Decides which ranges are needed; skips duplicates and unknown users. */
static void find_needs(struct allocate_work *work)
{
	struct allocate *allocate = work->allocate;

	for (size_t i = 0; i < allocate->n; i++) {
		struct allocate_item *item = &allocate->items[i];
		bool is_known = allocate->people->items[i].status == OWNER_SET_KNOWN;

		for (size_t k = 0; k < 2; k++) {
			bool any = allocate->together ||
				   allocate_count_of(work, item, k) > 0;

			item->needed[k] = allocate->kinds[k] && is_known && any &&
					  !(allocate_is_if_missing(allocate, item) &&
					    item->held[k] > 0);
			item->ranges[k] = (struct range){ 0 };
		}
		item->asked = false;
	}
}

/* With if_missing an owner that holds a range of a kind gets no fixed range of it. */
static void forget_fixed(struct allocate_work *work)
{
	for (size_t k = 0; work->allocate->if_missing && k < 2; k++)
		for (size_t i = 0; work->used[k].n_holdings > 0 && i < work->allocate->n;
		     i++)
			work->allocate->items[i].ranges[k] = (struct range){ 0 };
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
	qsort(set->ranges, set->n, sizeof(*set->ranges), range_compare);
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
static int ask_about_placed(struct allocate_work *work, bool *ret_any)
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
			r = ids_in_use_ask(&work->db->in_use, kind_all[k], &wanted,
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
			work->db->failed = kind_all[k];
	}
	if (r == 0)
		forget_used(work, in_use, ret_any);
	range_set_clear(&in_use[0]);
	range_set_clear(&in_use[1]);
	return r;
}

/* Places all needed ranges, again until the name service has none of their ids. */
static int find_free(struct allocate_work *work)
{
	bool again;
	int r;

	do {
		again = false;
		r = allocate_place_free(work);
		if (r == 0)
			r = ask_about_placed(work, &again);
	} while (r == 0 && again);
	return r;
}

/* Stores the span of the new ranges that have ids not mapped here. */
static void note_absent(const struct allocate_work *work)
{
	struct allocate *allocate = work->allocate;

	for (size_t i = 0; i < allocate->n; i++)
		for (size_t k = 0; k < 2; k++) {
			struct range range = allocate->items[i].ranges[k];

			if (range_set_overlaps(&work->absent[k], range))
				allocate->absent = range_span(allocate->absent, range);
		}
}

static int place(struct allocate_work *work)
{
	bool placed = false;
	int r;

	if (work->allocate->fixed) {
		forget_fixed(work);
		return 0;
	}
	r = count_all_held(work);
	if (r)
		return r;
	find_needs(work);
	r = allocate_find_absent(work);
	if (r == 0)
		r = allocate_measure(work);
	if (r == 0)
		r = allocate_place_by_policy(work);
	if (r == 0 && work->allocate->settings.deterministic)
		r = allocate_place_deterministically(work);
	if (r == 0 && (work->policy || !work->allocate->settings.deterministic))
		r = find_free(work), placed = true;
	if (r == 0 || r == DB_FULL)
		allocate_count_missing(work, placed);
	if (r == 0)
		note_absent(work);
	return r;
}

static int find_pools(struct allocate_work *work)
{
	struct allocate *allocate = work->allocate;
	/* Nothing to give: a command that only removes ids works without a policy. */
	int r = allocate->n > 0 ? allocate_read_policy(work) : 0;

	if (r == 0 && !allocate->fixed && !allocate->has_pools)
		r = allocate_assign(work);
	return r;
}

/*
 * Reads the policy, which allocate_ranges() does otherwise. Returns 0, DB_POLICY or
 * -errno.
 */
int allocate_read_site(struct db *db, struct allocate *allocate)
{
	CLEANUP(allocate_work_cleanup)
	struct allocate_work work = { .db = db, .allocate = allocate };

	return allocate_read_policy(&work);
}

/*
 * Finds the pools of all users, which allocate_ranges() does otherwise. Returns 0,
 * DB_POLICY or -errno.
 */
int allocate_find_pools(struct db *db, struct allocate *allocate)
{
	CLEANUP(allocate_work_cleanup)
	struct allocate_work work = { .db = db, .allocate = allocate };
	int r = find_pools(&work);

	allocate->has_pools = r == 0;
	return r;
}

static int try_ranges(struct db *db, struct allocate *allocate)
{
	CLEANUP(allocate_work_cleanup)
	struct allocate_work work = { .db = db, .allocate = allocate };
	int r = find_pools(&work);

	if (r == 0)
		r = allocate_give_back(&work);
	if (r == 0)
		r = read_used(&work);
	if (r == 0)
		r = place(&work);
	return r ? r : allocate_append(&work);
}

/* Returns whether each item has an owner. */
static bool has_owners(const struct allocate *allocate)
{
	if (!allocate->fixed)
		return allocate->people->n == allocate->n;
	for (size_t i = 0; i < allocate->n; i++)
		if (allocate->items[i].person >= allocate->people->n)
			return false;
	return true;
}

/*
 * Allocates the missing ranges of all users, in memory.
 *
 * allocate: the caller sets the counts of `items`, or with `fixed` the ranges. Results
 * are the rest of `items`, full, unsure and conflicts, which are appended. Returns 0,
 * DB_FULL, DB_CONFLICT, DB_POLICY or -errno; the databases change only with 0. Free with
 * allocate_cleanup(). It belongs to one thread.
 */
int allocate_ranges(struct db *db, struct allocate *allocate)
{
	if (!has_owners(allocate))
		return -EINVAL;
	return allocate_beside_retired(db, allocate, try_ranges);
}

/* As allocate_ranges(), for the items of one owner. */
int allocate_for_owner(struct db *db, struct allocate *allocate,
		       const struct owner *owner)
{
	CLEANUP(owner_set_cleanup) struct owner_set people = { 0 };
	int r = owner_set_add_owner(&people, owner);

	if (r)
		return r;
	allocate->people = &people;
	r = allocate_ranges(db, allocate);
	allocate->people = NULL;
	return r;
}

/* Frees the policy and the conflicts. */
void allocate_cleanup(struct allocate *allocate)
{
	overlap_list_cleanup(&allocate->conflicts);
	policy_files_cleanup(&allocate->site);
	allocate->has_site = false;
}
