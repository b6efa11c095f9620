/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * alloc: chooses the ids of a new range.
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

/* Where the search for ranges of a size continues: no gap before it is large enough. */
struct alloc_mark {
	uint64_t count;
	size_t at; /* position in the search */
};

/*
 * The free ids within bounds, from which ranges are taken. All ranges have the same
 * alignment, so no other range can use what lies before the start of a taken one: each
 * gap is used from its front and never split.
 */
struct alloc_space {
	uint64_t align;
	struct range *gaps; /* ascending; a used-up gap stays as an empty one */
	size_t n;
	size_t first; /* the search begins here and ends with the gaps below */
	struct alloc_mark *marks; /* by count, ascending */
	size_t n_marks;
	size_t allocated_marks;
};

int alloc_space_init(struct alloc_space *space, const struct alloc_request *request,
		     const struct range_set *used, uint64_t above);
int alloc_space_take(struct alloc_space *space, uint64_t count, struct range *ret_range);
int alloc_space_take_many(struct alloc_space *space, uint64_t count, uint64_t most,
			  int (*take)(void *context, struct range ids), void *context,
			  uint64_t *ret_n);
void alloc_space_cleanup(struct alloc_space *space);
uint64_t alloc_ids(const struct alloc_request *request);
uint64_t alloc_deterministic_start(const struct alloc_request *request, uint64_t uid,
				   uint64_t uid_min);
struct range alloc_deterministic_uids(const struct alloc_request *request,
				      uint64_t uid_min, struct range gap);
uint64_t alloc_deterministic_fits(const struct alloc_request *request, uint64_t uid_min,
				  struct range gap);
int alloc_deterministic(const struct alloc_request *request, uint64_t uid,
			uint64_t uid_min, struct range *ret_range);

#endif
