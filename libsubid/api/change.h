/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * change: transactions of the library.
 */
#ifndef SUBID_CHANGE_H
#define SUBID_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/api/query.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"

/* Kinds, combined with `|`. */
#define CHANGE_UID 1u
#define CHANGE_GID 2u

/* What to allocate; 0: as in login.defs(5). */
struct change_request {
	uint64_t count;
	uint64_t align;
	struct range bounds; /* end 0: as in login.defs(5) */
};

int change_begin(struct db *db, const char *root, unsigned int kinds);
int change_allocate(struct db *db, unsigned int kinds, const struct owner *owner,
		    const struct change_request *request, struct allocate *allocate,
		    struct range *ret_range);
int change_ranges(const struct db *db, const struct kind *kind, struct owner *owner,
		  struct query_ranges *ranges);

static inline const struct kind *change_kind(unsigned int kind)
{
	return kind == CHANGE_GID ? &kind_gid : &kind_uid;
}

#endif
