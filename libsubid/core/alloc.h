/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * alloc: where a new range goes.
 */
#ifndef SUBID_ALLOC_H
#define SUBID_ALLOC_H

#include <stdint.h>

#include "libsubid/core/range.h"

struct alloc_request {
	struct range bounds; /* the range lies wholly inside */
	uint64_t count;	     /* how many ids */
	uint64_t align;	     /* the start is a multiple of it; 0 and 1: any */
};

enum {
	ALLOC_NONE = 1, /* no gap is large enough */
	ALLOC_BELOW,	/* deterministic: the uid is below UID_MIN */
	ALLOC_BEYOND,	/* deterministic: the range would leave the bounds */
};

int alloc_first_fit(const struct alloc_request *request, const struct range_set *used,
		    struct range *ret_range);
int alloc_deterministic(const struct alloc_request *request, uint64_t uid,
			uint64_t uid_min, struct range *ret_range);

#endif
