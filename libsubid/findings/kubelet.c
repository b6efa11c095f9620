// SPDX-License-Identifier: BSD-3-Clause
/*
 * kubelet: checks ranges by the rules of kubelet(8).
 *
 * Invariant: if there is no fault, each database has one range, and both are the same.
 */
#include <stdbool.h>

#include "libsubid/core/limits.h"
#include "libsubid/findings/kubelet.h"

static int check_side(const struct kubelet_ranges *side)
{
	if (side->n == 0)
		return KUBELET_NONE;
	if (side->n > 1)
		return KUBELET_SEVERAL;
	if (side->ranges[0].start % KUBELET_UNIT != 0 || side->ranges[0].start == 0)
		return KUBELET_START;
	if (range_count(side->ranges[0]) % KUBELET_UNIT != 0)
		return KUBELET_COUNT;
	return range_contains(side->ranges[0], ID_NONE) ? KUBELET_NO_ID : 0;
}

/*
 * Checks the ranges of the user `kubelet`.
 *
 * sides: by kind->group. pods: how many there may be, KUBELET_PODS if unknown.
 * ret_group: the kind->group of the database with the fault; KUBELET_UNEQUAL and
 * KUBELET_FEW are reported for uids.
 * Returns 0 or the first enum kubelet_fault. Pure and thread-safe.
 */
int kubelet_check(const struct kubelet_ranges sides[static 2], uint64_t pods,
		  unsigned int *ret_group)
{
	for (unsigned int group = 0; group < 2; group++) {
		int fault = check_side(&sides[group]);

		*ret_group = group;
		if (fault)
			return fault;
	}
	*ret_group = 0;
	if (!range_equals(sides[0].ranges[0], sides[1].ranges[0]))
		return KUBELET_UNEQUAL;
	return range_count(sides[0].ranges[0]) / KUBELET_UNIT < pods ? KUBELET_FEW : 0;
}
