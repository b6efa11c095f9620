// SPDX-License-Identifier: BSD-3-Clause
/*
 * allot: reads each database once, places all ranges in memory (allot-place.c), asks the
 * name service (allot-ask.c) and the policy once, and appends (allot-append.c).
 *
 * Where the name service turns out to have an id of a range, that range is placed again
 * elsewhere.
 */
#include <string.h>

#include "libsubid/allot-parts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/db-parts.h"

/* Those who are somebody else by another name, or nobody, get nothing. */
static bool takes_part(const struct allot *allot, size_t index)
{
	return index >= allot->people->n ||
	       allot->people->items[index].status == PERSON_KNOWN;
}

static bool have_same_text(const struct table *a, const struct table *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

/*
 * Reads the lines of database @k. On most hosts both databases have the same text, since
 * ranges are given in pairs: then the same question to it has the same answer, and
 * comparing costs a fiftieth of reading.
 */
static int read_lines(struct allot_work *work, size_t k)
{
	const struct allot *allot = work->allot;
	const struct alloc_request *requests = allot->settings.requests;
	const struct table *tables[] = { &work->db->sides[0].table,
					 &work->db->sides[1].table };

	if (k == 1 && allot->kinds[0] &&
	    requests[0].bounds.start == requests[1].bounds.start &&
	    requests[0].bounds.end == requests[1].bounds.end &&
	    have_same_text(tables[0], tables[1]))
		return used_copy_lines(&work->used[1], &work->used[0]);
	return used_read_lines(&work->used[k], tables[k], requests[k].bounds,
			       allot->people);
}

/* The lines of both databases come first, and then accounts, which are another file for
 * each. */
static int read_used(struct allot_work *work)
{
	const struct allot *allot = work->allot;
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (allot->kinds[k])
			r = db_fail(work->db, allot_kinds[k], read_lines(work, k));
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (allot->kinds[k])
			r = db_fail(work->db, allot_kinds[k],
				    used_read_accounts(
					    &work->used[k], work->db, allot_kinds[k],
					    allot->settings.requests[k].bounds));
	return r;
}

/* Reads the databases, and decides who needs what. */
static int start(struct allot_work *work)
{
	struct allot *allot = work->allot;
	int r;

	for (size_t i = 0; i < allot->n; i++) {
		struct allotment *item = &allot->items[i];

		for (size_t k = 0; k < 2; k++) {
			item->needed[k] = allot->kinds[k] && takes_part(allot, i) &&
					  (allot->fixed.end > 0 ||
					   allot_count_of(work, item, k) > 0);
			item->ranges[k] = (struct range){ 0 };
		}
		item->asked = false;
	}
	r = read_used(work);
	if (r)
		return r;
	for (size_t k = 0; k < 2; k++) {
		const struct used *used = &work->used[k];

		for (size_t i = 0; allot->if_missing && i < used->n_holdings; i++)
			allot->items[used->holdings[i].person].needed[k] = false;
	}
	return 0;
}

/* Places all ranges that are needed where nobody has them. */
static int find_free(struct allot_work *work)
{
	bool again;
	int r;

	do {
		again = false;
		r = allot_place_free(work);
		if (r == 0)
			r = allot_ask_elsewhere(work, &again);
	} while (r == 0 && again);
	return r;
}

/*
 * Gives each of the people what they need, in memory.
 *
 * allot: `items` says how many ids, and then which. grant: by_id, policy; conflicts and
 * unsure are added to; its owner may be NULL.
 * Returns 0, DB_FULL, DB_CONFLICT or -errno; the databases change only with 0.
 */
int allot_ranges(struct db *db, struct allot *allot, struct db_grant *grant)
{
	CLEANUP(allot_work_cleanup)
	struct allot_work work = { db, allot, grant, { { 0 }, { 0 } } };
	int r;

	r = start(&work);
	if (r)
		return r;
	if (allot->fixed.end > 0)
		allot_place_fixed(&work);
	else if (allot->settings.deterministic)
		r = allot_place_deterministically(&work);
	else
		r = find_free(&work);
	if (r)
		return r;
	grant->each_line = true;
	grant->asked = allot->fixed.end == 0 && !allot->settings.deterministic;
	r = allot_append(&work);
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
	CLEANUP(allot_work_cleanup)
	struct allot_work work = { db, &allot, &grant, { { 0 }, { 0 } } };
	int r = start(&work);

	if (r == 0)
		r = find_free(&work);
	if (r)
		return r;
	if (uid && gid && item.ranges[0].start != item.ranges[1].start)
		return allot_full(&work, 0, 0);
	*ret_range = item.ranges[uid ? 0 : 1];
	return 0;
}
