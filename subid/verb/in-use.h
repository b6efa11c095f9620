/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * in-use: finds processes that use ids about to be revoked.
 */
#ifndef SUBID_IN_USE_H
#define SUBID_IN_USE_H

#include <stdbool.h>

#include "command/edit.h"
#include "libsubid/core/range.h"

struct in_use {
	struct range_set
		ids[2]; /* the owner's ids; after in_use_check(): those revoked */
};

#define IN_USE                                                                        \
	{                                                                             \
		.ids = { RANGE_SET(LIMIT_FILE_RANGES), RANGE_SET(LIMIT_FILE_RANGES) } \
	}

int in_use_report(const struct in_use *in_use, const struct edit *edit, bool allowed);
int in_use_begin(struct in_use *in_use, struct edit *edit, struct owner *owner);
int in_use_check(struct in_use *in_use, struct edit *edit, struct owner *owner,
		 bool allowed);
void in_use_cleanup(struct in_use *in_use);

#endif
