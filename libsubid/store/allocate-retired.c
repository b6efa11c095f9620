// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate-retired: gives retired ids back to the user who had them, and frees those that
 * the policy lets others have.
 *
 * MUST: ids are given back only to a user with the recorded login name and uid, and only
 * if no other line has them: a name alone, or a uid alone, may be a new user's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"
#include "libsubid/store/retired.h"

#define SECONDS_OF_DAY 86400

static bool has_any_retired(const struct db *db, const struct allocate *allocate)
{
	bool any = false;

	for (size_t k = 0; k < 2; k++)
		any |= allocate->kinds[k] && retired_are_any(&db->sides[k].table);
	return any;
}

/* One database in which ids are given back. */
struct giving_back {
	struct allocate *allocate;
	const struct owner_records *records;
	const struct table *table;
	size_t k;
	bool *has_range; /* by user: has a range already */
	char number[NUM_BYTES + 1];
};

/* Whether another line has ids of a retired one. */
static bool is_shared_line(const struct giving_back *giving, const struct entry *entry)
{
	struct table_near near = { .next = 0 };
	size_t n = 0;

	while (table_next_near(giving->table, entry->range, &near))
		n++;
	return n > 1;
}

/* Returns the former owner of a retired line who is among the users, or NULL. */
static const struct owner_record *find_returned(const struct giving_back *giving,
						const struct entry *entry,
						size_t *ret_person)
{
	const struct owner_set *people = giving->allocate->people;
	const struct owner_record *record =
		retired_is(entry, NULL) ? owner_records_find(giving->records, giving->k,
							     entry->range.start, entry) :
					  NULL;
	const char *login;

	if (!record || record->uid == ID_NONE || record->range.end < entry->range.end)
		return NULL;
	login = owner_records_text(giving->records, record->owner);
	/* Lines that had a uid: the login name is not known. */
	if (owner_is_number(login, strlen(login)) ||
	    !owner_set_find(people, login, strlen(login), ret_person) ||
	    people->items[*ret_person].status != OWNER_SET_KNOWN ||
	    people->items[*ret_person].uid != record->uid ||
	    giving->has_range[*ret_person] || is_shared_line(giving, entry))
		return NULL;
	return record;
}

/* A table_name_fn: the owner of a line that is given back. */
static const char *name_returned(const struct entry *entry, void *context)
{
	struct giving_back *giving = context;
	const struct owner_record *record;
	struct allocate_item *item;
	const char *owner;
	size_t person, len;

	record = find_returned(giving, entry, &person);
	if (!record)
		return NULL;
	item = &giving->allocate->items[person];
	item->retired = record->epoch;
	item->back[giving->k] = range_span(item->back[giving->k], entry->range);
	len = allocate_owner_text(giving->allocate, person, giving->number, &owner);
	if (owner == giving->number)
		giving->number[len] = '\0';
	return owner;
}

/* Finds the users who have a range of kind @k. */
static int find_holders(const struct allocate *allocate, const struct table *table,
			bool *has_range)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids used = { 0 };
	int r = allocated_ids_read_holdings(&used, table, allocate->people);

	for (size_t i = 0; r == 0 && i < used.n_holdings; i++)
		has_range[used.holdings[i].person] = true;
	return r;
}

static int give_back_side(struct allocate_work *work, size_t k,
			  const struct owner_records *records)
{
	struct allocate *allocate = work->allocate;
	struct giving_back giving = { .allocate = allocate,
				      .records = records,
				      .table = &work->db->sides[k].table,
				      .k = k };
	CLEANUP(cleanup_free)
	bool *has_range = calloc(allocate->n + 1, sizeof(*has_range));
	int r = has_range ? find_holders(allocate, giving.table, has_range) : -ENOMEM;

	giving.has_range = has_range;
	return r ? r : db_rename_all(work->db, kind_all[k], name_returned, &giving);
}

/*
 * Gives retired ids back to users who have no range. Records that cannot be read are
 * none. Returns 0 or -errno.
 */
int allocate_give_back(struct allocate_work *work)
{
	CLEANUP(owner_records_cleanup) struct owner_records records = { .n = 0 };
	struct allocate *allocate = work->allocate;
	int r;

	for (size_t i = 0; i < allocate->n; i++) {
		allocate->items[i].retired = 0;
		allocate->items[i].back[0] = allocate->items[i].back[1] =
			(struct range){ 0 };
	}
	if (!allocate->give_back || allocate->fixed ||
	    !has_any_retired(work->db, allocate))
		return 0;
	r = retired_read(work->db->root, &records);
	if (r || records.n == 0)
		return r == -ENOMEM ? r : 0;
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (allocate->kinds[k] && retired_are_any(&work->db->sides[k].table))
			r = db_fail(work->db, kind_all[k],
				    give_back_side(work, k, &records));
	return r;
}

/*
 * Frees ids that were retired long ago.
 */

struct expiry {
	const struct owner_records *records;
	bool group;
	uint64_t epoch; /* of the last ones that are freed */
};

/* A table_match_fn. Without a record it is unknown when ids were retired. */
static bool has_expired(const struct entry *entry, void *context)
{
	const struct expiry *expiry = context;
	const struct owner_record *record =
		retired_is(entry, NULL) ?
			owner_records_find(expiry->records, expiry->group,
					   entry->range.start, entry) :
			NULL;

	return record && record->range.end >= entry->range.end &&
	       record->epoch <= expiry->epoch;
}

/* The databases as they were before a try, which changes copies. */
struct saved_tables {
	struct table tables[2];
	bool is_saved[2];
};

static int save_table(struct table *table, struct table *ret_saved)
{
	CLEANUP(cleanup_free) char *text = malloc(table->len + 1);
	struct table copy;
	int r;

	if (!text)
		return -ENOMEM;
	if (table->len > 0)
		memcpy(text, table->text, table->len);
	r = table_load(text, table->len, &copy);
	if (r)
		return r;
	TAKE_PTR(text);
	copy.changed = table->changed;
	copy.kept = table->kept;
	*ret_saved = *table;
	*table = copy;
	return 0;
}

static int save_tables(struct db *db, const struct allocate *allocate,
		       struct saved_tables *saved)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		if (!allocate->kinds[k])
			continue;
		r = save_table(&db->sides[k].table, &saved->tables[k]);
		saved->is_saved[k] = r == 0;
	}
	return r;
}

static void restore_tables(struct db *db, struct saved_tables *saved)
{
	for (size_t k = 0; k < 2; k++) {
		if (!saved->is_saved[k])
			continue;
		table_clear(&db->sides[k].table);
		db->sides[k].table = saved->tables[k];
		saved->is_saved[k] = false;
	}
}

static void saved_tables_cleanup(struct saved_tables *saved)
{
	for (size_t k = 0; k < 2; k++)
		if (saved->is_saved[k])
			table_clear(&saved->tables[k]);
}

/* Frees what was retired until @epoch. */
static int free_expired(struct db *db, const struct allocate *allocate, uint64_t epoch)
{
	CLEANUP(owner_records_cleanup) struct owner_records records = { .n = 0 };
	const struct range all = { 0, ID_END };
	int r = retired_read(db->root, &records);

	for (size_t k = 0; r == 0 && k < 2; k++) {
		struct expiry expiry = { &records, k, epoch };

		if (allocate->kinds[k])
			r = table_subtract(&db->sides[k].table, has_expired, &expiry,
					   all);
	}
	return r;
}

/* Returns until when ids were retired that may be given anew; 0: none may. */
static uint64_t find_expiry(const struct allocate *allocate)
{
	const struct policy_retire *rule = &allocate->site.policy.retire;
	uint64_t now = retired_clock(), age = rule->days * SECONDS_OF_DAY;

	return rule->how == POLICY_RETIRE_DAYS && now > age ? now - age : 0;
}

/*
 * Calls @try, which allocates. If it finds no place, or conflicts, and ids were retired
 * as many days ago as the policy says, frees them and calls it again. Returns what it
 * returned, or -errno; the databases change only with 0.
 */
int allocate_beside_retired(struct db *db, struct allocate *allocate,
			    int (*try)(struct db *db, struct allocate *allocate))
{
	CLEANUP(saved_tables_cleanup) struct saved_tables saved = { .is_saved = { 0 } };
	uint64_t epoch;
	int r;

	if (!has_any_retired(db, allocate))
		return try(db, allocate);
	r = save_tables(db, allocate, &saved);
	if (r == 0)
		r = try(db, allocate);
	epoch = find_expiry(allocate);
	if ((r == DB_FULL || r == DB_CONFLICT) && epoch > 0 &&
	    free_expired(db, allocate, epoch) == 0) {
		overlap_list_cleanup(&allocate->conflicts);
		r = try(db, allocate);
	}
	if (r)
		restore_tables(db, &saved);
	return r;
}
