// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-lines: checks the lines of the databases, also against the accounts.
 *
 * All local accounts are read. The name service is asked, with a timeout, for the other
 * owners and for accounts with ids in the ranges.
 */
#include "subid/check/check.h"

static int find_in_databases(const struct check *check, struct findings *ret_findings)
{
	const struct findings_question question = {
		.tables = { check->sides[0].readable ? &check->sides[0].table : NULL,
			    check->sides[1].readable ? &check->sides[1].table : NULL },
		.users = &check->users,
		.groups = &check->groups,
		.primary = &check->primary,
		.spellings = &check->spellings,
		.unknown = &check->unknown,
		.renamed = &check->renamed,
		.reserved = check->reserved,
		.scarce = check->scarce,
		/* It is known only afterwards which of them are about an owner. */
		.max = check->all || check->n_owners > 0 ? 0 : CHECK_MAX,
	};

	return findings_find(&question, ret_findings);
}

/* Searches again if there are more accounts than those of the local files. */
static int search_with_others(struct check *check, struct findings *findings)
{
	struct accounts *const others[] = { &check->primary, &check->spellings,
					    &check->unknown, &check->renamed };
	size_t before = check->users.n + check->groups.n, after;
	int r = check_find_primary(check, findings->spans[kind_gid.group]);

	if (r == 0)
		r = check_ask_service(check, findings);
	if (r == 0)
		r = check_find_renamed(check, findings);
	after = check->users.n + check->groups.n;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		after += others[i]->n;
	if (r || after == before)
		return r;
	findings_clear(findings);
	return find_in_databases(check, findings);
}

/*
 * Finds the findings in the lines of the databases.
 * Returns 0, or an exit status with the reason reported.
 */
int check_lines(struct check *check)
{
	struct findings *findings = &check->findings;
	int r = find_in_databases(check, findings);

	if (r == 0)
		r = search_with_others(check, findings);
	if (r == 0)
		r = check_find_taken(check, findings);
	if (r)
		return verb_fail(-r);
	check->spans[0] = findings->spans[0];
	check->spans[1] = findings->spans[1];
	return 0;
}
