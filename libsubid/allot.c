// SPDX-License-Identifier: BSD-3-Clause
/*
 * allot: reads each database once, places all ranges in memory (allot-place.c), asks the
 * name service (allot-ask.c) and the policy once, and appends (allot-append.c).
 *
 * Where the name service turns out to have an id of a range, that range is placed again
 * elsewhere.
 */
#include "libsubid/allot-parts.h"
#include "libsubid/core/cleanup.h"

/* Those who are somebody else by another name, or nobody, get nothing. */
static bool takes_part(const struct allot *allot, size_t index)
{
	return index >= allot->people->n ||
	       allot->people->items[index].status == PERSON_KNOWN;
}

/* Reads the databases, and decides who needs what. */
static int start(struct allot_work *work)
{
	struct allot *allot = work->allot;

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
	for (size_t k = 0; k < 2; k++) {
		struct used *used = &work->used[k];
		int r = !allot->kinds[k] ? 0 :
					   used_read(used, work->db, allot_kinds[k],
						     allot->settings.requests[k].bounds,
						     allot->people);

		if (r) {
			work->db->failed = allot_kinds[k];
			return r;
		}
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
