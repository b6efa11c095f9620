// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which ranges kubelet(8) accepts, and which rule others break.
 */
#include "libsubid/core/limits.h"
#include "libsubid/findings/kubelet.h"
#include "tests/unit/unit.h"

#define UNIT ((uint64_t)KUBELET_UNIT)

static const struct row {
	const char *name;
	struct range uids[2];
	struct range gids[2];
	uint64_t pods;
	int fault;
	unsigned int group;
} rows[] = {
	{ "as the manual of Kubernetes has it",
	  { { UNIT, 111 * UNIT } },
	  { { UNIT, 111 * UNIT } },
	  KUBELET_PODS,
	  0,
	  0 },
	{ "one pod", { { UNIT, 2 * UNIT } }, { { UNIT, 2 * UNIT } }, 1, 0, 0 },
	{ "up to the last id",
	  { { ID_END - UNIT, ID_END } },
	  { { ID_END - UNIT, ID_END } },
	  1,
	  KUBELET_NO_ID,
	  0 },
	{ "nothing at all", { { 0 } }, { { 0 } }, 1, KUBELET_NONE, 0 },
	{ "no gids", { { UNIT, 2 * UNIT } }, { { 0 } }, 1, KUBELET_NONE, 1 },
	{ "two lines, though adjacent",
	  { { UNIT, 2 * UNIT }, { 2 * UNIT, 3 * UNIT } },
	  { { UNIT, 3 * UNIT } },
	  1,
	  KUBELET_SEVERAL,
	  0 },
	{ "a usual range",
	  { { 100000, 165536 } },
	  { { 100000, 165536 } },
	  1,
	  KUBELET_START,
	  0 },
	{ "from 0 on", { { 0, UNIT } }, { { 0, UNIT } }, 1, KUBELET_START, 0 },
	{ "a round number",
	  { { UNIT, 2 * UNIT } },
	  { { UNIT, UNIT + 100000 } },
	  1,
	  KUBELET_COUNT,
	  1 },
	{ "other gids",
	  { { UNIT, 2 * UNIT } },
	  { { 2 * UNIT, 3 * UNIT } },
	  1,
	  KUBELET_UNEQUAL,
	  0 },
	{ "more gids",
	  { { UNIT, 2 * UNIT } },
	  { { UNIT, 3 * UNIT } },
	  1,
	  KUBELET_UNEQUAL,
	  0 },
	{ "one pod too few",
	  { { UNIT, 110 * UNIT } },
	  { { UNIT, 110 * UNIT } },
	  KUBELET_PODS,
	  KUBELET_FEW,
	  0 },
	{ "up to the last number that a pod can have",
	  { { UNIT, 65535 * UNIT } },
	  { { UNIT, 65535 * UNIT } },
	  1,
	  0,
	  0 },
};

static size_t count(const struct range ranges[static 2])
{
	return (ranges[0].end > 0) + (size_t)(ranges[1].end > 0);
}

Test(kubelet, check)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *row = &rows[i];
		const struct kubelet_ranges sides[] = {
			{ row->uids, count(row->uids) },
			{ row->gids, count(row->gids) },
		};
		unsigned int group = 2;

		cr_assert_eq(kubelet_check(sides, row->pods, &group), row->fault, "%s",
			     row->name);
		cr_assert_eq(group, row->group, "%s", row->name);
	}
}
