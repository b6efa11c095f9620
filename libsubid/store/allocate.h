/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allocate: new ranges for one owner or many, in the databases of a transaction.
 */
#ifndef SUBID_ALLOCATE_H
#define SUBID_ALLOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/alloc.h"
#include "libsubid/core/overlap.h"
#include "libsubid/core/range.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/settings.h"
#include "libsubid/user/people.h"

/* One new range, of one kind or both. */
struct allocate_item {
	uint64_t count;		/* how many ids; 0: as the settings say */
	bool needed[2];		/* of kind_uid, kind_gid: a range is to be found */
	struct range ranges[2]; /* the new ranges; end 0: none */
	bool asked; /* the name service has none of their ids, or was not asked */
};

/* Why there is no room. */
struct allocate_full {
	int why; /* an ALLOC_ value of core/alloc.h */
	const struct kind *kind;
	size_t item;
	uid_t uid;	/* of the owner; PERSON_NO_UID: it has none */
	uint64_t count; /* how many ids were wanted */
};

struct allocate {
	const struct people *people;
	struct allocate_item *items; /* one for each of the people; see `fixed` */
	size_t n;
	struct settings settings; /* bounds, counts, alignments, deterministic, by_id */
	bool kinds[2];		  /* kind_uid, kind_gid: wanted, and loaded */
	/* There is one owner; all items are its own, and say which ranges; they are
	 * written in this order. */
	bool fixed;
	bool if_missing; /* an owner with a range of a kind gets no other one of it */
	bool mirror;   /* an owner with a range of one kind gets the same of the other */
	bool together; /* the same range of both kinds, or none */
	bool above;    /* above the highest range in use before gaps between ranges */
	struct overlap_policy policy;

	struct overlap_list conflicts; /* DB_CONFLICT: all of them */
	struct allocate_full full;     /* DB_FULL */
	bool unsure;		       /* the name service did not answer in time */
	/* Between these are new ranges whose ids do not exist in this user namespace;
	 * end 0: all exist. Of fixed ranges it is not said. */
	struct range absent;
};

int allocate_ranges(struct db *db, struct allocate *allocate);
int allocate_for_owner(struct db *db, struct allocate *allocate,
		       const struct owner *owner);
void allocate_cleanup(struct allocate *allocate);

#endif
