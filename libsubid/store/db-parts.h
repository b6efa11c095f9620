/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * db-parts: what the files of the transaction share.
 */
#ifndef SUBID_DB_PARTS_H
#define SUBID_DB_PARTS_H

#include "libsubid/store/db.h"

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
