// SPDX-License-Identifier: BSD-3-Clause
/*
 * findings: two databases: the first byte says where the text is divided. Every pair of
 * lines that overlap is compared with the findings.
 */
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/findings/findings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/accounts.h"

#define LINES 64

static const struct accounts_row users[] = { { "root", 0, 0 },
					     { "elsa", 1001, 1001 },
					     { "elsie", 1001, 7 },
					     { "anna", 100000, 5 } };
static const struct accounts_row groups[] = { { "team", 5, 0 }, { "others", 100001, 0 } };

/* A number for an owner: the uid, or 2^32 and more for a text. */
static bool same_owner(const struct entry *a, const struct entry *b)
{
	uint64_t uid[2] = { ID_END, ID_END };
	const struct entry *entries[2] = { a, b };

	for (size_t i = 0; i < 2; i++) {
		const struct entry *entry = entries[i];

		if (entry->by_id)
			uid[i] = entry->owner_id;
		for (size_t u = 0; !entry->by_id && u < COUNT_OF(users); u++)
			if (strlen(users[u].name) == entry->owner_len &&
			    memcmp(users[u].name, entry->owner, entry->owner_len) == 0)
				uid[i] = users[u].id;
	}
	if (uid[0] != ID_END || uid[1] != ID_END)
		return uid[0] == uid[1];
	return a->owner_len == b->owner_len &&
	       memcmp(a->owner, b->owner, a->owner_len) == 0;
}

/* Whether any finding with one of these codes is about line @number. */
static bool is_reported(const struct findings *findings, unsigned group, uint64_t number,
			enum finding_code from, enum finding_code to)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct finding finding;

		findings_get(findings, i, &finding);
		if (finding.kind->group == (group != 0) && finding.line == number &&
		    finding.code >= from && finding.code <= to)
			return true;
	}
	return false;
}

static bool is_before(const struct table_line *a, const struct table_line *b)
{
	const struct range *x = &a->entry.range, *y = &b->entry.range;

	if (x->start != y->start)
		return x->start < y->start;
	return x->end != y->end ? x->end < y->end : a->number < b->number;
}

static void check_side(const struct table *table, const struct findings *findings,
		       unsigned group)
{
	struct table_line lines[LINES];
	struct table_cursor cursor = { 0 };
	size_t n = 0;

	while (n < LINES && table_next(table, &cursor, &lines[n]))
		n++;
	if (table_next(table, &cursor, &(struct table_line){ 0 }))
		return;
	for (size_t i = 0; i < n; i++) {
		bool others = false, own = false;

		FUZZ_ASSERT(is_reported(findings, group, i + 1, FINDING_LINE_TOO_LONG,
					FINDING_READ_DIFFERENTLY) ==
			    (lines[i].fault != 0 &&
			     !entry_fault_is_harmless(lines[i].fault)));
		for (size_t j = 0; lines[i].fault == 0 && j < n; j++) {
			if (j == i || lines[j].fault ||
			    !range_overlaps(lines[i].entry.range, lines[j].entry.range))
				continue;
			if (!same_owner(&lines[i].entry, &lines[j].entry)) {
				others = true;
				FUZZ_ASSERT(
					is_reported(findings, group, i + 1,
						    FINDING_OVERLAP, FINDING_OVERLAP) ||
					is_reported(findings, group, j + 1,
						    FINDING_OVERLAP, FINDING_OVERLAP));
			} else if (is_before(&lines[j], &lines[i])) {
				own = true;
			}
		}
		FUZZ_ASSERT(others || !is_reported(findings, group, i + 1,
						   FINDING_OVERLAP, FINDING_OVERLAP));
		FUZZ_ASSERT(is_reported(findings, group, i + 1, FINDING_DUPLICATE,
					FINDING_OWN_OVERLAP) == own);
	}
}

static char *copy_of(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	FUZZ_ASSERT(copy);
	memcpy(copy, text, len);
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	size_t cut = fuzz_byte(&input) * (size_t)4;
	CLEANUP(accounts_cleanup) struct accounts user_accounts = { 0 };
	CLEANUP(accounts_cleanup) struct accounts group_accounts = { 0 };
	struct table tables[2];
	struct findings findings;
	char *text = fuzz_text(&input);

	if (cut > input.size)
		cut = input.size;
	accounts_make(&user_accounts, users, COUNT_OF(users));
	accounts_make(&group_accounts, groups, COUNT_OF(groups));
	FUZZ_ASSERT(table_load(copy_of(text, cut), cut, &tables[0]) == 0);
	FUZZ_ASSERT(table_load(copy_of(text + cut, input.size - cut), input.size - cut,
			       &tables[1]) == 0);
	free(text);
	FUZZ_ASSERT(findings_find(
			    &(struct findings_question){
				    .tables = { &tables[0], &tables[1] },
				    .users = &user_accounts,
				    .groups = &group_accounts,
			    },
			    &findings) == 0);
	check_side(&tables[0], &findings, 0);
	check_side(&tables[1], &findings, 1);
	findings_clear(&findings);
	table_clear(&tables[0]);
	table_clear(&tables[1]);
	return 0;
}
