// SPDX-License-Identifier: BSD-3-Clause
/*
 * db-commit: both files as one act.
 *
 * MUST: success is told only when the data is on disk; until the first rename any failure
 * leaves both files as they were, without a lock or a temporary file.
 */
#include <errno.h>

#include "libsubid/store/db-parts.h"
#include "libsubid/sys/wait.h"

/* Renames the second file; the first is put back if that fails. */
static int rename_second(struct db *db, struct db_side *first, struct db_side *second)
{
	int r = atomicfile_rename(&second->file);

	if (r && atomicfile_put_back(&first->file) == 0)
		atomicfile_sync(&first->file);
	return db_fail(db, second->kind, r);
}

/*
 * Writes one database anew. What was only appended to has the old text in front: then the
 * backup needs no second look at the file.
 */
static int prepare(struct db_side *side)
{
	const struct table *table = &side->table;
	bool kept = table->kept > 0 && table->kept == (size_t)side->file.status.st_size;

	return atomicfile_prepare(&side->file, table->text, table->len,
				  kept ? table->text : NULL);
}

/* Looks whether all of them are the files that were read. */
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
 * are written, but the folder could not be synced). -ESTALE: somebody who takes no lock
 * has written a file meanwhile, and that would be lost.
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
	/* Before the backups, too: where nothing can be changed those of before stay. */
	r = check_unchanged(db, changed, n);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		r = prepare(changed[i]);
		if (r)
			return db_fail(db, changed[i]->kind, r);
	}
	r = check_unchanged(db, changed, n);
	if (r)
		return r;
	/* What has begun to be renamed is finished. */
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
		/* With its lock, for a second name without one is a leftover. */
		atomicfile_forget_old(&changed[0]->file);
	}
	/* Before the sync, which makes this last, too: else a power cut could bring them
	 * back, with process ids that somebody else has by then. Others still wait for
	 * .pwd.lock, and who does not may go on from the new files. */
	lock_release_databases(&db->lock);
	if (atomicfile_sync(&changed[0]->file))
		return db_fail(db, changed[0]->kind, DB_NOT_DURABLE);
	return 0;
}
