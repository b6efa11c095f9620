/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decide: may this caller have this map?
 */
#ifndef SUBID_DECIDE_H
#define SUBID_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "explain/facts.h"
#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"
#include "libsubid/user/account.h"
#include "libsubid/sys/dbfile.h"

struct decision {
	/* Whether any id is delegated, and not only the caller's own. */
	bool delegated;
	/* Whether any line of the database, as far as it was read, is the caller's. */
	bool owns;
	/* DECIDE_REFUSED: the first extent that is not allowed. */
	size_t refused;
	/* The first part of it that is not granted; end 0 when its count is 0. */
	struct range missing;
	/* 0, or the errno of a name service that could not say who an owner is.
	 */
	int name_service;
	/* What the lines of the database say about what is missing, for those who may
	 * read them; whether they were looked at. */
	struct facts_grants grants;
	bool noted;
};

enum {
	DECIDE_REFUSED = 1,
	DECIDE_NO_DATABASE, /* it was needed and cannot be used: see the dbfile */
	DECIDE_NO_SOURCE,   /* it was needed and did not answer */
};

int decide(const struct kind *kind, const struct idmap *map,
	   const struct account *account, uint32_t own_id, struct dbfile *file,
	   struct decision *ret_decision);
int decide_granted(const struct kind *kind, const struct idmap *map, uint32_t own_id,
		   const struct range_set *granted, const struct range_set *denied,
		   struct decision *ret_decision);

#endif
