// SPDX-License-Identifier: BSD-3-Clause
/*
 * kubelet: the rules by which kubelet(8) takes ranges, and the finding about lines of the
 * user `kubelet` that it does not take. How many pods there are to be is not known to the
 * finding.
 */
#include <stdbool.h>
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/findings/findings.h"
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

/* Finds the number of kubelet among the holders. */
static int find_holder(struct search *search, uint32_t *ret_holder)
{
	const struct entry entry = {
		.owner = KUBELET_USER,
		.owner_len = strlen(KUBELET_USER),
	};

	return owner_table_put(&search->holders, &entry, ret_holder);
}

/* Counts the lines of the holder. Returns the first one, or NULL. */
static const struct search_line *find_first(const struct search_lines *side,
					    uint32_t holder, size_t *ret_n)
{
	const struct search_line *first = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < side->n; i++) {
		if (side->lines[i].holder != holder)
			continue;
		first = first ? first : &side->lines[i];
		(*ret_n)++;
	}
	return first;
}

/*
 * Looks at the lines of kubelet in both databases. If kubelet does not take them,
 * search->kubelet is its number among the holders.
 * Returns 0 or -ENOMEM.
 */
int search_kubelet(struct search *search)
{
	const struct search_line *first[2], *line;
	struct kubelet_ranges sides[2] = { { .n = 0 } };
	struct range ranges[2] = { { 0 }, { 0 } };
	struct findings_item item = { .code = FINDING_KUBELET_RANGE };
	uint32_t holder;
	unsigned int group;
	int r = find_holder(search, &holder);

	for (size_t k = 0; r == 0 && k < 2; k++) {
		first[k] = find_first(&search->sides[k], holder, &sides[k].n);
		if (first[k])
			ranges[k] = (struct range){ first[k]->first,
						    (uint64_t)first[k]->last + 1 };
		sides[k].ranges = &ranges[k];
	}
	if (r || kubelet_check(sides, 0, &group) == 0)
		return r;
	/* If a database has no line, the finding is about the line in the other one. */
	if (!first[group])
		group = !group;
	line = first[group];
	if (!line)
		return 0;
	item.line = line->number;
	item.offset = line->offset;
	item.first = line->first;
	item.last = line->last;
	item.group = (uint8_t)group;
	search->kubelet = holder;
	return findings_put(search->findings, item, false);
}
