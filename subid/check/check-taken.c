// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-taken: finds the ids that the policy of `subid grant` refuses, such as allocated
 * ones. A cure grants only other ids.
 */
#include <stdint.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocated-ids.h"
#include "subid/check/check.h"

/* Adds an id; ids outside @span concern no cure. */
static int put_id(struct allocated_ids *used, struct range span, uint64_t id)
{
	return range_contains(span, id) ?
		       allocated_ids_put(used, (struct range){ id, id + 1 }) :
		       0;
}

static int put_accounts(struct allocated_ids *used, struct range span,
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
	const struct owner_set none = { 0 };
	CLEANUP(allocated_ids_cleanup) struct allocated_ids used = { 0 };
	int r;

	r = allocated_ids_read_lines(&used, &check->sides[group].table, span, &none);
	if (r == 0)
		r = allocated_ids_put_reserved(&used, span);
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

/* Returns the span of the ids that cures may grant for @group; end 0: none. */
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
 * Fills check->taken from the databases and accounts, as far as the cure of a finding
 * depends on it. Returns 0 or -ENOMEM.
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
