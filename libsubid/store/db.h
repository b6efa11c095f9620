/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * db: transactions over both databases; nothing else writes them.
 *
 *	db_begin	open the directory, lock all account databases
 *	db_load		lock, open and read one database
 *	db_revoke ...	change it in memory
 *	db_commit	write both databases, or neither on failure
 *	db_end		in any case
 */
#ifndef SUBID_DB_H
#define SUBID_DB_H

#include <stdbool.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/sys/atomicfile.h"
#include "libsubid/sys/lock.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/ids-in-use.h"
#include "libsubid/user/nss.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/unknown-owners.h"

enum db_place {
	DB_LIVE,   /* the running system */
	DB_ROOT,   /* the root of another system: the name service is not used */
	DB_PREFIX, /* as DB_ROOT, but programs take no .pwd.lock there */
};

struct db_side {
	const struct kind *kind;
	bool loaded;
	struct atomicfile file;
	struct table table;
};

struct db {
	int stop; /* not owned: ends the transaction when readable; or -1 */
	/* Not owned: the root of that system, where its policy is; NULL: unknown. */
	const char *root;
	bool read_only; /* changes are only shown; no lock is taken */
	enum db_place place;
	int directory;
	struct nsswitch nsswitch;	  /* empty unless DB_LIVE */
	struct lookup lookup;		  /* see db_use_service() */
	struct ids_in_use_service in_use; /* likewise, for ids */
	bool keeps_reserved; /* refuse reserved ids: the running system, not in a user
				namespace */
	struct nss nss;	     /* see db_use_own_service() */
	struct name_service own_service;
	struct lock lock;
	struct db_side sides[2];
	/* The database of the last error; NULL: the directory or .pwd.lock. */
	const struct kind *failed;
	const char *accounts; /* the accounts file of the last error, or NULL */
};

#define DB_NONE                                                \
	{                                                      \
		.stop = -1, .directory = -1, .lock = LOCK_NONE \
	}

/* The results of transactions, besides 0 and -errno. They are greater than any exit
 * status of a program; docs/DESIGN.md has the statuses. */
enum {
	DB_BUSY = 64,	/* another process has the lock, see db->lock */
	DB_MISSING,	/* the database does not exist and is not created */
	DB_CONFLICT,	/* allocate: the policy refuses, see the conflicts */
	DB_FULL,	/* allocate: there is no free range */
	DB_STOPPED,	/* `stop` is readable; the files are as they were */
	DB_NOT_DURABLE, /* written, but a power cut may undo it */
	DB_UNKNOWN,	/* the name service did not say to which users lines belong */
	DB_POLICY,	/* allocate: the policy has errors, see allocate->site */
	DB_NOT_FILES, /* nsswitch.conf does not name the files: a change has no effect */
	DB_RESULTS,   /* other results begin here */
};

int db_begin(struct db *db, int directory, enum db_place place);
void db_use_service(struct db *db, const struct name_service *service);
void db_use_own_service(struct db *db);
int db_load(struct db *db, const struct kind *kind, bool create);
int db_find_names(struct db *db, const struct kind *kind, struct owner *owner,
		  struct range range, struct unknown_owners *unknown);
int db_revoke(struct db *db, const struct kind *kind, struct owner *owner,
	      struct range range);
int db_replace_lines(struct db *db, const struct kind *kind,
		     const struct table_change *changes, size_t n);
int db_rename_all(struct db *db, const struct kind *kind, table_name_fn name,
		  void *context);
int db_rename(struct db *db, const struct kind *kind, const char *old, const char *owner);
int db_held(const struct db *db, const struct kind *kind, struct owner *owner,
	    struct range_set *set);
bool db_changed(const struct db *db, const struct kind *kind);
int db_load_old(const struct db *db, const struct kind *kind, struct table *ret_table);
int db_commit(struct db *db);
int db_release(struct db *db);
void db_end(struct db *db);

/*
 * What the files of the transaction share.
 */

static inline struct db_side *db_side_of(struct db *db, const struct kind *kind)
{
	return &db->sides[kind->group];
}

/* Stores which database an error is about. */
static inline int db_fail(struct db *db, const struct kind *kind, int r)
{
	if (r)
		db->failed = kind;
	return r;
}

#endif
