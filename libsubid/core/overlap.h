/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * overlap: conflicts of a new range, and their reasons.
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
	OVERLAP_OWNER = 1, /* a line of another owner holds the ids */
	OVERLAP_ACCOUNT,   /* the id of an existing account or group */
	OVERLAP_PRIMARY,   /* a user's primary group that is not in group(5) */
	OVERLAP_ROOT,	   /* id 0 */
	OVERLAP_NO_ID,	   /* 4294967295 */
	OVERLAP_RESERVED,  /* ids that systemd and the kernel use, see reserved.h */
};

struct overlap {
	enum overlap_why why;
	const struct kind *kind;
	struct range ids; /* the wanted ids that conflict */
	uint64_t line;	  /* OVERLAP_OWNER: the line number */
	bool malformed;	  /* OVERLAP_OWNER: only other programs read the line */
	/* The owner, the account, or what the ids are reserved for; else NULL. */
	char *name;
};

struct overlap_list {
	struct overlap *items;
	size_t n;
	size_t allocated;
};

/* Which conflicts the user allows. */
struct overlap_policy {
	bool allow_overlap;
	bool allow_root;
	bool allow_reserved;
};

struct overlap_question {
	const struct kind *kind;
	const struct range_set *wanted; /* the new ids */
	const struct table *table; /* the database, without the lines to be removed */
	/* Returns whether the owner of the new ids has the wanted part of a line; NULL:
	 * all lines are of other owners. */
	table_match_fn is_owner;
	void *context;
	/* Users or groups, and users by their primary groups; unsorted; or NULL. */
	const struct accounts *accounts;
	const struct accounts *primary;
	bool reserved; /* reserved ids are conflicts */
};

int overlap_find(const struct overlap_question *question, struct overlap_list *list);
bool overlap_is_overridden(const struct overlap *overlap,
			   const struct overlap_policy *policy);
void overlap_list_cleanup(struct overlap_list *list);

#endif
