// SPDX-License-Identifier: BSD-3-Clause
/*
 * allot: reads each database once, places all ranges in memory, asks the policy once, and
 * appends.
 *
 * The same range in both databases where that is possible; else one of each. Where the
 * name service turns out to have an id of a range, that range is placed again elsewhere.
 *
 * MUST: nothing is appended that the policy was not asked about, however it was placed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/allot.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/used.h"

/* No database has more lines. */
#define RANGES_MAX ((size_t)LIMIT_FILE_BYTES)

static const struct kind *const all_kinds[] = { &kind_uid, &kind_gid };

/* One allotment under way. */
struct work {
	struct db *db;
	struct allot *allot;
	struct db_grant *grant;
	struct used used[2];
};

static void work_cleanup(struct work *work)
{
	used_cleanup(&work->used[0]);
	used_cleanup(&work->used[1]);
}

static bool is_placed(const struct allotment *item, size_t k)
{
	return item->ranges[k].end > 0;
}

static bool is_missing(const struct allotment *item, size_t k)
{
	return item->needed[k] && !is_placed(item, k);
}

static uint64_t count_of(const struct work *work, const struct allotment *item, size_t k)
{
	return item->count ? item->count : work->allot->settings.requests[k].count;
}

static int full(struct work *work, size_t k, size_t index)
{
	work->allot->full = all_kinds[k];
	work->allot->full_for = index;
	work->db->failed = all_kinds[k];
	return DB_FULL;
}

/* Those who are somebody else by another name, or nobody, get nothing. */
static bool takes_part(const struct allot *allot, size_t index)
{
	return index >= allot->people->n ||
	       allot->people->items[index].status == PERSON_KNOWN;
}

/* Reads the databases, and decides who needs what. */
static int start(struct work *work)
{
	struct allot *allot = work->allot;

	for (size_t i = 0; i < allot->n; i++) {
		struct allotment *item = &allot->items[i];

		for (size_t k = 0; k < 2; k++) {
			item->needed[k] =
				allot->kinds[k] && takes_part(allot, i) &&
				(allot->fixed.end > 0 || count_of(work, item, k) > 0);
			item->ranges[k] = (struct range){ 0 };
		}
		item->asked = false;
	}
	for (size_t k = 0; k < 2; k++) {
		struct used *used = &work->used[k];
		int r = !allot->kinds[k] ? 0 :
					   used_read(used, work->db, all_kinds[k],
						     allot->settings.requests[k].bounds,
						     allot->people);

		if (r) {
			work->db->failed = all_kinds[k];
			return r;
		}
		for (size_t i = 0; allot->if_missing && i < used->n_holdings; i++)
			allot->items[used->holdings[i].person].needed[k] = false;
	}
	return 0;
}

/* Adds what has been placed in the databases of @kinds. */
static int put_placed(const struct work *work, const bool kinds[static 2],
		      struct used *used)
{
	for (size_t i = 0; i < work->allot->n; i++)
		for (size_t k = 0; k < 2; k++) {
			int r = kinds[k] && is_placed(&work->allot->items[i], k) ?
					used_put(used, work->allot->items[i].ranges[k]) :
					0;

			if (r)
				return r;
		}
	return 0;
}

/* The ids that are in use in any of the databases of @kinds by now, as a set. */
static int fill_set(const struct work *work, const bool kinds[static 2],
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

static int make_space(const struct work *work, const bool kinds[static 2],
		      const struct alloc_request *request, struct alloc_space *ret_space)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(RANGES_MAX);
	uint64_t top;
	int r = fill_set(work, kinds, &set, &top);

	return r ? r :
		   alloc_space_init(ret_space, request, &set,
				    work->allot->above ? top : 0);
}

static bool wants_pair(const struct work *work, const struct allotment *item)
{
	return is_missing(item, 0) && is_missing(item, 1) &&
	       count_of(work, item, 0) == count_of(work, item, 1);
}

/* The same range in both databases, for whom there is one. */
static int place_pairs(struct work *work)
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
			r = alloc_space_take(&space, count_of(work, item, 0), &range);
		if (r == 0)
			item->ranges[0] = item->ranges[1] = range;
		else if (r == ALLOC_NONE)
			r = 0;
	}
	return r;
}

/* A range in one database, for whom it is still missing. */
static int place_singles(struct work *work, size_t k)
{
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	const bool kinds[] = { k == 0, k == 1 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < work->allot->n; i++) {
		struct allotment *item = &work->allot->items[i];

		if (!is_missing(item, k))
			continue;
		if (!space.gaps)
			r = make_space(work, kinds, &work->allot->settings.requests[k],
				       &space);
		if (r == 0)
			r = alloc_space_take(&space, count_of(work, item, k),
					     &item->ranges[k]);
		if (r == ALLOC_NONE)
			r = full(work, k, i);
	}
	return r;
}

/* Whether @range may be placed in database @k: within the bounds, and nobody has it. */
static bool fits(const struct work *work, size_t k, const struct range_set *set,
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
static int place_mirrors(struct work *work, size_t k)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(RANGES_MAX);
	const struct used *other = &work->used[!k];
	const bool kinds[] = { k == 0, k == 1 };
	uint64_t top;
	int r = 0;

	for (size_t i = 0; r == 0 && i < other->n_holdings; i++) {
		struct allotment *item = &work->allot->items[other->holdings[i].person];
		struct range range = other->holdings[i].range;

		if (!is_missing(item, k) || item->needed[!k] ||
		    range_count(range) != count_of(work, item, k))
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

static int place_free(struct work *work)
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

/* The ids of what was placed in database @k and not asked about. */
static int fill_unasked(const struct work *work, size_t k, struct range_set *set)
{
	CLEANUP(used_cleanup) struct used fresh = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < work->allot->n; i++)
		if (is_placed(&work->allot->items[i], k) && !work->allot->items[i].asked)
			r = used_put(&fresh, work->allot->items[i].ranges[k]);
	return r ? r : range_set_fill(set, fresh.ranges, fresh.n);
}

/* Forgets the ranges in which the name service has an id; both of a pair. */
static void forget_taken(struct work *work, const struct range_set taken[static 2],
			 bool *ret_any)
{
	for (size_t i = 0; i < work->allot->n; i++) {
		struct allotment *item = &work->allot->items[i];

		item->asked = true;
		for (size_t k = 0; k < 2; k++)
			if (is_placed(item, k) &&
			    range_set_overlaps(&taken[k], item->ranges[k]))
				item->asked = false;
		if (item->asked)
			continue;
		*ret_any = true;
		item->ranges[0] = item->ranges[1] = (struct range){ 0 };
	}
}

/*
 * Asks the name service about what has been placed, all at once. What it has is in use
 * from then on; *ret_any tells whether something is to be placed again.
 */
static int ask_elsewhere(struct work *work, bool *ret_any)
{
	struct range_set taken[2] = { RANGE_SET(RANGES_MAX), RANGE_SET(RANGES_MAX) };
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		CLEANUP(range_set_cleanup)
		struct range_set wanted = RANGE_SET(RANGES_MAX);
		CLEANUP(taken_cleanup) struct taken found = { 0 };
		CLEANUP(used_cleanup) struct used hits = { 0 };

		r = fill_unasked(work, k, &wanted);
		if (r == 0)
			r = db_ask_service(work->db, all_kinds[k], &wanted, &found);
		if (r == 0)
			r = used_put_accounts(&hits, &found);
		if (r == 0)
			r = used_put_accounts(&work->used[k], &found);
		if (r == 0)
			r = range_set_fill(&taken[k], hits.ranges, hits.n);
		work->grant->unsure |= found.timed_out;
		if (r)
			work->db->failed = all_kinds[k];
	}
	if (r == 0)
		forget_taken(work, taken, ret_any);
	range_set_clear(&taken[0]);
	range_set_clear(&taken[1]);
	return r;
}

/* Places all ranges that are needed where nobody has them. */
static int find_free(struct work *work)
{
	bool again;
	int r;

	do {
		again = false;
		r = place_free(work);
		if (r == 0)
			r = ask_elsewhere(work, &again);
	} while (r == 0 && again);
	return r;
}

/* The range that was asked for; whether somebody has it is the policy's question. */
static void place_fixed(struct work *work)
{
	for (size_t i = 0; i < work->allot->n; i++)
		for (size_t k = 0; k < 2; k++)
			if (is_missing(&work->allot->items[i], k))
				work->allot->items[i].ranges[k] = work->allot->fixed;
}

/* Each range where the uid has its place. */
static int place_deterministically(struct work *work)
{
	const struct settings *settings = &work->allot->settings;

	for (size_t i = 0; i < work->allot->n; i++) {
		struct allotment *item = &work->allot->items[i];

		for (size_t k = 0; k < 2; k++)
			if (is_missing(item, k) &&
			    alloc_deterministic(&settings->requests[k],
						work->allot->people->items[i].uid,
						settings->uid_min, &item->ranges[k]))
				return full(work, k, i);
	}
	return 0;
}

static int compare_holdings(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;

	return (x->person > y->person) - (x->person < y->person);
}

/* What a range has that its owner does not hold; *at goes through the sorted holdings. */
static int subtract_held(const struct used *used, size_t person, size_t *at,
			 struct range_set *missing)
{
	int r = 0;

	while (*at < used->n_holdings && used->holdings[*at].person < person)
		++*at;
	for (; r == 0 && *at < used->n_holdings && used->holdings[*at].person == person;
	     ++*at)
		r = range_set_subtract(missing, used->holdings[*at].range);
	return r;
}

static int append(struct work *work, size_t k, size_t person, struct range range)
{
	const struct person *who = &work->allot->people->items[person];
	const char *name = people_name(work->allot->people, person);
	char number[NUM_BYTES];

	if (who->uid != PERSON_NO_UID &&
	    (work->grant->by_id || owner_is_number(name, who->name_len)))
		return table_append(&work->db->sides[k].table, number,
				    num_format(who->uid, number), range);
	return table_append(&work->db->sides[k].table, name, who->name_len, range);
}

/*
 * Walks through what is new in database @k, in the order of the people: what they hold
 * already is left out. With @wanted it is collected there, without it is appended.
 */
static int each_missing(struct work *work, size_t k, struct used *wanted)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < work->allot->n; i++) {
		CLEANUP(range_set_cleanup)
		struct range_set missing = RANGE_SET(RANGES_MAX);

		if (!is_placed(&work->allot->items[i], k))
			continue;
		r = range_set_add(&missing, work->allot->items[i].ranges[k]);
		if (r == 0)
			r = subtract_held(&work->used[k], i, &at, &missing);
		for (size_t j = 0; r == 0 && j < missing.n; j++)
			r = wanted ? used_put(wanted, missing.ranges[j]) :
				     append(work, k, i, missing.ranges[j]);
	}
	return r;
}

static int check(struct work *work, size_t k)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(RANGES_MAX);
	CLEANUP(used_cleanup) struct used wanted = { 0 };
	int r;

	if (work->used[k].n_holdings > 0)
		qsort(work->used[k].holdings, work->used[k].n_holdings,
		      sizeof(struct holding), compare_holdings);
	r = each_missing(work, k, &wanted);
	if (r == 0)
		r = range_set_fill(&set, wanted.ranges, wanted.n);
	return r || set.n == 0 ? r : db_check(work->db, all_kinds[k], &set, work->grant);
}

/* Everything is checked before anything is appended. */
static int check_and_append(struct work *work)
{
	int conflict = 0, r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		r = check(work, k);
		if (r == DB_CONFLICT) {
			conflict = r;
			r = 0;
		}
	}
	if (r || conflict)
		return r ? r : conflict;
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = each_missing(work, k, NULL);
	return r;
}

/*
 * Gives each of the people what they need, in memory.
 *
 * allot: `items` says how many ids, and then which. grant: by_id, policy; conflicts and
 * unsure are added to; its owner may be NULL.
 * Returns 0, DB_FULL, DB_CONFLICT or -errno; the databases change only with 0 (but for
 * -ENOMEM and -EFBIG, after which nothing is to be committed).
 */
int allot_ranges(struct db *db, struct allot *allot, struct db_grant *grant)
{
	CLEANUP(work_cleanup) struct work work = { db, allot, grant, { { 0 }, { 0 } } };
	int r;

	r = start(&work);
	if (r)
		return r;
	if (allot->fixed.end > 0)
		place_fixed(&work);
	else if (allot->settings.deterministic)
		r = place_deterministically(&work);
	else
		r = find_free(&work);
	if (r)
		return r;
	grant->each_line = true;
	grant->asked = allot->fixed.end == 0 && !allot->settings.deterministic;
	r = check_and_append(&work);
	grant->each_line = grant->asked = false;
	return r;
}

/*
 * Finds the lowest range that nobody has, neither in a database nor as an account.
 *
 * uid, gid: in which databases it must be free; with both, the same range in each.
 * Returns 0, DB_FULL or -errno.
 */
int db_find_free(struct db *db, bool uid, bool gid, const struct alloc_request *request,
		 struct range *ret_range)
{
	const struct people nobody = { 0 };
	struct db_grant grant = { 0 };
	struct allotment item = { 0 };
	struct allot allot = {
		.people = &nobody,
		.items = &item,
		.n = 1,
		.settings = { .requests = { *request, *request } },
		.kinds = { uid, gid },
	};
	CLEANUP(work_cleanup)
	struct work work = { db, &allot, &grant, { { 0 }, { 0 } } };
	int r = start(&work);

	if (r == 0)
		r = find_free(&work);
	if (r)
		return r;
	if (uid && gid && item.ranges[0].start != item.ranges[1].start)
		return full(&work, 0, 0);
	*ret_range = item.ranges[uid ? 0 : 1];
	return 0;
}
