/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capacity: how many more users get ids of a pool, or within the bounds of login.defs(5),
 * and which ids are in the way.
 *
 *	capacity_list_add	a pool, or the ids outside all pools
 *	capacity_measure	fills it in
 *	capacity_list_cleanup
 */
#ifndef SUBID_CAPACITY_H
#define SUBID_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/alloc.h"
#include "libsubid/core/policy.h"
#include "libsubid/core/range.h"
#include "libsubid/core/reserved.h"
#include "libsubid/core/table.h"
#include "libsubid/store/allocated-ids.h"
#include "libsubid/user/owner-set.h"

/* From here on programs fail that store ids as signed numbers. */
#define CAPACITY_LARGE_IDS ((uint64_t)1 << 31)

enum capacity_what {
	CAPACITY_RESERVED, /* by the system: @reserved */
	CAPACITY_RULE,	   /* by the policy: @rule */
	CAPACITY_POOL,	   /* for users with this pool: @pool */
	CAPACITY_LINES,	   /* of lines: @count ids, from the first to the last of @ids */
	CAPACITY_ACCOUNTS, /* the same, of local accounts */
	/* These can be given: */
	CAPACITY_CHOSEN, /* a program chooses from them: @reserved */
	CAPACITY_LARGE,	 /* from CAPACITY_LARGE_IDS on */
};

/* Ids that are in the way, or of which the reader should know. */
struct capacity_obstacle {
	enum capacity_what what;
	bool kinds[2]; /* of uids, of gids */
	struct range ids;
	uint64_t count;
	const struct reserved *reserved;
	const struct policy_reserve *rule;
	const struct policy_pool *pool;
};

/* One kind of ids. */
struct capacity_side {
	const struct table *table;
	const struct allocated_ids *used; /* in use, reserved, or not to be given */
	const struct range_set *absent;	  /* not mapped in this user namespace; or NULL */
};

/* Who the owners of lines are. */
struct capacity_owners {
	const struct accounts *roster; /* the local users */
	/* The users of a command, and their uids; or NULL. */
	const struct owner_set *people;
	const struct range_set *uids;
};

struct capacity {
	const struct policy_pool *pool;	  /* NULL: outside all pools */
	bool kinds[2];			  /* of uids, of gids: users get these */
	struct alloc_request requests[2]; /* where, and how many ids each user gets */
	bool by_uid;			  /* the place follows from the uid: */
	uint64_t base;			  /* this uid has the first place */
	struct range uids; /* by_uid: who can have a place in the bounds; end 0: none */
	uint64_t fits;	   /* how many more users get ids */
	uint64_t unfit;	   /* by_uid: the first uid that gets none */
	uint64_t wanted;   /* users of a command who need ids, */
	uint64_t missing;  /* and how many of them get none */
	uint64_t unfit_wanted; /* by_uid: the first one of these; ID_NONE: none */
	struct range_set good; /* by_uid: uids that get ids, or have them, */
	struct range_set held; /* and that have them */
	struct capacity_obstacle *obstacles;
	size_t n_obstacles;
	size_t allocated;
};

struct capacity_list {
	struct capacity *items;
	size_t n;
	size_t allocated;
};

int capacity_list_add(struct capacity_list *list, struct capacity **ret_capacity);
int capacity_measure(struct capacity *capacity, const struct policy *policy,
		     const struct capacity_side sides[static 2],
		     const struct capacity_owners *owners);
void capacity_count_uid(struct capacity *capacity, uint64_t uid);
void capacity_list_cleanup(struct capacity_list *list);

/*
 * What the files of capacity share.
 */

int capacity_find_obstacles(struct capacity *capacity, const struct policy *policy,
			    const struct capacity_side sides[static 2]);

#endif
