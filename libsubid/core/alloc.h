/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * alloc: where a new range goes.
 */
#ifndef SUBID_ALLOC_H
#define SUBID_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/range.h"

struct alloc_request {
	struct range bounds; /* the range lies wholly inside */
	uint64_t count;	     /* how many ids */
	uint64_t align;	     /* the start is a multiple of it; 0 and 1: any */
};

enum {
	ALLOC_NONE = 1, /* no gap is large enough */
	ALLOC_COUNT,	/* the bounds hold fewer ids than that */
	ALLOC_BELOW,	/* deterministic: the uid is below UID_MIN */
	ALLOC_BEYOND,	/* deterministic: the range would leave the bounds */
};

/* Where the search for ranges of a size goes on: no gap before it is large enough. */
struct alloc_mark {
	uint64_t count;
	size_t at; /* in the order of the search */
};

/*
 * The free ids within bounds, from which one range after the other is taken. All of them
 * have the same alignment, so that what lies before the start of a range that was taken
 * is of no use to another one: each gap is used up from its front, and none is ever
 * split.
 */
struct alloc_space {
	uint64_t align;
	struct range *gaps; /* ascending; one that is used up stays, empty */
	size_t n;
	size_t first; /* the search begins here, and comes to those below at last */
	struct alloc_mark *marks; /* by count, ascending */
	size_t n_marks;
	size_t allocated_marks;
};

int alloc_space_init(struct alloc_space *space, const struct alloc_request *request,
		     const struct range_set *used, uint64_t above);
int alloc_space_take(struct alloc_space *space, uint64_t count, struct range *ret_range);
void alloc_space_cleanup(struct alloc_space *space);
uint64_t alloc_ids(const struct alloc_request *request);
uint64_t alloc_deterministic_start(const struct alloc_request *request, uint64_t uid,
				   uint64_t uid_min);
uint64_t alloc_deterministic_fits(const struct alloc_request *request, uint64_t uid_min,
				  struct range gap);
int alloc_deterministic(const struct alloc_request *request, uint64_t uid,
			uint64_t uid_min, struct range *ret_range);

#endif
