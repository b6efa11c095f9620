/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * exact: what must change so that owners have exactly the wanted ranges.
 */
#ifndef SUBID_EXACT_H
#define SUBID_EXACT_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/user/owner-set.h"

/* The wanted ranges of one kind: ranges[starts[i]] is the first of owner @i. */
struct exact_ranges {
	struct range *ranges;
	size_t *starts; /* one more than owners */
};

struct exact_change {
	struct table_change *removals; /* of whole lines, in their order */
	size_t n;
	size_t allocated;
	size_t *kept;	       /* how many of its first ranges an owner has already */
	bool *touched;	       /* a line of the owner is removed */
	struct range_set lost; /* ids that an owner has and does not keep */
	struct range span;     /* of the removed lines; end 0: none */
};

int exact_find(const struct table *table, const struct owner_set *people,
	       const struct exact_ranges *wanted, struct exact_change *ret_change);
int exact_change_copy(const struct exact_change *from, size_t people,
		      struct exact_change *ret_change);
void exact_ranges_cleanup(struct exact_ranges *wanted);
void exact_change_cleanup(struct exact_change *change);

#endif
