// SPDX-License-Identifier: BSD-3-Clause
/*
 * db-grant: ask the overlap policy, and give.
 *
 * MUST: nothing is appended that the overlap policy was not asked about.
 */
#include <errno.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/db-parts.h"

/* Steps to the next line that is not an entry of the owner. */
static bool next_of_others(const struct table *table, struct table_cursor *cursor,
			   struct owner *owner, struct table_line *ret_line)
{
	while (table_next(table, cursor, ret_line))
		if (ret_line->fault || !owner_is(&ret_line->entry, owner))
			return true;
	return false;
}

/*
 * Numbers the lines of conflicts as they stand on disk: the owner's lines may have gone,
 * those of others are all there, in their order. Returns 0 or -errno.
 */
static int number_lines(struct db *db, const struct kind *kind, struct db_grant *grant,
			size_t first)
{
	CLEANUP(table_cleanup) struct table old_table = { 0 };
	struct table_cursor cursor = { 0 }, old_cursor = { 0 };
	struct overlap_list *list = &grant->conflicts;
	const struct table *table = &db_side_of(db, kind)->table;
	struct table_line line, old;
	int r;

	/* Without an owner nothing was taken: lines were appended at the most. */
	if (!table->changed || !grant->owner)
		return 0;
	r = db_load_old(db, kind, &old_table);
	if (r)
		return r;
	while (next_of_others(table, &cursor, grant->owner, &line) &&
	       next_of_others(&old_table, &old_cursor, grant->owner, &old)) {
		/* They are told in the order of the lines. */
		for (; first < list->n && list->items[first].line <= line.number; first++)
			if (list->items[first].line == line.number)
				list->items[first].line = old.number;
	}
	return 0;
}

static bool is_nobody(const struct entry *entry, void *context)
{
	(void)entry;
	(void)context;
	return false;
}

/*
 * Finds the local accounts whose ids are among @wanted; a failure notes whose file it
 * was. Returns 0 or -errno; freed with taken_cleanup().
 */
int db_find_taken(struct db *db, const struct kind *kind, const struct range_set *wanted,
		  struct taken *taken)
{
	int r = taken_locally(db->folder, kind, wanted, taken);

	if (r && r != -ENOMEM)
		db->accounts = kind->accounts;
	return r;
}

/*
 * Asks the name service whether ids in @wanted are accounts'.
 * Returns 0 or -errno; freed with taken_cleanup().
 */
int db_ask_service(struct db *db, const struct kind *kind, const struct range_set *wanted,
		   struct taken *taken)
{
	return (db->in_library ? taken_in_process : taken_elsewhere)(
		&db->nsswitch, kind, wanted, &db->waited, taken);
}

static int check_policy(struct db *db, const struct kind *kind,
			const struct range_set *wanted, struct db_grant *grant)
{
	CLEANUP(taken_cleanup) struct taken taken = { 0 };
	struct overlap_question question = {
		.kind = kind,
		.wanted = wanted,
		.table = &db_side_of(db, kind)->table,
		.is_owner = grant->owner && !grant->each_line ? owner_is : is_nobody,
		.context = grant->owner,
	};
	const struct range no_id = { ID_NONE, ID_END };
	size_t before = grant->conflicts.n;
	const struct taken *known;
	int r;

	known = grant->asked && grant->known ? grant->known : &taken;
	r = known == &taken ? db_find_taken(db, kind, wanted, &taken) : 0;
	if (r)
		return r;
	/* Not about ids that nobody can have: the answer would not change. */
	if (!grant->asked && !grant->policy.allow_overlap &&
	    !range_set_overlaps(wanted, no_id)) {
		r = db_ask_service(db, kind, wanted, &taken);
		if (r)
			return r;
	}
	grant->unsure |= taken.timed_out;
	question.accounts = known->accounts;
	question.n_accounts = known->n;
	r = overlap_find(&question, &grant->conflicts);
	if (r == 0 && grant->conflicts.n > before)
		r = number_lines(db, kind, grant, before);
	if (r)
		return r;
	for (size_t i = before; i < grant->conflicts.n; i++)
		if (!overlap_is_overridden(&grant->conflicts.items[i],
					   grant->policy.allow_overlap,
					   grant->policy.allow_root))
			return DB_CONFLICT;
	return 0;
}

/*
 * Asks the overlap policy about every id in @wanted, for @grant->owner; with each_line,
 * or no owner, no line is passed over as the owner's. Returns 0, DB_CONFLICT (the list
 * says why) or -errno.
 */
int db_check(struct db *db, const struct kind *kind, const struct range_set *wanted,
	     struct db_grant *grant)
{
	return db_fail(db, kind, check_policy(db, kind, wanted, grant));
}

/*
 * Appends a line for the owner, by uid with @by_id. A login name that looks like a uid
 * would give the range to whoever has that.
 * Returns as table_append().
 */
int db_append(struct table *table, const struct db_name *owner, bool by_id,
	      struct range range)
{
	if (owner->number_len > 0 &&
	    (by_id || owner_is_number(owner->name, owner->name_len)))
		return table_append(table, owner->number, owner->number_len, range);
	return table_append(table, owner->name, owner->name_len, range);
}

/* All of @missing, or nothing. */
static int append_all(struct table *table, const struct db_grant *grant,
		      const struct range_set *missing)
{
	const struct account *account = &grant->owner->account;
	const struct db_name name = { account->name, account->name_len, account->number,
				      account->number_len };
	const struct table_mark mark = table_mark(table);
	int r = 0;

	for (size_t i = 0; r == 0 && i < missing->n; i++)
		r = db_append(table, &name, grant->by_id, missing->ranges[i]);
	if (r)
		table_take_back(table, mark);
	return r;
}

static int grant_missing(struct db *db, const struct kind *kind, struct db_grant *grant,
			 struct range range)
{
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(LIMIT_FILE_RANGES);
	CLEANUP(range_set_cleanup)
	struct range_set missing = RANGE_SET(LIMIT_FILE_RANGES);
	int r;

	r = db_held(db, kind, grant->owner, &held);
	if (r)
		return r;
	r = range_set_add(&missing, range);
	for (size_t i = 0; r == 0 && i < held.n; i++)
		r = range_set_subtract(&missing, held.ranges[i]);
	if (r || missing.n == 0)
		return r;

	r = check_policy(db, kind, &missing, grant);
	return r ? r : append_all(&db_side_of(db, kind)->table, grant, &missing);
}

/*
 * Gives the owner @range: what it does not hold yet is appended, nothing if it holds all.
 * Returns 0, DB_CONFLICT (the list says why) or -errno; only with 0 anything is appended.
 */
int db_grant(struct db *db, const struct kind *kind, struct db_grant *grant,
	     struct range range)
{
	return db_fail(db, kind, grant_missing(db, kind, grant, range));
}
