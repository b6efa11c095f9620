// SPDX-License-Identifier: BSD-3-Clause
/*
 * findings-kubelet: finds lines of the user `kubelet` that kubelet(8) does not take. How
 * many pods there are to be is not known here.
 */
#include <string.h>

#include "libsubid/findings/findings.h"
#include "libsubid/findings/kubelet.h"

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
