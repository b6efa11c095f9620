// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-taken: the ids of both kinds that nobody can be given any more, as the policy of
 * those who grant has it. A cure that gives ids is told only of others.
 */
#include <stdint.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/used.h"
#include "subid/check/check.h"

/* What is beyond @span no cure is about. */
static int put_id(struct used *used, struct range span, uint64_t id)
{
	return range_contains(span, id) ? used_put(used, (struct range){ id, id + 1 }) :
					  0;
}

static int put_accounts(struct used *used, struct range span,
			const struct accounts *accounts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < accounts->n; i++)
		r = put_id(used, span, accounts->items[i].id);
	return r;
}

static int find(const struct check *check, unsigned group, struct range span,
		struct range_set *set)
{
	const struct people none = { 0 };
	CLEANUP(used_cleanup) struct used used = { 0 };
	int r;

	r = used_read_lines(&used, &check->sides[group].table, span, &none);
	if (r == 0)
		r = used_put_reserved(&used, span);
	if (r == 0)
		r = put_id(&used, span, 0);
	if (r == 0)
		r = put_id(&used, span, ID_NONE);
	if (r == 0)
		r = put_accounts(&used, span, group ? &check->groups : &check->users);
	if (r == 0 && group)
		r = put_accounts(&used, span, &check->primary);
	set->max = SIZE_MAX;
	return r ? r : range_set_fill(set, used.ranges, used.n);
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
 * Finds in the databases and among the accounts what check->taken holds, where a
 * finding needs it for its cure. Returns 0 or -ENOMEM.
 */
int check_find_taken(struct check *check, const struct findings *findings)
{
	int r = 0;

	for (unsigned group = 0; r == 0 && group < 2; group++) {
		struct range span = find_span(findings, group);

		if (span.end > 0)
			r = find(check, group, span, &check->taken[group]);
	}
	return r;
}
