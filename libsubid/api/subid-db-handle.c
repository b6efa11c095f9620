// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid-db-handle: opens and closes handles, and stores the last failure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/api/change.h"
#include "libsubid/api/export.h"
#include "libsubid/api/subid-db-handle.h"
#include "libsubid/core/cleanup.h"

_Static_assert(SUBID_DB_UID == CHANGE_UID && SUBID_DB_GID == CHANGE_GID,
	       "the kinds are the same inside and outside");

#define N_(text) (text) /* for xgettext; translated when it is printed */

static const char *const sentences[] = {
	[0] = N_("success"),
	[-SUBID_DB_NO_USER] = N_("no account and no line has this name"),
	[-SUBID_DB_NO_RANGE] = N_("no subordinate ids are delegated"),
	[-SUBID_DB_SOURCE_FAILED] = N_("a source of nsswitch.conf could not answer"),
	[-SUBID_DB_NOT_PERMITTED] = N_("not permitted"),
	[-SUBID_DB_CONFLICT] = N_("the ids belong to another owner"),
	[-SUBID_DB_BUSY] = N_("another program has locked the databases"),
	[-SUBID_DB_MISSING] = N_("the database does not exist"),
	[-SUBID_DB_FULL] = N_("there is no room for another range"),
	[-SUBID_DB_NOT_DURABLE] = N_("written, but it may not survive a power cut"),
	[-SUBID_DB_INVALID] = N_("an argument is not valid"),
	[-SUBID_DB_NO_MEMORY] = N_("out of memory"),
	[-SUBID_DB_NOT_FILES] = N_("nsswitch.conf does not name the files as a source"),
	[-SUBID_DB_SYSTEM] = N_("the system refused a call"),
};

EXPORT const char *subid_db_strerror(int error)
{
	if (error == SUBID_DB_UNSURE)
		return "done, but the name service did not answer in time";
	/* Unsigned, so that the negation cannot overflow. */
	if (0u - (unsigned int)error >= sizeof(sentences) / sizeof(sentences[0]))
		return "unknown error";
	return sentences[-error];
}

/*
 * Copies a structure of a caller, which may have been compiled with another version. The
 * rest of a shorter structure is zero; the unknown part of a longer one must be zero.
 * NULL stands for all zero. Both structures begin with their size.
 */
bool handle_sized(const void *given, void *ret_known, size_t known)
{
	const char *bytes = given;
	size_t size = known;

	memset(ret_known, 0, known);
	if (given)
		memcpy(&size, given, sizeof(size));
	if (size < sizeof(size))
		return false;
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return false;
	if (given)
		memcpy(ret_known, given, size < known ? size : known);
	return true;
}

EXPORT int subid_db_open(const struct subid_db_options *options, struct subid_db **ret_db)
{
	struct subid_db_options known;
	struct subid_db *handle;

	if (!ret_db || !handle_sized(options, &known, sizeof(known)) ||
	    (known.flags & ~SUBID_DB_FILES_ONLY))
		return SUBID_DB_INVALID;
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		return SUBID_DB_NO_MEMORY;
	handle->db = (struct db)DB_NONE;
	handle->flags = known.flags;
	if (known.root) {
		handle->root = strdup(known.root);
		if (!handle->root) {
			subid_db_close(handle);
			return SUBID_DB_NO_MEMORY;
		}
	}
	*ret_db = handle;
	return 0;
}

EXPORT struct subid_db *subid_db_close(struct subid_db *db)
{
	if (!db)
		return NULL;
	subid_db_discard(db);
	free(db->conflicts);
	free(db->root);
	free(db);
	return NULL;
}

EXPORT int subid_db_errno(const struct subid_db *db)
{
	return db->error;
}

EXPORT const char *subid_db_where(const struct subid_db *db)
{
	return db->where;
}

/* Stores a failure and returns its code. */
int handle_fail(struct subid_db *handle, int code, int error, const char *where)
{
	handle->error = error;
	snprintf(handle->where, sizeof(handle->where), "%s", where);
	return code;
}

static int code_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return SUBID_DB_NOT_PERMITTED;
	case ENOMEM:
		return SUBID_DB_NO_MEMORY;
	case ENOENT:
		return SUBID_DB_MISSING;
	default:
		return SUBID_DB_SYSTEM;
	}
}

/* Stores -errno @r about a database, or with @kind NULL about their directory. */
int handle_fail_errno(struct subid_db *handle, int r, const struct kind *kind)
{
	char path[HANDLE_WHERE_BYTES];

	snprintf(path, sizeof(path), "%s%s", handle->root ? handle->root : "",
		 kind ? kind->path : SYSCONFDIR);
	return handle_fail(handle, code_of(-r), -r, path);
}

/* Stores the result of a query other than 0. */
int handle_fail_query(struct subid_db *handle, const struct query *query, int r,
		      const struct kind *kind)
{
	if (r == QUERY_FAILED)
		return handle_fail(handle, SUBID_DB_SOURCE_FAILED, 0, query->failed);
	if (r == QUERY_UNKNOWN)
		return handle_fail(handle, SUBID_DB_SOURCE_FAILED, EAGAIN,
				   kind_uid.accounts);
	return handle_fail_errno(handle, r, kind);
}

/* Stores the result of a db or change function other than 0. */
int handle_fail_db(struct subid_db *handle, int r)
{
	const struct db *db = &handle->db;
	const char *busy = db->lock.busy ? db->lock.busy : "";

	switch (r) {
	case DB_BUSY:
		return handle_fail(handle, SUBID_DB_BUSY, EAGAIN, busy);
	case DB_CONFLICT:
		return handle_fail(handle, SUBID_DB_CONFLICT, 0, "");
	case DB_UNKNOWN:
		return handle_fail(handle, SUBID_DB_SOURCE_FAILED, EAGAIN,
				   kind_uid.accounts);
	case DB_FULL:
		return handle_fail(handle, SUBID_DB_FULL, 0, "");
	case DB_POLICY:
		return handle_fail(handle, SUBID_DB_SYSTEM, EBADMSG, "subid.d");
	case DB_NOT_FILES:
		return handle_fail(handle, SUBID_DB_NOT_FILES, 0, "nsswitch.conf");
	case DB_MISSING:
		return handle_fail_errno(handle, -ENOENT, db->failed);
	case DB_NOT_DURABLE:
		handle_fail_errno(handle, -EIO, NULL);
		return SUBID_DB_NOT_DURABLE;
	default:
		if (db->accounts)
			return handle_fail(handle, code_of(-r), -r, db->accounts);
		return handle_fail_errno(handle, r, db->failed);
	}
}

const struct kind *handle_kind(unsigned int type)
{
	return type == SUBID_DB_UID ? &kind_uid : type == SUBID_DB_GID ? &kind_gid : NULL;
}

/*
 * Finds an owner; a uid in decimal means the user with this uid. Returns 0, also for an
 * owner without an account, or an error of <subid-db.h>.
 */
int handle_owner(struct subid_db *handle, const char *name, const struct lookup *lookup,
		 struct owner *ret_owner)
{
	int r = name ? owner_find(ret_owner, name, lookup, true) : OWNER_INVALID;

	if (r == OWNER_INVALID)
		return handle_fail(handle, SUBID_DB_INVALID, EINVAL, name ? name : "");
	if (r == 0)
		return 0;
	/* A silent name service is a failed source, too. */
	return handle_fail(handle,
			   r == -ENOMEM ? SUBID_DB_NO_MEMORY : SUBID_DB_SOURCE_FAILED, -r,
			   kind_uid.accounts);
}

void *handle_block(size_t n, size_t size, size_t string_bytes, char **ret_strings)
{
	size_t bytes;
	char *block;

	if (__builtin_mul_overflow(n, size, &bytes) ||
	    __builtin_add_overflow(bytes, string_bytes, &bytes))
		return NULL;
	block = calloc(1, bytes);
	if (block)
		*ret_strings = block + n * size;
	return block;
}

/* Appends a string to those of a block; NULL stays NULL. */
const char *handle_string(char **strings, const char *text, size_t len)
{
	char *copy = *strings;

	if (!text)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*strings = copy + len + 1;
	return copy;
}

static enum subid_db_why why_of(enum overlap_why why)
{
	switch (why) {
	case OVERLAP_OWNER:
		return SUBID_DB_OF_OWNER;
	case OVERLAP_ACCOUNT:
	case OVERLAP_PRIMARY:
		return SUBID_DB_OF_ACCOUNT;
	case OVERLAP_ROOT:
		return SUBID_DB_IS_ROOT;
	case OVERLAP_RESERVED:
		return SUBID_DB_IS_RESERVED;
	case OVERLAP_NO_ID:
		break;
	}
	return SUBID_DB_IS_NO_ID;
}

/*
 * Makes a list of missing ranges and conflicts; NULL if there are none.
 * Returns 0 or -ENOMEM.
 */
int handle_conflicts(const struct overlap *overlaps, size_t n,
		     const struct range *missing, size_t n_missing,
		     const struct kind *kind, struct subid_db_conflict **ret_conflicts)
{
	struct subid_db_conflict *list;
	size_t bytes = 0, used = 0;
	char *strings;

	*ret_conflicts = NULL;
	if (n + n_missing == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		bytes += overlaps[i].name ? strlen(overlaps[i].name) + 1 : 0;
	list = handle_block(n + n_missing, sizeof(*list), bytes, &strings);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n_missing; i++)
		list[used++] =
			(struct subid_db_conflict){ .why = SUBID_DB_NOT_HELD,
						    .type = handle_type(kind),
						    .ids = handle_range(missing[i]) };
	for (size_t i = 0; i < n; i++) {
		const char *name = overlaps[i].name;

		list[used++] = (struct subid_db_conflict){
			.why = why_of(overlaps[i].why),
			.type = handle_type(overlaps[i].kind),
			.ids = handle_range(overlaps[i].ids),
			.line = overlaps[i].line,
			.name = handle_string(&strings, name, name ? strlen(name) : 0),
		};
	}
	*ret_conflicts = list;
	return 0;
}
