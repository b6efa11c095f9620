// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-append: checks the missing ids against the policy, and writes them.
 *
 * MUST: only ids that the policy allows are written, however they were placed.
 */
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"

/* Adds the ids of item @i that its owner does not hold. */
static int find_item(struct allocate_work *work, size_t k, size_t i)
{
	CLEANUP(range_set_cleanup)
	struct range_set missing = RANGE_SET(LIMIT_FILE_RANGES);
	struct range range = work->allocate->items[i].ranges[k];
	struct allocated_ids *used = &work->used[k];
	size_t person = work->allocate->fixed ? work->allocate->items[i].person : i;
	int r = allocated_ids_find_not_held(used, person, range, &missing);

	work->allocate->items[i].gets_any |= missing.n > 0;
	for (size_t j = 0; r == 0 && j < missing.n; j++) {
		r = allocated_ids_put_holding(&work->missing[k], person,
					      missing.ranges[j]);
		if (r == 0)
			r = allocated_ids_put(&work->missing[k], missing.ranges[j]);
	}
	/* Later ranges of the same owner may overlap. */
	if (r == 0 && work->allocate->fixed && work->allocate->people->n == 1)
		r = allocated_ids_put_holding(used, person, range);
	return r;
}

/* Collects the new ids in database @k, without those that the owner already holds. */
static int collect_missing(struct allocate_work *work, size_t k)
{
	int r = 0;

	allocated_ids_sort_holdings(&work->used[k]);
	for (size_t i = 0; r == 0 && i < work->allocate->n; i++)
		if (allocate_is_placed(&work->allocate->items[i], k))
			r = find_item(work, k, i);
	return r;
}

/* Returns the number of the next line with the text of @line, else that of @line. */
static uint64_t next_line_number(const struct table *table, struct table_cursor *cursor,
				 const struct table_line *line)
{
	struct table_cursor at = *cursor;
	struct table_line other;

	while (table_next(table, &at, &other))
		if (other.len == line->len &&
		    memcmp(other.text, line->text, line->len) == 0) {
			*cursor = at;
			return other.number;
		}
	return line->number;
}

/*
 * Sets the line numbers of the conflicts from @first on to those on disk: earlier lines
 * may have been removed. The conflicts are in the order of the lines, and every line with
 * the same text is among them.
 * Returns 0 or -errno.
 */
static int number_lines(struct db *db, const struct kind *kind, struct overlap_list *list,
			size_t first)
{
	CLEANUP(table_cleanup) struct table old_table = { 0 };
	struct table_cursor cursor = { 0 }, old_cursor = { 0 };
	const struct table *table = &db_side_of(db, kind)->table;
	struct table_line line;
	int r;

	while (first < list->n && list->items[first].why != OVERLAP_OWNER)
		first++;
	if (!table->changed || first == list->n)
		return 0;
	r = db_load_old(db, kind, &old_table);
	while (r == 0 && first < list->n && table_next(table, &cursor, &line)) {
		uint64_t number = line.number;

		if (list->items[first].line == line.number)
			number = next_line_number(&old_table, &old_cursor, &line);
		while (first < list->n && list->items[first].line == line.number)
			list->items[first++].line = number;
	}
	return r;
}

static bool is_refused(const struct allocate *allocate, size_t first)
{
	for (; first < allocate->conflicts.n; first++)
		if (!overlap_is_overridden(&allocate->conflicts.items[first],
					   &allocate->policy))
			return true;
	return false;
}

/* The ids to be appended to one database, and their owners. */
struct receivers {
	const struct owner_set *people;
	const struct allocated_ids *missing;
};

/*
 * Returns whether the owner of an entry is to get its ids. Then the line is malformed,
 * since ids that an owner holds are not missing.
 */
static bool is_receiver(const struct entry *entry, void *context)
{
	const struct receivers *receivers = context;
	const struct allocated_ids *missing = receivers->missing;
	size_t person;

	if (!owner_set_find(receivers->people, entry->owner, entry->owner_len, &person))
		return false;
	/* Ranges of one owner may touch. */
	if (receivers->people->n == 1)
		return true;
	for (size_t i = 0; i < missing->n_holdings; i++) {
		struct range range = missing->holdings[i].range;

		if (missing->holdings[i].person == person &&
		    range.start <= entry->range.start && entry->range.end <= range.end)
			return true;
	}
	return false;
}

static int compare_missing(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;

	return range_compare(&x->range, &y->range);
}

/*
 * Returns 0; -EINVAL if two owners would get the same ids and no rule permits it: callers
 * of `fixed` must not ask for that; or -ENOMEM.
 */
static int check_apart(const struct allocate_work *work, size_t k)
{
	const struct allocated_ids *missing = &work->missing[k];
	size_t n = missing->n_holdings;
	CLEANUP(cleanup_free) struct holding *sorted = calloc(n + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = missing->holdings[i];
	qsort(sorted, n, sizeof(*sorted), compare_missing);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1;
		     j < n && sorted[j].range.start < sorted[i].range.end; j++)
			if (sorted[i].person != sorted[j].person &&
			    !allocate_may_share(work->allocate, sorted[i].person,
						sorted[j].person))
				return -EINVAL;
	return 0;
}

/*
 * Checks the missing ids of kind @k against the policy. Placed ranges were already
 * compared with the local accounts and, unless deterministic, with the name service.
 * Returns 0, DB_CONFLICT or -errno.
 */
static int check_missing(struct allocate_work *work, size_t k)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_FILE_RANGES);
	struct allocate *allocate = work->allocate;
	struct receivers receivers = { allocate->people, &work->missing[k] };
	const struct overlap_question question = {
		.kind = kind_all[k],
		.wanted = &set,
		.table = &work->db->sides[k].table,
		.is_owner = is_receiver,
		.context = &receivers,
		/* A deterministic range may have reserved ids. */
		.reserved = !allocate->fixed || work->db->keeps_reserved,
	};
	bool ask = !allocate->policy.allow_overlap &&
		   (allocate->fixed || allocate->settings.deterministic || work->policy);
	struct ids_in_use *in_use = &work->used[k].in_use;
	size_t before = allocate->conflicts.n;
	int r = range_set_fill(&set, work->missing[k].ranges, work->missing[k].n);

	if (r == 0 && allocate->fixed && allocate->people->n > 1)
		r = check_apart(work, k);
	if (r || set.n == 0)
		return r;
	if (allocate->fixed)
		r = allocated_ids_read_accounts(&work->used[k], work->db, kind_all[k],
						&set);
	work->db->in_use.waited = work->waited[k];
	if (r == 0)
		r = conflicts_find(&question, ask ? &work->db->in_use : NULL, in_use,
				   &allocate->conflicts);
	allocate->unsure |= work->db->in_use.silent;
	if (r == 0)
		r = number_lines(work->db, kind_all[k], &allocate->conflicts, before);
	if (r == 0)
		r = allocate_judge_by_policy(work, k, &set, before);
	return r ? r : is_refused(allocate, before) ? DB_CONFLICT : 0;
}

/*
 * Returns the owner of new lines: the added name if it is `verbatim`; the login name; or
 * the uid if the login name reads as a uid, if another user also has it, or if no line
 * can have it as owner.
 */
size_t allocate_owner_text(const struct allocate *allocate, size_t person,
			   char number[static NUM_BYTES], const char **ret_text)
{
	const struct owner_set_user *user = &allocate->people->items[person];
	const char *login = owner_set_login(allocate->people, person);

	if (allocate->verbatim) {
		*ret_text = owner_set_name(allocate->people, person);
		return user->name_len;
	}
	if (user->uid != OWNER_SET_NO_UID &&
	    (allocate->settings.by_id || user->by_uid ||
	     owner_is_number(login, user->login_len) ||
	     entry_owner_is_retired(login, user->login_len) ||
	     entry_check_owner(login, user->login_len))) {
		*ret_text = number;
		return num_format(user->uid, number);
	}
	*ret_text = login;
	return user->login_len;
}

static int append_missing(struct allocate_work *work, size_t k, struct table *table)
{
	const struct allocated_ids *missing = &work->missing[k];
	int r = 0;

	for (size_t i = 0; r == 0 && i < missing->n_holdings; i++) {
		const struct holding *line = &missing->holdings[i];
		char number[NUM_BYTES];
		const char *owner;
		size_t len;

		if (line->range.end == 0)
			continue;
		len = allocate_owner_text(work->allocate, line->person, number, &owner);
		r = table_append(table, owner, len, line->range);
	}
	return db_fail(work->db, kind_all[k], r);
}

/* Writes to both databases or, on failure, to none. */
static int append_all(struct allocate_work *work)
{
	struct table *tables[] = { &work->db->sides[0].table, &work->db->sides[1].table };
	const struct table_mark marks[] = { table_mark(tables[0]),
					    table_mark(tables[1]) };
	struct table joined[2] = { 0 };
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		r = db_fail(work->db, kind_all[k], allocate_join(work, k, &joined[k]));
	for (size_t k = 0; r == 0 && k < 2; k++) {
		struct table *table = joined[k].text ? &joined[k] : tables[k];

		r = append_missing(work, k, table);
	}
	for (size_t k = 0; k < 2; k++) {
		if (r)
			table_take_back(tables[k], marks[k]);
		if (r || !joined[k].text) {
			table_clear(&joined[k]);
			continue;
		}
		table_clear(tables[k]);
		*tables[k] = joined[k];
	}
	return r;
}

/*
 * Writes the placed ids that their owners do not hold, after a check of all of them.
 * Returns 0, DB_CONFLICT or -errno; the databases change only with 0.
 */
int allocate_append(struct allocate_work *work)
{
	const struct allocate *allocate = work->allocate;
	/* So that conflicts are in the order of the items. */
	size_t first = allocate->fixed && allocate->n > 0 &&
		       !allocate_is_placed(&allocate->items[0], 0);
	int conflict = 0, r = 0;

	for (size_t i = 0; i < allocate->n; i++)
		allocate->items[i].gets_any = false;
	for (size_t i = 0; r == 0 && i < 2; i++) {
		size_t k = i ^ first;

		r = collect_missing(work, k);
		if (r == 0)
			r = check_missing(work, k);
		if (r == DB_CONFLICT) {
			conflict = r;
			r = 0;
		}
		db_fail(work->db, kind_all[k], r);
	}
	if (r || conflict)
		return r ? r : conflict;
	return append_all(work);
}
