/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reserved: ids that the kernel and systemd use.
 */
#ifndef SUBID_RESERVED_H
#define SUBID_RESERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/range.h"

enum reserved_how {
	RESERVED_ALONE = 1, /* 0 and 4294967295, which have their own rules */
	RESERVED_NEVER,	    /* must not be delegated */
	RESERVED_CHOSEN,    /* a program chooses free ids from here */
};

struct reserved {
	uint32_t first;
	uint32_t last;
	enum reserved_how how;
	const char *what; /* the purpose, in English; translated when printed */
};

const struct reserved *reserved_find(uint32_t id);
const struct reserved *reserved_find_in(struct range range);
const struct reserved *reserved_next(struct range range, const struct reserved *previous,
				     struct range *ret_common);

const struct reserved *reserved_next_chosen(struct range range,
					    const struct reserved *previous,
					    struct range *ret_common);

/* Returns whether the id must not be in any range. */
static inline bool reserved_is_never(const struct reserved *reserved)
{
	return reserved && reserved->how != RESERVED_CHOSEN;
}

#endif
