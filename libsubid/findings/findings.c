// SPDX-License-Identifier: BSD-3-Clause
/*
 * findings: the list of findings, and their names and severities.
 *
 * The search is in findings-lines.c (single lines), findings-owners.c (conflicts between
 * lines), findings-overlaps.c (ids of several owners) and kubelet.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/findings/findings.h"

/* What findings_item.other stands for. */
enum other {
	OTHER_NOTHING,
	OTHER_LINE,
	OTHER_USER,
	OTHER_ACCOUNT, /* a user or a group, by kind; or a user by its primary group */
};

static const struct {
	const char *name;
	enum finding_severity severity;
	enum other other;
} codes[FINDING_CODES_END] = {
	[FINDING_LINE_TOO_LONG] = { "line-too-long", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_LINE_NUL] = { "line-nul", FINDING_ERROR, OTHER_NOTHING },
	[FINDING_LINE_FIELDS] = { "line-fields", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_OWNER_EMPTY] = { "owner-empty", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_OWNER_LONG] = { "owner-long", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_OWNER_SIGN] = { "owner-sign", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_OWNER_BLANK] = { "owner-blank", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_OWNER_NUMBER] = { "owner-number", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_START_NUMBER] = { "start-number", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_COUNT_NUMBER] = { "count-number", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_COUNT_CR] = { "count-cr", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_COUNT_BLANK] = { "count-blank", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_COUNT_ZERO] = { "count-zero", FINDING_ERROR, OTHER_NOTHING },
	[FINDING_RANGE_BEYOND] = { "range-beyond", FINDING_ERROR, OTHER_NOTHING },
	[FINDING_READ_DIFFERENTLY] = { "read-differently", FINDING_ERROR, OTHER_NOTHING },
	[FINDING_NO_FINAL_NEWLINE] = { "no-final-newline", FINDING_WARNING,
				       OTHER_NOTHING },
	[FINDING_ID_ZERO] = { "id-zero", FINDING_ERROR, OTHER_NOTHING },
	[FINDING_NO_ID] = { "no-id", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_OWN_ID] = { "own-id", FINDING_ERROR, OTHER_USER },
	[FINDING_ACCOUNT] = { "account", FINDING_ERROR, OTHER_ACCOUNT },
	[FINDING_RESERVED] = { "reserved", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_AMBIGUOUS_OWNER] = { "ambiguous-owner", FINDING_ERROR, OTHER_USER },
	[FINDING_SPELLING] = { "spelling", FINDING_NOTE, OTHER_USER },
	[FINDING_OWNER_ODD] = { "owner-odd", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_NO_ACCOUNT] = { "no-account", FINDING_NOTE, OTHER_NOTHING },
	[FINDING_RETIRED] = { "retired", FINDING_NOTE, OTHER_NOTHING },
	[FINDING_RETIRED_ACCOUNT] = { "retired-account", FINDING_ERROR, OTHER_NOTHING },
	[FINDING_OVERLAP] = { "overlap", FINDING_ERROR, OTHER_LINE },
	[FINDING_DUPLICATE] = { "duplicate", FINDING_WARNING, OTHER_LINE },
	[FINDING_OWN_OVERLAP] = { "own-overlap", FINDING_WARNING, OTHER_LINE },
	[FINDING_ONE_SIDE] = { "one-side", FINDING_WARNING, OTHER_NOTHING },
	[FINDING_SIDES_DIFFER] = { "sides-differ", FINDING_NOTE, OTHER_NOTHING },
	[FINDING_KUBELET_RANGE] = { "kubelet-range", FINDING_WARNING, OTHER_NOTHING },
};

static const char *const severities[] = {
	[FINDING_NOTE] = "note",
	[FINDING_WARNING] = "warning",
	[FINDING_ERROR] = "error",
};

/* Returns the stable name of a code, such as "own-id"; not translated. Thread-safe. */
const char *finding_code_name(enum finding_code code)
{
	return code > 0 && code < FINDING_CODES_END ? codes[code].name : "";
}

/* Returns "note", "warning" or "error"; not translated. Thread-safe. */
const char *finding_severity_name(enum finding_severity severity)
{
	return severity >= FINDING_NOTE && severity <= FINDING_ERROR ?
		       severities[severity] :
		       "";
}

/*
 * Counts a finding, and appends it unless the list has enough of its code and severity.
 * The severity is the code's, unless the finding has its own; but a note if the line is
 * root's: root has every id anyway.
 * Returns 0 or -ENOMEM.
 */
int findings_put(struct findings *findings, struct findings_item item, bool of_root)
{
	size_t max = findings->question.max, *count;
	int r;

	if (of_root)
		item.severity = FINDING_NOTE;
	else if (item.severity == 0)
		item.severity = (uint8_t)codes[item.code].severity;
	count = &findings->counts[item.code][item.severity];
	(*count)++;
	if (max != 0 && *count > max)
		return 0;
	r = ARRAY_RESERVE(findings->items, findings->n, findings->allocated);
	if (r == 0)
		findings->items[findings->n++] = item;
	return r;
}

static int compare_items(const void *a, const void *b)
{
	const struct findings_item *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static bool in_order(const struct findings *findings)
{
	for (size_t i = 1; i < findings->n; i++)
		if (compare_items(&findings->items[i - 1], &findings->items[i]) > 0)
			return false;
	return true;
}

/* Sorts by database, line, code and ids. */
static void sort_items(struct findings *findings)
{
	/* qsort(3) may allocate memory, and most often the list is sorted already. */
	if (!in_order(findings))
		qsort(findings->items, findings->n, sizeof(*findings->items),
		      compare_items);
}

/*
 * Checks both databases and the accounts, in O(n log n).
 *
 * Memory besides the tables and the accounts: 28 bytes a line, 40 an owner, 32 a kept
 * finding.
 * Returns 0 or -ENOMEM; free *ret_findings with findings_clear(). It points to the tables
 * and accounts of the question. Thread-safe.
 */
int findings_find(const struct findings_question *question, struct findings *ret_findings)
{
	CLEANUP(findings_cleanup) struct findings findings = { .question = *question };
	CLEANUP(search_cleanup) struct search search = { .findings = &findings };
	int r = 0;

	search_init(&search);
	for (unsigned group = 0; r == 0 && group < 2; group++)
		if (question->tables[group])
			r = search_lines(&search, group);
	if (r == 0 && question->tables[0] && question->tables[1])
		r = search_kubelet(&search);
	if (r == 0)
		r = search_owners(&search);
	if (r)
		return r;
	sort_items(&findings);
	*ret_findings = findings;
	findings = (struct findings){ 0 };
	return 0;
}

static size_t read_line_at(const struct table *table, uint32_t offset,
			   const char **ret_line)
{
	const char *line = table->text + offset;
	size_t left = table->len - offset;
	const char *newline = memchr(line, '\n', left);

	*ret_line = line;
	return newline ? (size_t)(newline - line) : left;
}

/* Finds the owner of a line, also of a malformed one: the text up to the first colon. */
static size_t read_owner_at(const struct table *table, uint32_t offset,
			    const char **ret_owner)
{
	size_t len = read_line_at(table, offset, ret_owner);
	const char *colon = memchr(*ret_owner, ':', len);

	return colon ? (size_t)(colon - *ret_owner) : len;
}

static const char *name_of(const struct accounts *accounts, uint32_t number)
{
	return accounts_name(accounts, &accounts->items[number]);
}

static void find_other(const struct findings *findings, const struct findings_item *item,
		       struct finding *finding)
{
	const struct findings_question *question = &findings->question;

	switch (codes[item->code].other) {
	case OTHER_NOTHING:
		return;
	case OTHER_LINE:
		finding->other_len = read_owner_at(question->tables[item->group],
						   item->other, &finding->other);
		return;
	case OTHER_USER:
		finding->other = name_of(question->users, item->other);
		break;
	case OTHER_ACCOUNT:
		finding->other = name_of(item->primary ? question->primary :
					 item->group   ? question->groups :
							 question->users,
					 item->other);
		break;
	}
	finding->other_len = strlen(finding->other);
}

/* Returns finding @i of findings_find(), from 0 to findings->n - 1. Thread-safe. */
void findings_get(const struct findings *findings, size_t i, struct finding *ret_finding)
{
	const struct findings_item *item = &findings->items[i];
	const struct table *table = findings->question.tables[item->group];
	struct finding finding = {
		.code = item->code,
		.severity = item->severity,
		.kind = kind_all[item->group],
		.line = item->line,
		.other_line = item->other_line,
		.fault = item->fault,
		.primary = item->primary,
	};

	if (item->first <= item->last)
		finding.ids = (struct range){ item->first, (uint64_t)item->last + 1 };
	finding.text_len = read_line_at(table, item->offset, &finding.text);
	finding.owner_len = read_owner_at(table, item->offset, &finding.owner);
	find_other(findings, item, &finding);
	*ret_finding = finding;
}

/* Frees the list. Takes NULL. Returns NULL. */
struct findings *findings_clear(struct findings *findings)
{
	if (!findings)
		return NULL;
	free(findings->items);
	*findings = (struct findings){ 0 };
	return NULL;
}
