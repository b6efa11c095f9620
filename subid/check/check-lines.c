// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-lines: checks the lines of the databases, also against the accounts.
 *
 * All local accounts are read. The name service is asked, with a timeout, for the other
 * owners and for accounts with ids in the ranges.
 */

#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
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
		.max = check->all ? 0 : CHECK_MAX,
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

/* Finds the ids of the line of finding @i that no finding takes from its owner. */
static int find_kept(const struct findings *findings, size_t i, struct range_set *kept)
{
	struct finding finding, other;
	struct entry entry;
	int r = 0;

	range_set_clear(kept);
	kept->max = SIZE_MAX;
	findings_get(findings, i, &finding);
	if (finding.code != FINDING_OVERLAP ||
	    entry_parse(finding.text, finding.text_len, &entry))
		return 0;
	r = range_set_add(kept, entry.range);
	while (i > 0 && findings->items[i - 1].line == finding.line)
		i--;
	for (; r == 0 && i < findings->n && findings->items[i].line == finding.line;
	     i++) {
		findings_get(findings, i, &other);
		if (other.kind == finding.kind && other.code == FINDING_OVERLAP &&
		    other.severity != FINDING_NOTE)
			r = range_set_subtract(kept, other.ids);
	}
	return r;
}

/* Counts and reports the findings that are not shown. */
static void report_rest(struct check *check, const struct findings *findings)
{
	size_t left = 0;

	for (size_t code = 1; code < FINDING_CODES_END; code++)
		for (size_t severity = FINDING_NOTE; severity <= FINDING_ERROR;
		     severity++) {
			size_t n = findings->counts[code][severity];

			if (check->all || n <= CHECK_MAX)
				continue;
			left += n - CHECK_MAX;
			if (severity >= FINDING_WARNING)
				check->n_wrong += n - CHECK_MAX;
		}
	if (left)
		report_line(PROGRAM,
			    _("note: %zu more findings of the same kinds are not shown; "
			      "--all shows them"),
			    left);
}

/*
 * Reports the findings in the lines of the databases.
 * Returns 0, or an exit status with the reason reported.
 */
int check_lines(struct check *check)
{
	CLEANUP(findings_cleanup) struct findings findings = { .n = 0 };
	int r;

	r = find_in_databases(check, &findings);
	if (r == 0)
		r = search_with_others(check, &findings);
	if (r == 0)
		r = check_find_taken(check, &findings);
	if (r)
		return verb_fail(-r);
	check->spans[0] = findings.spans[0];
	check->spans[1] = findings.spans[1];
	for (size_t i = 0; i < findings.n; i++) {
		struct problem problem;
		struct finding finding;

		r = find_kept(&findings, i, &check->kept);
		if (r)
			return verb_fail(-r);
		findings_get(&findings, i, &finding);
		check_describe(check, &finding, &problem);
		r = check_report(check, &problem);
		if (r)
			return r;
	}
	report_rest(check, &findings);
	return 0;
}
