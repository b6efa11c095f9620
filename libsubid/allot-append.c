// SPDX-License-Identifier: BSD-3-Clause
/*
 * allot-append: ask the policy about what is missing, and append it.
 *
 * MUST: nothing is appended that the policy was not asked about, however it was placed.
 */
#include <stdlib.h>

#include "libsubid/allot-parts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/db-parts.h"

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

static int append(struct allot_work *work, size_t k, size_t person, struct range range)
{
	const struct person *who = &work->allot->people->items[person];
	struct db_name name = { people_name(work->allot->people, person), who->name_len,
				NULL, 0 };
	char number[NUM_BYTES];

	if (who->uid != PERSON_NO_UID) {
		name.number_len = num_format(who->uid, number);
		name.number = number;
	}
	return db_append(&work->db->sides[k].table, &name, work->grant->by_id, range);
}

/*
 * Walks through what is new in database @k, in the order of the people: what they hold
 * already is left out. With @wanted it is collected there, without it is appended.
 */
static int each_missing(struct allot_work *work, size_t k, struct used *wanted)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < work->allot->n; i++) {
		CLEANUP(range_set_cleanup)
		struct range_set missing = RANGE_SET(LIMIT_FILE_RANGES);

		if (!allot_is_placed(&work->allot->items[i], k))
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

/*
 * The local accounts for the policy, or NULL: it is to look for them. What was placed is
 * within the bounds, of which all are known since the locks were taken; what was asked
 * for need not be.
 */
static const struct taken *find_known(const struct allot_work *work, size_t k,
				      const struct range_set *wanted)
{
	struct range bounds = work->allot->settings.requests[k].bounds;
	bool within = wanted->n > 0 && wanted->ranges[0].start >= bounds.start &&
		      wanted->ranges[wanted->n - 1].end <= bounds.end;

	return within ? &work->used[k].accounts : NULL;
}

static int check(struct allot_work *work, size_t k)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_FILE_RANGES);
	CLEANUP(used_cleanup) struct used wanted = { 0 };
	int r;

	if (work->used[k].n_holdings > 0)
		qsort(work->used[k].holdings, work->used[k].n_holdings,
		      sizeof(struct holding), compare_holdings);
	r = each_missing(work, k, &wanted);
	if (r == 0)
		r = range_set_fill(&set, wanted.ranges, wanted.n);
	if (r || set.n == 0)
		return r;
	work->grant->known = find_known(work, k, &set);
	r = db_check(work->db, allot_kinds[k], &set, work->grant);
	work->grant->known = NULL;
	return r;
}

/* In both databases, or in none. */
static int append_all(struct allot_work *work)
{
	struct table *tables[] = { &work->db->sides[0].table, &work->db->sides[1].table };
	const struct table_mark marks[] = { table_mark(tables[0]),
					    table_mark(tables[1]) };
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		r = each_missing(work, k, NULL);
	for (size_t k = 0; r && k < 2; k++)
		table_take_back(tables[k], marks[k]);
	return r;
}

/*
 * Appends what has been placed and its owner does not hold; all of it is checked before
 * anything is appended.
 * Returns 0, DB_CONFLICT or -errno; the databases change only with 0.
 */
int allot_append(struct allot_work *work)
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
	return append_all(work);
}
