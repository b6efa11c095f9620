/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * db: the transaction over both databases, the one place through which they are written.
 *
 *	db_begin	open the folder, lock all account databases
 *	db_load		lock, open and read one database
 *	db_revoke ...	change it in memory
 *	db_commit	write what changed, both files as one act
 *	db_end		in any case
 */
#ifndef SUBID_DB_H
#define SUBID_DB_H

#include <stdbool.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/overlap.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/sys/atomicfile.h"
#include "libsubid/sys/lock.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/nss.h"
#include "libsubid/user/owner.h"
#include "libsubid/sys/taken.h"

enum db_place {
	DB_LIVE,   /* the running system */
	DB_ROOT,   /* the root of another one: no name service is asked */
	DB_PREFIX, /* as DB_ROOT, and nobody takes .pwd.lock there */
};

struct db_side {
	const struct kind *kind;
	bool loaded;
	struct atomicfile file;
	struct table table;
};

struct db {
	int stop; /* not owned: ends the transaction when it is readable; -1: nothing does
		   */
	int folder;
	struct nsswitch nsswitch; /* empty unless DB_LIVE */
	/* Who knows users; its service is set by who begins, NULL for an image. */
	struct lookup lookup;
	int64_t waited; /* for the name service, in milliseconds */
	bool in_library; /* no child processes: the name service is this process's, */
	struct nss nss;	 /* by this; see db_use_own_service() */
	struct name_service own_service;
	struct lock lock;
	struct db_side sides[2];
	/* Where the last error was; NULL: with the folder or the lock of all databases.
	 */
	const struct kind *failed;
	const char *accounts; /* it was with this file beside the databases; or NULL */
};

#define DB_NONE                                             \
	{                                                   \
		.stop = -1, .folder = -1, .lock = LOCK_NONE \
	}

enum {
	DB_BUSY = 1,	/* somebody else has the lock: db->lock says which and who */
	DB_MISSING,	/* the database does not exist, and is not to be created */
	DB_CONFLICT,	/* the overlap policy refuses: see the list */
	DB_FULL,	/* there is no room for another range */
	DB_STOPPED,	/* `stop` is readable; the files are as they were */
	DB_NOT_DURABLE, /* written, but a power cut may undo it */
};

/* What may be overridden, and by which option of the tools. */
struct db_policy {
	bool allow_overlap;
	bool allow_root;
};

struct db_grant {
	struct owner *owner; /* NULL for allot_ranges(): it knows its people */
	bool by_id;	     /* new lines name the owner by uid */
	bool asked;	     /* the name service was asked already */
	bool each_line;	     /* each line is in the way: what the owner holds is not asked
				about */
	const struct taken *known; /* the local accounts, with `asked`; NULL: they are
				      looked for */
	struct db_policy policy;
	struct overlap_list conflicts; /* DB_CONFLICT: all of them */
	bool unsure;		       /* the name service did not answer in time */
};

int db_begin(struct db *db, int folder, enum db_place place);
void db_use_own_service(struct db *db);
int db_load(struct db *db, const struct kind *kind, bool create);
int db_revoke(struct db *db, const struct kind *kind, struct owner *owner,
	      struct range range);
int db_drop_lines(struct db *db, const struct kind *kind, const uint64_t *numbers,
		  size_t n);
int db_grant(struct db *db, const struct kind *kind, struct db_grant *grant,
	     struct range range);
int db_rename_all(struct db *db, const struct kind *kind, table_name_fn name,
		  void *context);
int db_rename(struct db *db, const struct kind *kind, const char *old, const char *owner);
int db_find_taken(struct db *db, const struct kind *kind, const struct range_set *wanted,
		  struct taken *taken);
int db_ask_service(struct db *db, const struct kind *kind, const struct range_set *wanted,
		   struct taken *taken);
int db_check(struct db *db, const struct kind *kind, const struct range_set *wanted,
	     struct db_grant *grant);
int db_held(const struct db *db, const struct kind *kind, struct owner *owner,
	    struct range_set *set);
bool db_changed(const struct db *db, const struct kind *kind);
int db_load_old(const struct db *db, const struct kind *kind, struct table *ret_table);
int db_commit(struct db *db);
void db_unlock(struct db *db);
void db_end(struct db *db);

#endif
