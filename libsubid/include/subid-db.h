/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subid-db.h: the databases of subordinate ids, for programs that want to know why. See
 * subid-db(3); <shadow/subid.h> has fewer calls, which other libraries have too.
 *
 * A struct subid_db belongs to one thread at a time; any number of threads may each have
 * their own. There is no other state, nothing is printed, and no process is made that the
 * program could notice. A thread that is cancelled finishes its call first. A transaction
 * is the process's that began it: a child of fork(2) can close its copy, and nothing
 * else.
 *
 * What a call returns in a ret_ argument is written on success alone. Lists are one block
 * each, to be freed with free(3), strings in them included; an empty list is NULL.
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

/* Which database; subid_db_allocate() takes both, combined with `|`. */
#define SUBID_DB_UID 1u
#define SUBID_DB_GID 2u

/* What every int call returns on failure. New ones may come: treat those as failure. */
#define SUBID_DB_NO_USER       (-1)  /* no account and no line has this owner */
#define SUBID_DB_NO_RANGE      (-2)  /* the owner holds nothing, or nobody the id */
#define SUBID_DB_SOURCE_FAILED (-3)  /* who is to answer could not: no answer is known */
#define SUBID_DB_NOT_PERMITTED (-4)  /* the caller may not read or write this */
#define SUBID_DB_CONFLICT      (-5)  /* ids of others: see subid_db_conflicts() */
#define SUBID_DB_BUSY	       (-6)  /* somebody else kept the lock for 15 seconds */
#define SUBID_DB_MISSING       (-7)  /* the database does not exist */
#define SUBID_DB_FULL	       (-8)  /* no gap is large enough */
#define SUBID_DB_NOT_DURABLE   (-9)  /* written, but a power cut may undo it */
#define SUBID_DB_INVALID       (-10) /* no owner, range or use of the call */
#define SUBID_DB_NO_MEMORY     (-11)
#define SUBID_DB_NOT_FILES     (-12) /* nsswitch.conf does not name the files */
#define SUBID_DB_SYSTEM	       (-13) /* subid_db_errno() and subid_db_where() say more */

/* What a successful grant may return besides 0. */
#define SUBID_DB_UNSURE 1 /* done; the name service did not say whose ids these are */

/* For subid_db_open(). */
#define SUBID_DB_FILES_ONLY 1u /* ask the databases whatever nsswitch.conf says */

/* For subid_db_allocate() and subid_db_grant(). */
#define SUBID_DB_ALLOW_OVERLAP	1u /* ids of other owners and of accounts, on purpose */
#define SUBID_DB_ALLOW_ROOT	2u /* id 0 */
#define SUBID_DB_NO_ACCOUNT	4u /* the owner need not exist */
#define SUBID_DB_ALLOW_RESERVED 8u /* ids that systemd uses for itself */

/*
 * Where from. A program sets `size` to sizeof(struct subid_db_options) and what it does
 * not use to zero, so that the structure can grow.
 */
struct subid_db_options {
	size_t size;
	const char *root; /* the folder that is / of another system; NULL: this one */
	unsigned int flags;
};

/* @count ids from @start on, all below 2^32. */
struct subid_db_range {
	uint64_t start;
	uint64_t count;
};

/* A line of a database; it may grow at its end. */
struct subid_db_line {
	uint64_t number;   /* from 1 */
	const char *text;  /* without its newline; not terminated, */
	size_t len;	   /* and cut where it is longer than a line may be */
	const char *fault; /* why it grants nothing, in English; NULL: it is an entry */
	bool harmless;	   /* a fault that needs no repair: a comment, a blank line */
	const char *owner; /* of an entry; terminated */
	struct subid_db_range range;
};

struct subid_db_owner {
	const char *name; /* as the database has it */
	bool has_uid;	  /* false: by name, and without an account */
	uid_t uid;
};

/* Why a range is not allowed. New reasons may come. */
enum subid_db_why {
	SUBID_DB_NOT_HELD = 1, /* the owner does not hold these: no map may have them */
	SUBID_DB_OF_OWNER,     /* another owner's line holds them */
	SUBID_DB_OF_ACCOUNT,   /* the id of an account or a group */
	SUBID_DB_IS_ROOT,      /* id 0 */
	SUBID_DB_IS_NO_ID,     /* 4294967295 */
	SUBID_DB_IS_RESERVED,  /* ids that systemd uses for itself */
};

struct subid_db_conflict {
	enum subid_db_why why;
	unsigned int type;	   /* SUBID_DB_UID or SUBID_DB_GID */
	struct subid_db_range ids; /* those that it is about */
	uint64_t line;		   /* SUBID_DB_OF_OWNER: where; else 0 */
	const char *name; /* the owner, the account, or what is reserved; else NULL */
};

enum subid_db_severity {
	SUBID_DB_NOTE = 1, /* most often meant so */
	SUBID_DB_WARNING,  /* something does not work, or not with every program */
	SUBID_DB_ERROR,	   /* somebody may get ids that are not theirs */
};

/* Something that is wrong with a database, or looks as if it were. */
struct subid_db_finding {
	const char *code; /* a stable word, see subid-check(1) */
	enum subid_db_severity severity;
	unsigned int type;	   /* SUBID_DB_UID or SUBID_DB_GID */
	uint64_t line;		   /* where, */
	uint64_t other_line;	   /* and the line that it is at odds with; or 0 */
	struct subid_db_range ids; /* that it is about; count 0: none */
	const char *owner;	   /* of the line; NULL: none */
	const char *other;	   /* of the other line, an account, a group; or NULL */
};

/* What is to be allocated; as struct subid_db_options. */
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
 * Opens the databases of this system, or of another one. Nothing is read or locked yet.
 *
 * options: NULL means all zero. The result is closed with subid_db_close().
 */
int subid_db_open(const struct subid_db_options *options, struct subid_db **ret_db);

/* Ends a transaction that is open, and frees. Takes NULL, returns NULL. */
struct subid_db *subid_db_close(struct subid_db *db);

/* An English sentence without its full stop, never NULL, for any number. A constant. */
const char *subid_db_strerror(int error);

/* The errno behind the last failure of this handle; 0: there is none. */
int subid_db_errno(const struct subid_db *db);

/*
 * What the last failure was about: a file, a lock, a source. Never NULL; empty where
 * there is no such thing. Valid until the next call with this handle.
 */
const char *subid_db_where(const struct subid_db *db);

/*
 * Steps through all lines of a database, malformed ones included, as they stand on disk.
 * type: SUBID_DB_UID or SUBID_DB_GID. An iterator ends with subid_db_iter_free(), before
 * its database is closed.
 */
int subid_db_iter_new(struct subid_db *db, unsigned int type,
		      struct subid_db_iter **ret_iter);
/*
 * Returns 1 with the next line, 0 behind the last, or an error. The line, with all that
 * it points to, is valid until the next call with this iterator.
 */
int subid_db_iter_next(struct subid_db_iter *iter, const struct subid_db_line **ret_line);
/* Takes NULL, returns NULL. */
struct subid_db_iter *subid_db_iter_free(struct subid_db_iter *iter);

/*
 * The ranges of an owner in the order of their source, as they stand there.
 *
 * owner: a login name, a uid in decimal, or the name of an owner without account. All
 * lines of a user belong to the answer: by any of the user's login names and by uid.
 * In a transaction the answer counts what has been granted and revoked in it.
 */
int subid_db_ranges(struct subid_db *db, unsigned int type, const char *owner,
		    struct subid_db_range **ret_ranges, size_t *ret_n);

/* Those who hold an id. */
int subid_db_owners(struct subid_db *db, unsigned int type, uint32_t id,
		    struct subid_db_owner **ret_owners, size_t *ret_n);

/*
 * Everything that is in the way of the owner and @range: what the owner does not hold,
 * and of that what a grant would be refused for. Returns 0, also with an empty list: the
 * owner holds the range.
 */
int subid_db_explain(struct subid_db *db, unsigned int type, const char *owner,
		     struct subid_db_range range,
		     struct subid_db_conflict **ret_conflicts, size_t *ret_n);

/* Looks at both databases and at the local accounts. */
int subid_db_check(struct subid_db *db, struct subid_db_finding **ret_findings,
		   size_t *ret_n);

/*
 * Begins a transaction: locks and reads, waiting up to 15 seconds for others.
 * types: SUBID_DB_UID, SUBID_DB_GID or both. Nothing is written before subid_db_commit().
 */
int subid_db_begin(struct subid_db *db, unsigned int types);

/*
 * Gives the owner a free range of each of @types: with both, the same in each.
 * Returns 0, SUBID_DB_UNSURE or an error.
 */
int subid_db_allocate(struct subid_db *db, unsigned int types, const char *owner,
		      const struct subid_db_request *request,
		      struct subid_db_range *ret_range);

/*
 * Gives the owner what it does not yet hold of @range.
 * Returns 0, SUBID_DB_UNSURE or an error; SUBID_DB_CONFLICT: none of it was given.
 */
int subid_db_grant(struct subid_db *db, unsigned int type, const char *owner,
		   struct subid_db_range range, unsigned int flags);

/* Takes @range away from the owner. Returns 0, also where it held none of it. */
int subid_db_revoke(struct subid_db *db, unsigned int type, const char *owner,
		    struct subid_db_range range);

/*
 * Why the last subid_db_grant() or subid_db_allocate() was refused with
 * SUBID_DB_CONFLICT. Valid until the next call with this handle.
 */
const struct subid_db_conflict *subid_db_conflicts(const struct subid_db *db,
						   size_t *ret_n);

/*
 * Writes what was granted and revoked, both files as one act, and ends the transaction,
 * also when it fails. Returns 0 when it is on disk.
 */
int subid_db_commit(struct subid_db *db);

/* Ends the transaction and forgets it. Without one it does nothing. */
void subid_db_discard(struct subid_db *db);

#ifdef __cplusplus
}
#endif

#endif
