/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allot: new ranges for one owner or many, in the databases of a transaction.
 */
#ifndef SUBID_ALLOT_H
#define SUBID_ALLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/alloc.h"
#include "libsubid/core/range.h"
#include "libsubid/db.h"
#include "libsubid/user/people.h"
#include "libsubid/sys/settings.h"

struct allotment {
	uint64_t count;		/* how many ids; 0: as the settings say */
	bool needed[2];		/* of kind_uid, kind_gid: there is to be a new range */
	struct range ranges[2]; /* the new ranges; end 0: none */
	bool asked; /* the name service has none of their ids, or was not asked */
};

struct allot {
	const struct people *people;
	struct allotment *items; /* one for each of the people */
	size_t n;
	struct settings settings; /* bounds, usual counts, alignments, deterministic */
	bool kinds[2];		  /* kind_uid, kind_gid: wanted, and loaded */
	struct range fixed;	  /* this very range, of everybody; end 0: a free one */
	bool if_missing; /* who holds a range of a kind gets no other one of it */
	bool mirror; /* who holds a range of one kind gets the same of the other kind */
	bool above;  /* above the highest range in use before gaps between ranges */
	const struct kind *full; /* DB_FULL: of which kind, */
	size_t full_for;	 /* and for whom there was no room */
};

int allot_ranges(struct db *db, struct allot *allot, struct db_grant *grant);
int db_find_free(struct db *db, bool uid, bool gid, const struct alloc_request *request,
		 struct range *ret_range);

#endif
