// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-kubelet: the finding about lines of kubelet, in the words of `subid doctor --for
 * kubelet`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "subid/check/check.h"
#include "subid/verb/kubelet-facts.h"

/* Whether a line is kubelet's, by any name or by uid: as findings_find() sees it. */
static bool is_line_of_kubelet(const struct check *check, const struct entry *entry)
{
	const struct accounts *users = &check->users;
	const struct accounts_item *kubelet, *owner;

	if (entry->owner_len == strlen(KUBELET_USER) &&
	    memcmp(entry->owner, KUBELET_USER, entry->owner_len) == 0)
		return true;
	kubelet = accounts_by_name(users, KUBELET_USER, strlen(KUBELET_USER));
	owner = accounts_by_name(users, entry->owner, entry->owner_len);
	return kubelet && (entry->by_id ? entry->owner_id == kubelet->id :
					  owner && owner->id == kubelet->id);
}

/* Collects the ranges of kubelet in one database. */
static int collect(const struct check *check, size_t k, struct range **ret_ranges,
		   struct kubelet_ranges *ret_side)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t allocated = 0, n = 0;

	while (table_next(&check->sides[k].table, &cursor, &line)) {
		if (line.fault || !is_line_of_kubelet(check, &line.entry))
			continue;
		if (ARRAY_RESERVE(*ret_ranges, n, allocated))
			return -ENOMEM;
		(*ret_ranges)[n++] = line.entry.range;
	}
	*ret_side = (struct kubelet_ranges){ *ret_ranges, n };
	return 0;
}

void check_describe_kubelet(struct check *check, struct problem *problem)
{
	CLEANUP(cleanup_free) struct range *uids = NULL;
	CLEANUP(cleanup_free) struct range *gids = NULL;
	struct kubelet_ranges sides[2];
	struct account account;
	const struct kubelet_question question = {
		.sides = sides,
		.account = &account,
		.directory = check->place.directory,
		.place = check->place.image ? DB_ROOT : DB_LIVE,
	};
	struct facts_host host;
	struct facts facts = { .step = FACTS_KUBELET, .host = &host };

	if (collect(check, 0, &uids, &sides[0]) || collect(check, 1, &gids, &sides[1]))
		return;
	account_set_text(&account, KUBELET_USER, strlen(KUBELET_USER));
	facts.kind = kubelet_gather(&question, &host);
	if (!facts.kind)
		return;
	host.prefix = check->prefix;
	host.no_account = !check_login(check, KUBELET_USER);
	causes_describe(&facts, CAUSE_KUBELET_RANGE, &problem->cause);
	/* Without an answer of the name service, it is not known whether kubelet is a
	 * user. */
	if (accounts_by_name(&check->unknown, KUBELET_USER, strlen(KUBELET_USER)))
		problem->cause.cure[0] = '\0';
}
