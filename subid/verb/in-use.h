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

/* What a process that has an id means. */
enum in_use_judge {
	IN_USE_REFUSED, /* the change is refused, unless --in-use is given */
	IN_USE_ALLOWED, /* it is a note */
	IN_USE_ENDS,	/* the change is refused */
};

int in_use_report(const struct in_use *in_use, const struct edit *edit,
		  enum in_use_judge judge);
int in_use_begin(struct in_use *in_use, struct edit *edit, struct owner *owner);
int in_use_check(struct in_use *in_use, struct edit *edit, struct owner *owner,
		 bool allowed);
void in_use_cleanup(struct in_use *in_use);

#endif
