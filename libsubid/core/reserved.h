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
	RESERVED_ALONE = 1, /* id 0 and 4294967295, about which the policy has rules */
	RESERVED_NEVER,	    /* not to be delegated */
	RESERVED_CHOSEN,    /* a program chooses from here, and looks for what is free */
};

struct reserved {
	uint32_t first;
	uint32_t last;
	enum reserved_how how;
	const char *what; /* what for, in English; translated where it is shown */
};

const struct reserved *reserved_find(uint32_t id);
const struct reserved *reserved_find_in(struct range range);
const struct reserved *reserved_next(struct range range, const struct reserved *previous,
				     struct range *ret_common);

/* Tells whether the id must not be in any range. */
static inline bool reserved_is_never(const struct reserved *reserved)
{
	return reserved && reserved->how != RESERVED_CHOSEN;
}

#endif
