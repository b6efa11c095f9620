/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allocate: allocates ranges for one or many owners in a transaction.
 */
#ifndef SUBID_ALLOCATE_H
#define SUBID_ALLOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "libsubid/core/alloc.h"
#include "libsubid/core/num.h"
#include "libsubid/core/overlap.h"
#include "libsubid/core/range.h"
#include "libsubid/store/allocated-ids.h"
#include "libsubid/store/capacity.h"
#include "libsubid/store/conflicts.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/policy-files.h"
#include "libsubid/sys/settings.h"
#include "libsubid/user/owner-set.h"

/* One new range, of one kind or both. */
struct allocate_item {
	size_t person;	  /* with `fixed`: the owner, else that of the same index */
	uint64_t count;	  /* how many ids; 0: as in the settings */
	uint64_t held[2]; /* with `if_missing` or `at_least`: how many the owner has */
	bool needed[2];	  /* of kind_uid, kind_gid: needs a range */
	/* The rule of the policy that gives the owner a pool, or NULL. */
	const struct policy_assign *assign;
	struct range ranges[2]; /* the new ranges; end 0: none */
	uint64_t retired;	/* when the ids were retired that it gets back; 0: none */
	struct range back[2];	/* their span */
	bool gets_any;		/* the owner does not hold all ids of these already */
	bool asked; /* the name service has none of their ids, or was not asked */
};

/* Further reasons, besides the ALLOC_ values of core/alloc.h. */
enum {
	ALLOCATE_POOL = 16, /* the pool is full */
	ALLOCATE_OUTSIDE,   /* the place of the uid is not in the pool */
	ALLOCATE_SIZE,	    /* the place of the uid has another size */
	ALLOCATE_OF_POOL,   /* the deterministic range has ids of a pool */
	ALLOCATE_TOTAL,	    /* the deterministic range is too few for at_least */
};

/* Why there is no free range. */
struct allocate_full {
	int why;
	const struct policy_pool *pool; /* of which it is, or NULL */
	const struct kind *kind;
	size_t item;
	uid_t uid;	/* of the owner, or OWNER_SET_NO_UID */
	uint64_t count; /* the requested number of ids */
};

struct allocate {
	const struct owner_set *people;
	struct allocate_item *items; /* one for each owner; see `fixed` */
	size_t n;
	struct settings settings; /* bounds, counts, alignments, deterministic, by_id */
	bool kinds[2];		  /* kind_uid, kind_gid: wanted, and loaded */
	/* The items already have ranges, which are written in this order. Several owners
	 * share ids only by a rule; of one of several, no ranges share ids. */
	bool fixed;
	bool verbatim; /* the owner of new lines is the added name, not the login name */
	bool if_missing; /* an owner with a range of a kind gets no other */
	/* The same for owners of a pool, unless their place in it follows from the uid.
	 */
	bool if_missing_in_pools;
	bool at_least; /* counts are totals: an owner gets the ids that are missing */
	bool mirror;   /* an owner with a range of one kind gets the same of the other */
	bool together; /* the same range of both kinds, or none */
	bool above;    /* prefer ids above the highest range to gaps between ranges */
	bool bounded;  /* the bounds are the caller's and hold in pools, too */
	/* An owner without ids of a kind gets those back that were retired. */
	bool give_back;
	bool join; /* ids behind an owner's last line make that line longer */
	struct overlap_policy policy;
	/* If set: is filled with the pools of the users, also if there is no room. */
	struct capacity_list *capacity;

	struct policy_files site; /* the policy; read once */
	bool has_site;		  /* it was read */
	bool has_pools;		  /* allocate_find_pools() has set items->assign */
	struct policy_word unknown_group; /* -errno: its members are not known; or NULL */
	struct overlap_list conflicts;	  /* DB_CONFLICT: all of them */
	struct allocate_full full;	  /* DB_FULL */
	bool unsure;			  /* the name service did not answer in time */
	/* The span of new ranges with ids that are not mapped in this user namespace; end
	 * 0: none. Not set for fixed ranges. */
	struct range absent;
};

int allocate_read_site(struct db *db, struct allocate *allocate);
int allocate_find_pools(struct db *db, struct allocate *allocate);
bool allocate_may_share(const struct allocate *allocate, size_t a, size_t b);
int allocate_ranges(struct db *db, struct allocate *allocate);
int allocate_for_owner(struct db *db, struct allocate *allocate,
		       const struct owner *owner);
void allocate_cleanup(struct allocate *allocate);

/* Returns whether the owner has a pool and gets any free ids of it. */
static inline bool allocate_is_anywhere_in_pool(const struct allocate_item *item)
{
	return item->assign && !item->assign->by_uid;
}

/* Returns whether the owner gets no range of a kind besides one that it has. */
static inline bool allocate_is_if_missing(const struct allocate *allocate,
					  const struct allocate_item *item)
{
	return allocate->if_missing ||
	       (allocate->if_missing_in_pools && allocate_is_anywhere_in_pool(item));
}

/*
 * What the allocate*.c files share.
 */

/* The state of an allocation. */
struct allocate_work {
	struct db *db;
	struct allocate *allocate;
	struct allocated_ids used[2];
	struct allocated_ids missing[2]; /* to be appended; the holdings are the lines */
	int64_t waited[2];	    /* for the name service; each kind has its own time */
	struct range_set absent[2]; /* ids that are not mapped in this user namespace */
	bool existing_only;	    /* place ranges only where all ids are mapped */
	bool is_full; /* an item has no place; allocate->full is the first */
	const struct policy *policy; /* NULL: there are no rules */
	/* Place only for users without a pool (0), or with pool number - 1. */
	size_t pool;
	uint64_t *tops[2]; /* as allocated_ids.top, by `pool`; NULL: there are no rules */
};

static inline void allocate_work_cleanup(struct allocate_work *work)
{
	for (size_t k = 0; k < 2; k++) {
		allocated_ids_cleanup(&work->used[k]);
		allocated_ids_cleanup(&work->missing[k]);
		range_set_clear(&work->absent[k]);
		free(work->tops[k]);
	}
}

static inline bool allocate_is_placed(const struct allocate_item *item, size_t k)
{
	return item->ranges[k].end > 0;
}

static inline bool allocate_is_missing(const struct allocate_item *item, size_t k)
{
	return item->needed[k] && !allocate_is_placed(item, k);
}

/* How many ids the owner is to have. */
static inline uint64_t allocate_wish_of(const struct allocate_work *work,
					const struct allocate_item *item, size_t k)
{
	if (item->count)
		return item->count;
	return item->assign && item->assign->count ?
		       item->assign->count :
		       work->allocate->settings.requests[k].count;
}

/* How many ids the owner of an item gets, if any. */
static inline uint64_t allocate_count_of(const struct allocate_work *work,
					 const struct allocate_item *item, size_t k)
{
	uint64_t count = allocate_wish_of(work, item, k);

	if (!work->allocate->at_least)
		return count;
	return count > item->held[k] ? count - item->held[k] : 0;
}

/* The pool of an item, as in work->pool. */
static inline size_t allocate_pool_of(const struct allocate_item *item)
{
	return item->assign ? item->assign->pool + 1 : 0;
}

/* Returns whether a free range of the pool at work is wanted for the item. */
static inline bool allocate_is_turn(const struct allocate_work *work,
				    const struct allocate_item *item)
{
	return allocate_pool_of(item) == work->pool &&
	       !(item->assign && item->assign->by_uid);
}

int allocate_fail_full(struct allocate_work *work, size_t k, size_t i, int why);
int allocate_find_absent(struct allocate_work *work);
int allocate_place_free(struct allocate_work *work);
int allocate_place_deterministically(struct allocate_work *work);
int allocate_read_policy(struct allocate_work *work);
int allocate_assign(struct allocate_work *work);
struct range allocate_span(const struct allocate_work *work, size_t k);
int allocate_bounds(const struct allocate_work *work, size_t k, struct range_set *set);
struct alloc_request allocate_request(const struct allocate_work *work, size_t k);
int allocate_find_tops(struct allocate_work *work, size_t k);
int allocate_put_policy(struct allocate_work *work, size_t k);
int allocate_place_by_policy(struct allocate_work *work);
int allocate_judge_by_policy(struct allocate_work *work, size_t k,
			     const struct range_set *set, size_t first);
int allocate_measure(struct allocate_work *work);
void allocate_count_missing(const struct allocate_work *work, bool placed);
int allocate_append(struct allocate_work *work);
int allocate_give_back(struct allocate_work *work);
int allocate_beside_retired(struct db *db, struct allocate *allocate,
			    int (*try)(struct db *db, struct allocate *allocate));
size_t allocate_owner_text(const struct allocate *allocate, size_t person,
			   char number[static NUM_BYTES], const char **ret_text);
int allocate_join(struct allocate_work *work, size_t k, struct table *ret_table);

#endif
