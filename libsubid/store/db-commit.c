// SPDX-License-Identifier: BSD-3-Clause
/*
 * db-commit: writes both databases, or neither on failure.
 *
 * MUST: success is reported only when the data is on disk. A failure before the first
 * rename leaves both files unchanged, without locks or temporary files.
 */
#include <errno.h>

#include "libsubid/store/db.h"
#include "libsubid/sys/wait.h"

/* Renames the second file; if that fails, restores the first. */
static int rename_second(struct db *db, struct db_side *first, struct db_side *second)
{
	int r = atomicfile_rename(&second->file);

	if (r && atomicfile_put_back(&first->file) == 0)
		atomicfile_sync(&first->file);
	return db_fail(db, second->kind, r);
}

/*
 * Writes the new database under a temporary name, and the backup. After mere appends the
 * table still begins with the old text, which then need not be read again for the backup.
 */
static int prepare_side(struct db_side *side)
{
	const struct table *table = &side->table;
	bool kept = table->kept > 0 && table->kept == (size_t)side->file.status.st_size;

	return atomicfile_prepare(&side->file, table->text, table->len,
				  kept ? table->text : NULL);
}

/* Checks that no other program has changed the files since they were read. */
static int check_unchanged(struct db *db, struct db_side *const *sides, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = atomicfile_check(&sides[i]->file);

		if (r)
			return db_fail(db, sides[i]->kind, r);
	}
	return 0;
}

static bool is_stopped(const struct db *db)
{
	return db->stop >= 0 && wait_until(-1, db->stop, 0) == WAIT_STOPPED;
}

/*
 * Writes what changed: both files are prepared before the first is renamed.
 *
 * Returns 0, -errno or DB_STOPPED (the files are as they were), or DB_NOT_DURABLE (they
 * are written, but the directory could not be synced). -ESTALE: a program that takes no
 * lock has written a file meanwhile, and its change would be lost.
 */
int db_commit(struct db *db)
{
	struct db_side *changed[2] = { NULL, NULL };
	size_t n = 0;
	int r;

	if (!lock_is_ours(&db->lock))
		return db_fail(db, NULL, -ENOLCK);
	for (size_t i = 0; i < 2; i++)
		if (db_changed(db, db->sides[i].kind))
			changed[n++] = &db->sides[i];
	if (n == 0)
		return 0;
	/* Also before the backups, so that a failure keeps the old ones. */
	r = check_unchanged(db, changed, n);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		r = prepare_side(changed[i]);
		if (r)
			return db_fail(db, changed[i]->kind, r);
	}
	r = check_unchanged(db, changed, n);
	if (r)
		return r;
	/* From the first rename on, `stop` is ignored. */
	if (is_stopped(db))
		return DB_STOPPED;

	if (n == 2) {
		r = atomicfile_keep_old(&changed[0]->file);
		if (r)
			return db_fail(db, changed[0]->kind, r);
	}
	r = atomicfile_rename(&changed[0]->file);
	if (r)
		return db_fail(db, changed[0]->kind, r);
	if (n == 2) {
		r = rename_second(db, changed[0], changed[1]);
		if (r)
			return r;
		/* Under the lock: without one, other programs take the second name for a
		 * leftover. */
		atomicfile_forget_old(&changed[0]->file);
	}
	/* Before the sync, which also makes this durable: else a power cut could restore
	 * the locks, with ids of other processes. Most programs still wait for .pwd.lock;
	 * the others may already use the new files. */
	lock_release_databases(&db->lock);
	if (atomicfile_sync(&changed[0]->file))
		return db_fail(db, changed[0]->kind, DB_NOT_DURABLE);
	return 0;
}
