// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-print: prints the findings, the worst first, and their numbers.
 *
 * Findings of one severity are sorted by file and line. Those about lines may be a
 * million, and have no sentence until they are printed: their list, which is sorted by
 * line, is read once for each severity and database. The others are few.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

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

/* Describes finding @i and prints it. */
static int print_finding(struct check *check, size_t i)
{
	struct finding finding;
	struct problem problem;
	int r;

	findings_get(&check->findings, i, &finding);
	if (check_is_declared(check, &finding) ||
	    (!check->before_switch && !check_wants_finding(check, &finding)))
		return 0;
	r = check->quiet ? 0 : find_kept(&check->findings, i, &check->kept);
	if (r)
		return verb_fail(-r);
	if (check->quiet)
		problem = (struct problem){ .severity = finding.severity };
	else
		check_describe(check, &finding, &problem);
	return check->before_switch ? check_report(check, &problem) :
				      check_print(check, &problem);
}

/* Gives check_switch() all findings about lines, in their order. */
int check_note_lines(struct check *check)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < check->findings.n; i++)
		r = print_finding(check, i);
	return r;
}

/* Returns the place of a file in the order of findings: the databases, then others. */
static unsigned int file_rank(const struct check *check, const struct problem *problem)
{
	unsigned int rank = 0;

	while (rank < 2 && strcmp(problem->path, check->sides[rank].path) != 0)
		rank++;
	return rank;
}

/* Prints the next kept findings of a severity and file, up to a line. */
static int print_noted(struct check *check, enum finding_severity severity,
		       unsigned int rank, uint64_t line)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < check->n_noted; i++) {
		const struct problem *problem = &check->noted[i];

		if (problem->severity == severity && problem->line <= line &&
		    problem->line >= check->printed_line &&
		    file_rank(check, problem) == rank)
			r = check_print(check, problem);
	}
	check->printed_line = line + 1;
	return r;
}

/* Prints the findings of a severity about a database, merged by line. */
static int print_side(struct check *check, enum finding_severity severity,
		      unsigned int group)
{
	const struct findings *findings = &check->findings;
	int r = 0;

	check->printed_line = 0;
	for (size_t i = 0; r == 0 && i < findings->n; i++) {
		const struct findings_item *item = &findings->items[i];

		if (item->group != group || item->severity != severity)
			continue;
		if (item->line >= check->printed_line)
			r = print_noted(check, severity, group, item->line);
		if (r == 0)
			r = print_finding(check, i);
	}
	return r ? r : print_noted(check, severity, group, UINT64_MAX - 1);
}

/* Counts and reports the findings that are not shown. */
static void report_rest(struct check *check)
{
	const struct findings *findings = &check->findings;
	size_t left = 0;

	if (check->all || check->n_owners > 0)
		return;
	for (size_t code = 1; code < FINDING_CODES_END; code++)
		for (size_t severity = FINDING_NOTE; severity <= FINDING_ERROR;
		     severity++) {
			size_t n = findings->counts[code][severity];

			if (n <= CHECK_MAX ||
			    !check_wants(check,
					 finding_code_name((enum finding_code)code),
					 (enum finding_severity)severity))
				continue;
			left += n - CHECK_MAX;
			check->counts[severity] += n - CHECK_MAX;
		}
	if (left && !check->quiet)
		report_line(PROGRAM,
			    _("note: %zu more findings of the same kinds are not shown; "
			      "--all shows them"),
			    left);
}

/* Ends sentences with the numbers of findings; without any there is nothing to say. */
int check_print_summary(const struct check *check)
{
	const uint64_t *counts = check->counts;

	if (check->quiet || check->table)
		return 0;
	if (counts[CHECK_FIXED])
		printf(_("fixed: %" PRIu64 ", "), counts[CHECK_FIXED]);
	if (counts[CHECK_FIXED] || counts[FINDING_ERROR] || counts[FINDING_WARNING] ||
	    counts[FINDING_NOTE])
		printf(_("errors: %" PRIu64 ", warnings: %" PRIu64 ", notes: %" PRIu64
			 "\n"),
		       counts[FINDING_ERROR], counts[FINDING_WARNING],
		       counts[FINDING_NOTE]);
	return output_printed();
}

/* Prints all findings. Returns 0, or an exit status with the reason reported. */
int check_print_findings(struct check *check)
{
	int r = 0;

	for (int severity = FINDING_ERROR; r == 0 && severity >= FINDING_NOTE;
	     severity--) {
		for (unsigned int group = 0; r == 0 && group < 2; group++)
			r = print_side(check, (enum finding_severity)severity, group);
		check->printed_line = 0;
		if (r == 0)
			r = print_noted(check, (enum finding_severity)severity, 2,
					UINT64_MAX - 1);
	}
	if (r)
		return r;
	report_rest(check);
	return check_print_summary(check);
}
