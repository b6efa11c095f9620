// SPDX-License-Identifier: BSD-3-Clause
/*
 * db: lock, load, plan, check, commit.
 *
 * MUST: nothing is written that the overlap policy was not asked about.
 * MUST: success is told only when the data is on disk; until the first rename any failure
 * leaves both files as they were, without a lock or a temporary file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/db.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/load.h"
#include "libsubid/sys/paths.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/taken.h"
#include "libsubid/sys/wait.h"

/* No database has more lines. */
#define DB_RANGES_MAX ((size_t)LIMIT_FILE_BYTES)

static struct db_side *side_of(struct db *db, const struct kind *kind)
{
	return &db->sides[kind->group];
}

static int fail(struct db *db, const struct kind *kind, int r)
{
	if (r)
		db->failed = kind;
	return r;
}

static int from_lock(int r)
{
	switch (r) {
	case LOCK_BUSY:
		return DB_BUSY;
	case LOCK_STOPPED:
		return DB_STOPPED;
	default:
		return r;
	}
}

/*
 * Begins a transaction on the databases in @folder, a descriptor; it stays the caller's.
 *
 * db: DB_NONE, where `stop` may be set.
 * Returns 0, DB_BUSY, DB_STOPPED or -errno. End with db_end() in any case. A transaction
 * belongs to one thread and excludes others, of this process and of others.
 */
int db_begin(struct db *db, int folder, enum db_place place)
{
	int stop = db->stop, r;

	*db = (struct db)DB_NONE;
	db->stop = stop;
	db->sides[0] = (struct db_side){ .kind = &kind_uid, .file = ATOMICFILE_NONE };
	db->sides[1] = (struct db_side){ .kind = &kind_gid, .file = ATOMICFILE_NONE };

	db->folder = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	if (db->folder < 0)
		return -errno;
	if (place == DB_LIVE) {
		r = nsswitch_read(NSSWITCH_CONF, &db->nsswitch);
		if (r)
			return r;
	}
	return from_lock(lock_take(&db->lock, db->folder, place == DB_PREFIX, db->stop));
}

/*
 * Reads a loaded database once more, as it stands on disk.
 * Returns 0 or -errno; the table is freed with table_clear().
 */
int db_load_old(const struct db *db, const struct kind *kind, struct table *ret_table)
{
	const struct atomicfile *file = &db->sides[kind->group].file;

	if (!file->exists)
		return table_load(NULL, 0, ret_table);
	return load_table(file->old, file->status.st_size, ret_table);
}

static int load(struct db *db, struct db_side *side, bool create)
{
	int r;

	r = lock_take_database(&db->lock, side->kind);
	if (r)
		return from_lock(r);
	r = atomicfile_open(&side->file, db->folder, side->kind);
	if (r)
		return r;
	if (!side->file.exists && !create)
		return DB_MISSING;
	r = db_load_old(db, side->kind, &side->table);
	if (r)
		return r;
	side->table.changed = !side->file.exists;
	side->loaded = true;
	return 0;
}

/*
 * Locks and reads one database; subuid before subgid.
 *
 * create: one that does not exist is begun empty.
 * Returns 0, DB_BUSY, DB_STOPPED, DB_MISSING or -errno.
 */
int db_load(struct db *db, const struct kind *kind, bool create)
{
	return fail(db, kind, load(db, side_of(db, kind), create));
}

/* Takes @range away from all lines of the owner. Returns 0 or -errno. */
int db_revoke(struct db *db, const struct kind *kind, struct owner *owner,
	      struct range range)
{
	return fail(db, kind,
		    table_subtract(&side_of(db, kind)->table, owner_is, owner, range));
}

/*
 * Makes @owner the owner of the lines that name @old; those by uid stay as they are. No
 * id becomes anybody's who was not meant to have it by those lines, so no policy is
 * asked. Returns 0, -EINVAL (no such owner can be) or -errno.
 */
int db_rename(struct db *db, const struct kind *kind, const char *old, const char *owner)
{
	return fail(db, kind,
		    table_rename(&side_of(db, kind)->table, old, strlen(old), owner,
				 strlen(owner)));
}

/*
 * Drops the lines with these numbers, ascending, and ends the last line with a newline.
 * For lines that grant nothing, or what another line grants. Returns 0 or -errno.
 */
int db_drop_lines(struct db *db, const struct kind *kind, const uint64_t *numbers,
		  size_t n)
{
	return fail(db, kind, table_drop_lines(&side_of(db, kind)->table, numbers, n));
}

static int add_held(struct range_set *set, const struct entry *entry, struct owner *owner)
{
	int r = owner_is(entry, owner) ? range_set_add(set, entry->range) : 0;

	return r > 0 ? -E2BIG : r;
}

static int held_on_disk(const struct db *db, const struct kind *kind, struct owner *owner,
			struct range_set *set)
{
	CLEANUP(fd_cleanup)
	int fd = openat(db->folder, kind->database,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	struct entry entry;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = scan_start(&scan, fd);
	while (r == 0 && (r = scan_next(&scan, &line)) > 0)
		r = !owner_begins(line.text, line.len, owner) ||
				    entry_parse(line.text, line.len, &entry) ?
			    0 :
			    add_held(set, &entry, owner);
	return r;
}

/*
 * Adds what the owner holds to @set, an empty one: by a database that is not loaded, what
 * stands on disk. Returns 0 or -errno.
 */
int db_held(const struct db *db, const struct kind *kind, struct owner *owner,
	    struct range_set *set)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	if (!db->sides[kind->group].loaded)
		return held_on_disk(db, kind, owner, set);
	while (table_next_entry(&db->sides[kind->group].table, &cursor, owner_begins,
				owner, &line)) {
		int r = add_held(set, &line.entry, owner);

		if (r)
			return r;
	}
	return 0;
}

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
	const struct table *table = &side_of(db, kind)->table;
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
		.table = &side_of(db, kind)->table,
		.is_owner = grant->owner && !grant->each_line ? owner_is : is_nobody,
		.context = grant->owner,
	};
	const struct range no_id = { ID_NONE, ID_END };
	size_t before = grant->conflicts.n;
	int r;

	r = db_find_taken(db, kind, wanted, &taken);
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
	question.accounts = taken.accounts;
	question.n_accounts = taken.n;
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
	return fail(db, kind, check_policy(db, kind, wanted, grant));
}

static int append(struct db *db, const struct kind *kind, const struct db_grant *grant,
		  struct range range)
{
	const struct account *account = &grant->owner->account;
	struct table *table = &side_of(db, kind)->table;

	/* A login name that looks like a uid would give the range to whoever has that. */
	if (account->number_len > 0 &&
	    (grant->by_id || owner_is_number(account->name, account->name_len)))
		return table_append(table, account->number, account->number_len, range);
	return table_append(table, account->name, account->name_len, range);
}

static int grant_missing(struct db *db, const struct kind *kind, struct db_grant *grant,
			 struct range range)
{
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(DB_RANGES_MAX);
	CLEANUP(range_set_cleanup) struct range_set missing = RANGE_SET(DB_RANGES_MAX);
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
	for (size_t i = 0; r == 0 && i < missing.n; i++)
		r = append(db, kind, grant, missing.ranges[i]);
	return r;
}

/*
 * Gives the owner @range: what it does not hold yet is appended, nothing if it holds all.
 * Returns 0, DB_CONFLICT (nothing is appended; the list says why) or -errno.
 */
int db_grant(struct db *db, const struct kind *kind, struct db_grant *grant,
	     struct range range)
{
	return fail(db, kind, grant_missing(db, kind, grant, range));
}

/* Tells whether a database would be written. */
bool db_changed(const struct db *db, const struct kind *kind)
{
	const struct db_side *side = &db->sides[kind->group];

	return side->loaded && side->table.changed;
}

/* Renames the second file; the first is put back if that fails. */
static int rename_second(struct db *db, struct db_side *first, struct db_side *second)
{
	int r = atomicfile_rename(&second->file);

	if (r && atomicfile_put_back(&first->file) == 0)
		atomicfile_sync(&first->file);
	return fail(db, second->kind, r);
}

static bool is_stopped(const struct db *db)
{
	return db->stop >= 0 && wait_until(-1, db->stop, 0) == WAIT_STOPPED;
}

/*
 * Writes what changed: both files are prepared before the first is renamed.
 *
 * Returns 0, -errno or DB_STOPPED (the files are as they were), or DB_NOT_DURABLE (they
 * are written, but the folder could not be synced). -ESTALE: somebody who takes no lock
 * has written a file meanwhile, and that would be lost.
 */
int db_commit(struct db *db)
{
	struct db_side *changed[2] = { NULL, NULL };
	size_t n = 0;
	int r;

	if (!lock_is_ours(&db->lock))
		return fail(db, NULL, -ENOLCK);
	for (size_t i = 0; i < 2; i++) {
		struct db_side *side = &db->sides[i];

		if (!db_changed(db, side->kind))
			continue;
		r = atomicfile_prepare(&side->file, side->table.text, side->table.len);
		if (r)
			return fail(db, side->kind, r);
		changed[n++] = side;
	}
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		r = atomicfile_check(&changed[i]->file);
		if (r)
			return fail(db, changed[i]->kind, r);
	}
	/* What has begun to be renamed is finished. */
	if (is_stopped(db))
		return DB_STOPPED;

	if (n == 2) {
		r = atomicfile_keep_old(&changed[0]->file);
		if (r)
			return fail(db, changed[0]->kind, r);
	}
	r = atomicfile_rename(&changed[0]->file);
	if (r)
		return fail(db, changed[0]->kind, r);
	if (n == 2) {
		r = rename_second(db, changed[0], changed[1]);
		if (r)
			return r;
	}
	if (atomicfile_sync(&changed[0]->file))
		return fail(db, changed[0]->kind, DB_NOT_DURABLE);
	return 0;
}

/*
 * Gives the locks back of what is not to be committed; it can still be looked at.
 */
void db_unlock(struct db *db)
{
	lock_release(&db->lock);
}

/* Ends a transaction; what was not committed is forgotten. Takes DB_NONE. */
void db_end(struct db *db)
{
	for (size_t i = 0; i < 2; i++) {
		if (!db->sides[i].kind)
			continue;
		atomicfile_cleanup(&db->sides[i].file);
		table_clear(&db->sides[i].table);
	}
	lock_release(&db->lock);
	db->folder = fd_close(db->folder);
}
