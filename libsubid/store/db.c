// SPDX-License-Identifier: BSD-3-Clause
/*
 * db: transactions: begin, lock, load, revoke, rename, end. See allocate.c for grants and
 * db-commit.c for the write.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/userns.h"

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
 * Begins a transaction on the databases in @directory, a descriptor, which the caller
 * keeps.
 *
 * db: DB_NONE, perhaps with `stop` and `read_only`, and `root` unless @place is DB_LIVE.
 * Returns 0, DB_BUSY, DB_STOPPED or -errno. End with db_end() in any case. A transaction
 * belongs to one thread and excludes those of other threads and processes.
 */
int db_begin(struct db *db, int directory, enum db_place place)
{
	const struct db given = *db;
	int r;

	*db = (struct db)DB_NONE;
	db->stop = given.stop;
	db->read_only = given.read_only;
	db->place = place;
	db->root = place == DB_LIVE ? "/" : given.root;
	db->sides[0] = (struct db_side){ .kind = &kind_uid, .file = ATOMICFILE_NONE };
	db->sides[1] = (struct db_side){ .kind = &kind_gid, .file = ATOMICFILE_NONE };

	db->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (db->directory < 0)
		return -errno;
	db->lookup.directory = db->directory;
	db->keeps_reserved = place == DB_LIVE && userns_is_limited() <= 0;
	if (place == DB_LIVE) {
		r = nsswitch_read(NSSWITCH_CONF, &db->nsswitch);
		if (r)
			return r;
		db->lookup = lookup_live(db->directory, &db->nsswitch, NULL);
	}
	if (db->read_only)
		return 0;
	return from_lock(
		lock_take(&db->lock, db->directory, place == DB_PREFIX, db->stop));
}

/*
 * Sets the name service to use, after db_begin() on the running system. It must live as
 * long as the transaction.
 */
void db_use_service(struct db *db, const struct name_service *service)
{
	db->lookup.service = service;
	ids_in_use_start(&db->in_use, &db->nsswitch, service);
}

/* As db_use_service(), for a library: asks the name service in this process. */
void db_use_own_service(struct db *db)
{
	db->own_service = nss_service(&db->nss);
	db_use_service(db, &db->own_service);
}

/* Reads a loaded database again. Returns 0 or -errno. Free with table_clear(). */
int db_load_old(const struct db *db, const struct kind *kind, struct table *ret_table)
{
	const struct atomicfile *file = &db->sides[kind->group].file;

	if (!file->exists)
		return table_load(NULL, 0, ret_table);
	return load_table(file->old, file->status.st_size, ret_table);
}

static int load_side(struct db *db, struct db_side *side, bool create)
{
	int r = db->read_only ? 0 : lock_take_database(&db->lock, side->kind);

	if (r)
		return from_lock(r);
	r = atomicfile_open(&side->file, db->directory, side->kind, !db->read_only);
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
 * create: a database that does not exist begins empty.
 * Returns 0, DB_BUSY, DB_STOPPED, DB_MISSING or -errno.
 */
int db_load(struct db *db, const struct kind *kind, bool create)
{
	return db_fail(db, kind, load_side(db, db_side_of(db, kind), create));
}

/*
 * Asks the name service for further names of the owner in lines with ids of @range. Call
 * it before ids are revoked that the owner may have under another name.
 *
 * unknown: the owners that were asked about; pass the same in each call.
 * Returns 0, DB_UNKNOWN (no answer about some owner) or -errno.
 */
int db_find_names(struct db *db, const struct kind *kind, struct owner *owner,
		  struct range range, struct unknown_owners *unknown)
{
	const struct table *table = &db_side_of(db, kind)->table;
	struct table_near near = { .next = 0 };
	int r = unknown_owners_name(unknown, table, range, &db->lookup, owner);

	while (r == 0 && table_next_in_force(table, range, &near))
		if (unknown_owners_are_silent(unknown, near.reading->entry.owner,
					      near.reading->entry.owner_len))
			r = DB_UNKNOWN;
	return db_fail(db, kind, r);
}

/*
 * Removes @range from all lines of the owner. Malformed lines for which shadow's map
 * writers would still grant such ids are removed as a whole. Returns 0 or -errno.
 */
int db_revoke(struct db *db, const struct kind *kind, struct owner *owner,
	      struct range range)
{
	return db_fail(
		db, kind,
		table_subtract(&db_side_of(db, kind)->table, owner_is, owner, range));
}

/* Renames the owners of lines to what @name returns, as db_rename() does for one. */
int db_rename_all(struct db *db, const struct kind *kind, table_name_fn name,
		  void *context)
{
	return db_fail(db, kind,
		       table_rename_all(&db_side_of(db, kind)->table, name, context));
}

/*
 * Makes @owner the owner of the lines that name @old; lines with a uid stay. The policy
 * is not checked, because the ids stay with the user that the lines meant. Returns 0,
 * -EINVAL (invalid owner) or -errno.
 */
int db_rename(struct db *db, const struct kind *kind, const char *old, const char *owner)
{
	return db_fail(db, kind,
		       table_rename(&db_side_of(db, kind)->table, old, strlen(old), owner,
				    strlen(owner)));
}

/*
 * Replaces lines, by ascending numbers, and adds a missing final newline; without the
 * policy. Returns 0 or -errno.
 */
int db_replace_lines(struct db *db, const struct kind *kind,
		     const struct table_change *changes, size_t n)
{
	return db_fail(db, kind,
		       table_replace_lines(&db_side_of(db, kind)->table, changes, n));
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
	int fd = fd_open_regular(db->directory, kind->database, O_RDONLY | O_NOFOLLOW);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	struct entry entry;
	int r = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	scan_start(&scan, fd);
	while (r == 0 && (r = scan_next(&scan, &line)) > 0)
		r = !owner_begins(line.text, line.len, owner) ||
				    entry_parse(line.text, line.len, &entry) ?
			    0 :
			    add_held(set, &entry, owner);
	return r;
}

/*
 * Adds the ids of the owner to @set, which is empty. A database that is not loaded is
 * read from disk. Returns 0 or -errno.
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

/* Returns whether a commit would write a database. */
bool db_changed(const struct db *db, const struct kind *kind)
{
	const struct db_side *side = &db->sides[kind->group];

	return side->loaded && side->table.changed;
}

/*
 * Releases the locks of databases that are not written, and syncs that, before the caller
 * writes another file: syncing that file alone could bring the locks back after a power
 * cut, with pids that other processes have by then. Keeps .pwd.lock. Returns 0 or -errno.
 */
int db_release(struct db *db)
{
	lock_release_databases(&db->lock);
	return fsync(db->directory) ? db_fail(db, NULL, -errno) : 0;
}

/* Ends a transaction without committing. Takes DB_NONE. */
void db_end(struct db *db)
{
	for (size_t i = 0; i < 2; i++) {
		if (!db->sides[i].kind)
			continue;
		atomicfile_cleanup(&db->sides[i].file);
		table_clear(&db->sides[i].table);
	}
	lock_release(&db->lock);
	ids_in_use_service_cleanup(&db->in_use);
	nss_end(&db->nss);
	db->directory = fd_close(db->directory);
}
