/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decide: whether the caller may write a map.
 *
 * Nothing is gathered for messages: explain/ reads the database again, as the caller.
 */
#ifndef SUBID_DECIDE_H
#define SUBID_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/user/account.h"
#include "libsubid/user/lookup.h"

struct decision {
	/* Some ids had to be delegated, and all of them are. */
	bool delegated;
	/* A line of the caller is in the database, in the part that was read. */
	bool owns;
	/* DECIDE_REFUSED: the first extent that is not allowed. */
	size_t refused;
	/* Its first ids that are not granted; end 0 if its count is 0. */
	struct range missing;
	/* 0, or the errno of a name service that could not look up an owner. */
	int name_service;
};

enum {
	DECIDE_REFUSED = 1,
	DECIDE_NO_DATABASE, /* it was needed and cannot be used: see the dbfile */
	DECIDE_NO_SOURCE,   /* it was needed and did not answer */
};

int decide(const struct kind *kind, const struct idmap *map, const struct lookup *lookup,
	   const struct account *account, uint32_t own_id, struct dbfile *file,
	   struct decision *ret_decision);
int decide_granted(const struct kind *kind, const struct idmap *map, uint32_t own_id,
		   const struct range_set *granted, const struct range_set *denied,
		   struct decision *ret_decision);

#endif
