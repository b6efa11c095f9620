/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subid-db-handle: the state of <subid-db.h>.
 */
#ifndef SUBID_DB_HANDLE_H
#define SUBID_DB_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <subid-db.h>

#include "libsubid/api/query.h"
#include "libsubid/core/overlap.h"
#include "libsubid/store/db.h"

#define HANDLE_WHERE_BYTES 4096

struct subid_db {
	char *root; /* NULL: this system */
	unsigned int flags;
	unsigned int types; /* of the open transaction; 0: none */
	struct db db;
	struct subid_db_conflict *conflicts;
	size_t n_conflicts;
	int error;
	char where[HANDLE_WHERE_BYTES];
};

int handle_fail(struct subid_db *handle, int code, int error, const char *where);
int handle_fail_errno(struct subid_db *handle, int r, const struct kind *kind);
int handle_fail_query(struct subid_db *handle, const struct query *query, int r,
		      const struct kind *kind);
int handle_fail_db(struct subid_db *handle, int r);
int handle_owner(struct subid_db *handle, const char *name, const struct lookup *lookup,
		 struct owner *ret_owner);
const struct kind *handle_kind(unsigned int type);
bool handle_sized(const void *given, void *ret_known, size_t known);

/* Allocates a list and its strings as one block; NULL: no memory. */
void *handle_block(size_t n, size_t size, size_t string_bytes, char **ret_strings);
const char *handle_string(char **strings, const char *text, size_t len);
int handle_conflicts(const struct overlap *overlaps, size_t n,
		     const struct range *missing, size_t n_missing,
		     const struct kind *kind, struct subid_db_conflict **ret_conflicts);

static inline unsigned int handle_type(const struct kind *kind)
{
	return kind->group ? SUBID_DB_GID : SUBID_DB_UID;
}

static inline struct subid_db_range handle_range(struct range range)
{
	return (struct subid_db_range){ range.start, range_count(range) };
}

#endif
