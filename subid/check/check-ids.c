// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-ids: finds ids in the ranges that are in use although no local account has them:
 * primary groups without a line in group(5), and accounts of the name service.
 *
 * The timeout of the name service is for all ranges: each gets an equal part of what is
 * left, and the search in a range ends with the first account. Adjacent lines are
 * searched one by one, or the first account would hide others. Only primary groups
 * between the lowest and the highest id of the ranges are considered.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "command/allocation.h"
#include "helper/nss-client.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocated-ids.h"
#include "libsubid/user/ids-in-use.h"
#include "subid/check/check.h"

static int add_primary(struct check *check, const char *name, uint32_t gid)
{
	return accounts_add(&check->primary, name, strlen(name), gid, gid);
}

/*
 * Adds the primary gids of local users that no local group has, within the span of all
 * ranges. Adjacent users with the same gid add it once.
 * Returns 0 or -ENOMEM.
 */
int check_find_primary(struct check *check, struct range span)
{
	const struct accounts *users = &check->users;
	uint32_t last = ID_NONE;
	int r = 0;

	for (size_t i = 0; r == 0 && i < users->n; i++) {
		uint32_t gid = users->items[i].gid;

		if (gid == last || gid == ID_NONE || !range_contains(span, gid))
			continue;
		last = gid;
		if (!accounts_by_id(&check->groups, gid))
			r = add_primary(check, accounts_name(users, &users->items[i]),
					gid);
	}
	return r ? r : accounts_sort(&check->primary);
}

/* The ranges of each database, made disjoint. */
struct wanted {
	struct range_set sets[2];
};

static void wanted_cleanup(struct wanted *wanted)
{
	free(wanted->sets[0].ranges);
	free(wanted->sets[1].ranges);
}

/* An id in several ranges is kept only in the first one. */
static void make_disjoint(struct range_set *set)
{
	uint64_t end = 0;
	size_t n = 0;

	if (set->n == 0)
		return;
	qsort(set->ranges, set->n, sizeof(*set->ranges), range_compare);
	for (size_t i = 0; i < set->n; i++) {
		struct range range = set->ranges[i];

		if (range.start < end)
			range.start = end;
		if (range.start >= range.end)
			continue;
		set->ranges[n++] = range;
		end = range.end;
	}
	set->n = n;
}

/*
 * Adds each line as a range. Adjacent ones are not merged, because the search in a range
 * ends with the first account.
 */
static int collect_ranges(const struct check_side *side, struct range_set *set)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && side->readable && table_next(&side->table, &cursor, &line)) {
		if (line.fault)
			continue;
		r = ARRAY_RESERVE(set->ranges, set->n, set->allocated);
		if (r == 0)
			set->ranges[set->n++] = line.entry.range;
	}
	make_disjoint(set);
	return r;
}

/* Adds the found accounts. */
static int put_found_accounts(struct check *check, const struct kind *kind,
			      const struct accounts *found)
{
	struct accounts *accounts = kind->group ? &check->groups : &check->users;
	int r = 0;

	for (size_t i = 0; r == 0 && i < found->n; i++) {
		const struct accounts_item *item = &found->items[i];
		const char *name = accounts_name(found, item);

		if (!accounts_by_id(accounts, item->id))
			r = accounts_add(accounts, name, strlen(name), item->id,
					 item->gid);
	}
	return r;
}

/* Adds the primary groups of enumerated users that no group is known for. */
static int take_primary(struct check *check, const struct accounts *found)
{
	int r = accounts_sort(&check->groups);

	for (size_t i = 0; r == 0 && i < found->n; i++) {
		const struct accounts_item *user = &found->items[i];

		if (!accounts_by_id(&check->groups, user->id))
			r = add_primary(check, accounts_name(found, user), user->id);
	}
	return r;
}

static int ask_ids(struct check *check, struct ids_in_use_service *service,
		   const struct wanted *wanted)
{
	int r = 0;

	service->to_come = wanted->sets[kind_gid.group].n;
	for (size_t i = 0; r == 0 && i < 2; i++) {
		CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };

		r = ids_in_use_ask(service, kind_all[i], &wanted->sets[i], &found);
		if (r == 0)
			r = put_found_accounts(check, kind_all[i], &found.accounts);
		if (r == 0 && found.primary.n > 0)
			r = take_primary(check, &found.primary);
		service->to_come = 0;
	}
	return r;
}

/*
 * Adds the accounts and groups of the name service that have ids in the ranges: by
 * enumeration, and by asking for one id after the other.
 *
 * ret_failed: -errno if a service did not answer, else 0.
 * Returns 0 or -ENOMEM.
 */
int check_ask_ids(struct check *check, const struct nsswitch *nsswitch, int *ret_failed)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	const struct name_service name_service = nss_client_service(&client);
	CLEANUP(ids_in_use_service_cleanup)
	struct ids_in_use_service service = { .thorough = true };
	CLEANUP(wanted_cleanup) struct wanted wanted = { 0 };
	int r = 0;

	ids_in_use_start(&service, nsswitch, &name_service);
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = collect_ranges(&check->sides[i], &wanted.sets[i]);
	if (r == 0)
		r = ask_ids(check, &service, &wanted);
	if (r)
		return r;
	if (check->verbose)
		allocation_report_asked(PROGRAM, &service);
	*ret_failed = service.failed;
	return 0;
}

/*
 * Finds the ids that the policy of `subid grant` refuses, such as allocated
 * ones. A cure grants only other ids.
 */

/* Adds an id; ids outside @span concern no cure. */
static int put_id(struct allocated_ids *used, struct range span, uint64_t id)
{
	return range_contains(span, id) ?
		       allocated_ids_put(used, (struct range){ id, id + 1 }) :
		       0;
}

static int put_account_ids(struct allocated_ids *used, struct range span,
			   const struct accounts *accounts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < accounts->n; i++)
		r = put_id(used, span, accounts->items[i].id);
	return r;
}

static int find_ids_not_free(const struct check *check, unsigned group, struct range span,
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
		r = put_account_ids(&used, span, group ? &check->groups : &check->users);
	if (r == 0 && group)
		r = put_account_ids(&used, span, &check->primary);
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
			r = find_ids_not_free(check, group, span, &check->taken[group]);
	}
	return r;
}
