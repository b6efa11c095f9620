/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subid-db.h: reads and changes the databases of subordinate ids, with reasons for
 * failures. See subid-db(3). <shadow/subid.h> has fewer calls, those of shadow's library.
 *
 * A struct subid_db belongs to one thread at a time; any number of threads may each have
 * their own. There is no other state, nothing is printed, and the program cannot notice a
 * child process. A thread that is cancelled finishes its call first. A transaction
 * belongs to the process that began it: a child of fork(2) can only close its copy.
 *
 * A ret_ argument is written only on success. A list is one block together with its
 * strings; free it with free(3). An empty list is NULL.
 *
 * All calls: since 0.1.0.
 */
#ifndef SUBID_DB_PUBLIC_H
#define SUBID_DB_PUBLIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct subid_db;
struct subid_db_iter;

/* Databases; subid_db_begin() and subid_db_allocate() take both, combined with `|`. */
#define SUBID_DB_UID 1u
#define SUBID_DB_GID 2u

/* What every int call returns on failure. Treat other negative values as failure, too. */
#define SUBID_DB_NO_USER       (-1)  /* no account and no line has this owner */
#define SUBID_DB_NO_RANGE      (-2)  /* no range of the owner, or no owner of the id */
#define SUBID_DB_SOURCE_FAILED (-3)  /* a source could not answer */
#define SUBID_DB_NOT_PERMITTED (-4)  /* the caller may not read or write this */
#define SUBID_DB_CONFLICT      (-5)  /* not allowed: see subid_db_conflicts() */
#define SUBID_DB_BUSY	       (-6)  /* another process kept the lock for 15 seconds */
#define SUBID_DB_MISSING       (-7)  /* the database does not exist */
#define SUBID_DB_FULL	       (-8)  /* no gap is large enough */
#define SUBID_DB_NOT_DURABLE   (-9)  /* written, but a power cut may undo it */
#define SUBID_DB_INVALID       (-10) /* invalid owner, range or use of the call */
#define SUBID_DB_NO_MEMORY     (-11)
#define SUBID_DB_NOT_FILES     (-12) /* nsswitch.conf does not name the files */
#define SUBID_DB_SYSTEM	       (-13) /* subid_db_errno() and subid_db_where() say more */

/* What a successful grant may return besides 0. */
#define SUBID_DB_UNSURE 1 /* done, but the name service did not answer about the ids */

/* For subid_db_open(). */
#define SUBID_DB_FILES_ONLY 1u /* ask only the databases, whatever nsswitch.conf says */

/* For subid_db_allocate() and subid_db_grant(). */
#define SUBID_DB_ALLOW_OVERLAP	1u /* ids of other owners and of accounts */
#define SUBID_DB_ALLOW_ROOT	2u /* id 0 */
#define SUBID_DB_NO_ACCOUNT	4u /* the owner need not exist */
#define SUBID_DB_ALLOW_RESERVED 8u /* ids that systemd uses for itself */

/*
 * A program sets `size` to sizeof(struct subid_db_options) and unused members to zero, so
 * that the structure can grow.
 */
struct subid_db_options {
	size_t size;
	const char *root; /* the root directory of another system; NULL: this one */
	unsigned int flags;
};

/* @count ids from @start on, all below 2^32. */
struct subid_db_range {
	uint64_t start;
	uint64_t count;
};

/* A line of a database. New members may be added at the end. */
struct subid_db_line {
	uint64_t number;   /* from 1 */
	const char *text;  /* without its newline; not terminated */
	size_t len;	   /* a longer line than allowed is cut off */
	const char *fault; /* why it grants nothing, in English; NULL: an entry */
	bool harmless;	   /* a fault that needs no fix: a comment, an empty line */
	const char *owner; /* of an entry; terminated */
	struct subid_db_range range;
};

struct subid_db_owner {
	const char *name; /* as in the database */
	bool has_uid;	  /* false: a name without an account */
	uid_t uid;
};

/* Why a range is not allowed. New reasons may come. */
enum subid_db_why {
	SUBID_DB_NOT_HELD = 1, /* the owner does not hold these ids */
	SUBID_DB_OF_OWNER,     /* another owner's line holds them */
	SUBID_DB_OF_ACCOUNT,   /* the id of an account or a group */
	SUBID_DB_IS_ROOT,      /* id 0 */
	SUBID_DB_IS_NO_ID,     /* 4294967295 */
	SUBID_DB_IS_RESERVED,  /* ids that systemd uses for itself */
};

struct subid_db_conflict {
	enum subid_db_why why;
	unsigned int type;	   /* SUBID_DB_UID or SUBID_DB_GID */
	struct subid_db_range ids; /* the ids it is about */
	uint64_t line;		   /* SUBID_DB_OF_OWNER: its number; else 0 */
	const char *name; /* the owner, account, or purpose of reserved ids; or NULL */
};

enum subid_db_severity {
	SUBID_DB_NOTE = 1, /* mostly intended */
	SUBID_DB_WARNING,  /* something does not work, or not with every program */
	SUBID_DB_ERROR,	   /* a user may get ids of another one */
};

/* A fault or a suspicious line of a database. */
struct subid_db_finding {
	const char *code; /* a stable word, see subid-check(1) */
	enum subid_db_severity severity;
	unsigned int type;	   /* SUBID_DB_UID or SUBID_DB_GID */
	uint64_t line;		   /* the line it is about */
	uint64_t other_line;	   /* the line it conflicts with; or 0 */
	struct subid_db_range ids; /* the ids it is about; count 0: none */
	const char *owner;	   /* of the line; NULL: none */
	const char *other;	   /* of the other line, an account, a group; or NULL */
};

/* What to allocate; `size` and unused members as in struct subid_db_options. */
struct subid_db_request {
	size_t size;
	uint64_t count; /* 0: SUB_UID_COUNT of login.defs(5), or SUB_GID_COUNT */
	uint64_t align; /* the start is a multiple of it; 0: any */
	/* Bounds; both 0: SUB_UID_MIN to SUB_UID_MAX, or SUB_GID_MIN to SUB_GID_MAX. */
	uint64_t first;
	uint64_t last;
	unsigned int flags;
};

/*
 * Opens a handle; nothing is read or locked yet.
 *
 * options: NULL means all zero. Close the result with subid_db_close().
 */
int subid_db_open(const struct subid_db_options *options, struct subid_db **ret_db);

/* Discards an open transaction and frees the handle. Takes NULL, returns NULL. */
struct subid_db *subid_db_close(struct subid_db *db);

/* Returns an English sentence without its full stop, a constant, never NULL. */
const char *subid_db_strerror(int error);

/* Returns the errno of the last failure of this handle; 0: there is none. */
int subid_db_errno(const struct subid_db *db);

/*
 * Returns what the last failure was about: a file, a lock, a source. Never NULL; empty if
 * there is none. Valid until the next call with this handle.
 */
const char *subid_db_where(const struct subid_db *db);

/*
 * Iterates over all lines of a database on disk, also malformed ones. type: SUBID_DB_UID
 * or SUBID_DB_GID. Free the iterator with subid_db_iter_free() before you close @db.
 */
int subid_db_iter_new(struct subid_db *db, unsigned int type,
		      struct subid_db_iter **ret_iter);
/*
 * Returns 1 with the next line, 0 after the last one, or an error. The line and all that
 * it points to are valid until the next call with this iterator.
 */
int subid_db_iter_next(struct subid_db_iter *iter, const struct subid_db_line **ret_line);
/* Takes NULL, returns NULL. */
struct subid_db_iter *subid_db_iter_free(struct subid_db_iter *iter);

/*
 * Returns the ranges of an owner in the order of their source, neither sorted nor joined.
 *
 * owner: a login name, a uid in decimal, or the name of an owner without account. The
 * answer has all lines of a user: by any of the user's login names and by uid.
 * In a transaction the answer counts what has been granted and revoked in it.
 */
int subid_db_ranges(struct subid_db *db, unsigned int type, const char *owner,
		    struct subid_db_range **ret_ranges, size_t *ret_n);

/* Returns the owners of an id. */
int subid_db_owners(struct subid_db *db, unsigned int type, uint32_t id,
		    struct subid_db_owner **ret_owners, size_t *ret_n);

/*
 * Explains why the owner may not use @range: lists the ids that the owner does not hold,
 * and the conflicts that a grant of these would have. The list is empty if the owner
 * holds the range.
 */
int subid_db_explain(struct subid_db *db, unsigned int type, const char *owner,
		     struct subid_db_range range,
		     struct subid_db_conflict **ret_conflicts, size_t *ret_n);

/* Checks both databases and the local accounts. */
int subid_db_check(struct subid_db *db, struct subid_db_finding **ret_findings,
		   size_t *ret_n);

/*
 * Begins a transaction: locks, waiting up to 15 seconds, and reads.
 * types: SUBID_DB_UID, SUBID_DB_GID or both. Nothing is written before subid_db_commit().
 */
int subid_db_begin(struct subid_db *db, unsigned int types);

/*
 * Grants the owner a free range; for both types, the same range.
 * Returns 0, SUBID_DB_UNSURE or an error.
 */
int subid_db_allocate(struct subid_db *db, unsigned int types, const char *owner,
		      const struct subid_db_request *request,
		      struct subid_db_range *ret_range);

/*
 * Grants the ids of @range that the owner does not hold yet. Returns 0, SUBID_DB_UNSURE
 * or an error; with SUBID_DB_CONFLICT none was granted.
 */
int subid_db_grant(struct subid_db *db, unsigned int type, const char *owner,
		   struct subid_db_range range, unsigned int flags);

/* Revokes @range from the owner. Returns 0, also if the owner held none of it. */
int subid_db_revoke(struct subid_db *db, unsigned int type, const char *owner,
		    struct subid_db_range range);

/*
 * Returns the conflicts if the last subid_db_grant() or subid_db_allocate() returned
 * SUBID_DB_CONFLICT. Valid until the next call with this handle.
 */
const struct subid_db_conflict *subid_db_conflicts(const struct subid_db *db,
						   size_t *ret_n);

/*
 * Writes all changes, to both files or neither, and ends the transaction, also on
 * failure. Returns 0 when the changes are on disk.
 */
int subid_db_commit(struct subid_db *db);

/* Ends the transaction without writing. Does nothing without a transaction. */
void subid_db_discard(struct subid_db *db);

#ifdef __cplusplus
}
#endif

#endif
