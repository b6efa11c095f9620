/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * overlap: what is in the way of a new range, and why.
 */
#ifndef SUBID_OVERLAP_H
#define SUBID_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"

enum overlap_why {
	OVERLAP_OWNER = 1, /* ids of another owner's line */
	OVERLAP_ACCOUNT,   /* the id of an existing account or group */
	OVERLAP_PRIMARY,   /* the primary group of a user, without a group of its own */
	OVERLAP_ROOT,	   /* id 0 */
	OVERLAP_NO_ID,	   /* 4294967295 */
	OVERLAP_RESERVED,  /* ids that systemd and the kernel use, see reserved.h */
};

struct overlap {
	enum overlap_why why;
	const struct kind *kind;
	struct range ids; /* those that are both wanted and taken */
	uint64_t line;	  /* OVERLAP_OWNER: where */
	bool malformed;	  /* OVERLAP_OWNER: only other programs read the line */
	/* The owner, the account, or what the ids are reserved for; else NULL. */
	char *name;
};

struct overlap_list {
	struct overlap *items;
	size_t n;
	size_t allocated;
};

/* What may be overridden, and by which option of the tools. */
struct overlap_policy {
	bool allow_overlap;
	bool allow_root;
	bool allow_reserved;
};

struct overlap_question {
	const struct kind *kind;
	const struct range_set *wanted; /* the ids that are to be written */
	const struct table *table;	/* what stands there, without what goes */
	/* Matches the lines of the owner of new ids, by the part of a line that is
	 * wanted; NULL: all lines are of other owners. */
	table_match_fn is_owner;
	void *context;
	/* Accounts or groups, and users by their primary groups; not sorted; or NULL. */
	const struct accounts *accounts;
	const struct accounts *primary;
	bool reserved; /* reserved ids are conflicts */
};

int overlap_find(const struct overlap_question *question, struct overlap_list *list);
bool overlap_is_overridden(const struct overlap *overlap,
			   const struct overlap_policy *policy);
void overlap_list_cleanup(struct overlap_list *list);

#endif
