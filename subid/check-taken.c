// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-taken: the ids of both kinds that nobody can be given any more, as the policy of
 * those who grant has it. A cure that gives ids is told only of others.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "subid/check.h"

struct ranges {
	struct range *items;
	size_t n;
	size_t allocated;
};

static void ranges_cleanup(struct ranges *ranges)
{
	free(ranges->items);
}

/* What is beyond @span no cure is about. */
static int put(struct ranges *ranges, struct range span, struct range range)
{
	if (!range_overlaps(range, span))
		return 0;
	if (ARRAY_RESERVE(ranges->items, ranges->n, ranges->allocated))
		return -ENOMEM;
	ranges->items[ranges->n++] = range;
	return 0;
}

static int put_id(struct ranges *ranges, struct range span, uint64_t id)
{
	return put(ranges, span, (struct range){ id, id + 1 });
}

static int put_lines(struct ranges *ranges, struct range span, const struct table *table)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(table, &cursor, &line))
		if (line.fault == 0)
			r = put(ranges, span, line.entry.range);
	return r;
}

static int find(const struct table *table, const struct roster *accounts,
		struct range span, struct range_set *set)
{
	CLEANUP(ranges_cleanup) struct ranges ranges = { .n = 0 };
	int r;

	r = put_id(&ranges, span, 0);
	if (r == 0)
		r = put_id(&ranges, span, ID_NONE);
	for (size_t i = 0; r == 0 && i < accounts->n; i++)
		r = put_id(&ranges, span, accounts->accounts[i].id);
	if (r == 0)
		r = put_lines(&ranges, span, table);
	set->max = SIZE_MAX;
	return r ? r : range_set_fill(set, ranges.items, ranges.n);
}

/* From the first to the last id of the kind with @group that a cure may give; or none. */
static struct range find_span(const struct findings *findings, unsigned group)
{
	struct range span = { ID_END, 0 };

	for (size_t i = 0; i < findings->n; i++) {
		struct finding finding;

		findings_get(findings, i, &finding);
		if ((finding.code != FINDING_ONE_SIDE &&
		     finding.code != FINDING_SIDES_DIFFER) ||
		    finding.kind->group == group)
			continue;
		if (finding.ids.start < span.start)
			span.start = finding.ids.start;
		if (finding.ids.end > span.end)
			span.end = finding.ids.end;
	}
	return span;
}

/*
 * Finds in the databases and among the local accounts what check->taken holds, where a
 * finding needs it for its cure. Returns 0 or -ENOMEM.
 */
int check_find_taken(struct check *check, const struct findings *findings)
{
	int r = 0;

	for (unsigned group = 0; r == 0 && group < 2; group++) {
		struct range span = find_span(findings, group);

		if (span.end > 0)
			r = find(&check->sides[group].table,
				 group ? &check->groups : &check->users, span,
				 &check->taken[group]);
	}
	return r;
}
