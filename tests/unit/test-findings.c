// SPDX-License-Identifier: BSD-3-Clause
/*
 * Findings, compared with a model that checks every pair of lines and every id
 * alone.
 */
#include "libsubid/core/limits.h"
#include "libsubid/findings/findings.h"
#include "tests/unit/accounts.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define UNIVERSE 32
#define LINES	 7

static const struct accounts_row users[] = {
	{ "root", 0, 0 },	  { "elsa", 1001, 1001 }, { "anna", 1002, 1002 },
	{ "elsie", 1001, 1001 },  { "serge", 100003, 7 }, { "1002", 1005, 100004 },
	{ "2006", 1006, 100006 },
};
static const struct accounts_row groups[] = { { "root", 0, 0 },
					      { "elsa", 1001, 0 },
					      { "team", 100004, 0 },
					      { "others", 100009, 0 } };

/* By primary groups, one of which has an entry. */
static const struct accounts_row primary[] = { { "2006", 100006, 0 },
					       { "1002", 100004, 0 } };
static const struct accounts_row spellings[] = { { "elsa@corp", 1001, 1001 },
						 { "S", 100003, 7 } };
static const struct accounts_row unknown[] = { { "maybe", ID_NONE, ID_NONE },
					       { "88", ID_NONE, ID_NONE } };

/* The same as accounts, see set_up(). */
static struct accounts user_accounts, group_accounts, primary_accounts, spelling_accounts,
	unknown_accounts;

static void set_up(void)
{
	accounts_make(&user_accounts, users, COUNT_OF(users));
	accounts_make(&group_accounts, groups, COUNT_OF(groups));
	accounts_make(&primary_accounts, primary, COUNT_OF(primary));
	accounts_make(&spelling_accounts, spellings, COUNT_OF(spellings));
	accounts_make(&unknown_accounts, unknown, COUNT_OF(unknown));
}

static void tear_down(void)
{
	accounts_cleanup(&user_accounts);
	accounts_cleanup(&group_accounts);
	accounts_cleanup(&primary_accounts);
	accounts_cleanup(&spelling_accounts);
	accounts_cleanup(&unknown_accounts);
}

TestSuite(findings, .init = set_up, .fini = tear_down);

/* Spellings of owners, and the user of each. */
static const struct {
	const char *text;
	int who;
	int user; /* of users[], -1: none */
} owners[] = {
	{ "root", 0, 0 },      { "0", 0, 0 },		{ "elsa", 1, 1 },
	{ "1001", 1, 1 },      { "elsie", 1, 1 },	{ "anna", 2, 2 },
	{ "1002", 2, 2 },      { "serge", 3, 4 },	{ "100003", 3, 4 },
	{ "nobody", 4, -1 },   { "containers", 5, -1 }, { "77", 6, -1 },
	{ "elsa@corp", 1, 1 }, { "S", 3, 4 },		{ "maybe", 7, -1 },
	{ "88", 8, -1 },       { "2006", 9, 6 },	{ "1006", 9, 6 },
};

static bool is_one_of(const char *text, const struct accounts_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, rows[i].name) == 0)
			return true;
	return false;
}

struct model_line {
	size_t owner;
	struct range range;
};

struct model {
	struct model_line lines[2][LINES];
	size_t n[2];
	struct table tables[2];
};

static void model_make(struct model *model, struct rng *rng, bool newline)
{
	static const uint64_t bases[] = { 0, 100000, ID_END - UNIVERSE };
	uint64_t base = bases[rng_below(rng, COUNT_OF(bases))];

	*model = (struct model){ 0 };
	for (unsigned group = 0; group < 2; group++) {
		struct table *table = &model->tables[group];

		model->n[group] = rng_below(rng, LINES + 1);
		for (size_t i = 0; i < model->n[group]; i++) {
			size_t owner = rng_below(rng, COUNT_OF(owners));
			uint64_t start = base + rng_below(rng, UNIVERSE - 6);
			struct range range = { start, start + 1 + rng_below(rng, 6) };

			if (group && i < model->n[0] && rng_once_in(rng, 2)) {
				owner = model->lines[0][i].owner;
				range = model->lines[0][i].range;
			} else if (i > 0 && rng_once_in(rng, 4)) {
				range = model->lines[group][i - 1].range;
			}
			model->lines[group][i] = (struct model_line){ owner, range };
			cr_assert(table_append(table, owners[owner].text,
					       strlen(owners[owner].text), range) == 0);
		}
		if (!newline && table->len > 0)
			table->len--;
	}
}

/* Whether @a comes before @b in the order of findings. */
static bool before(const struct model_line *lines, size_t a, size_t b)
{
	if (lines[a].range.start != lines[b].range.start)
		return lines[a].range.start < lines[b].range.start;
	if (lines[a].range.end != lines[b].range.end)
		return lines[a].range.end < lines[b].range.end;
	return a < b;
}

static int who(const struct model_line *line)
{
	return owners[line->owner].who;
}

static bool holds(const struct model *model, unsigned group, int owner, uint64_t id)
{
	for (size_t i = 0; i < model->n[group]; i++)
		if (who(&model->lines[group][i]) == owner &&
		    range_contains(model->lines[group][i].range, id))
			return true;
	return false;
}

/* What the list must have for a line: the codes, and the severity of an overlap. */
struct expected {
	bool codes[FINDING_CODES_END];
	enum finding_severity overlap;
	uint32_t lost; /* ids of the universe that the line loses */
};

/* The rank of a line: of two lines of different owners with one id, the first keeps it.
 */
static bool is_better(const struct model *model, unsigned group, size_t a, size_t b)
{
	const size_t lines[] = { a, b };
	unsigned class[2];

	for (size_t k = 0; k < 2; k++) {
		const struct model_line *line = &model->lines[group][lines[k]];
		bool account =
			owners[line->owner].user >= 0 ||
			is_one_of(owners[line->owner].text, unknown, COUNT_OF(unknown));
		uint32_t rivals = 0;

		for (size_t j = 0; j < model->n[group]; j++) {
			const struct model_line *other = &model->lines[group][j];
			bool same = owners[other->owner].user >= 0 ||
				    is_one_of(owners[other->owner].text, unknown,
					      COUNT_OF(unknown));

			if (same == account && who(other) != 0 &&
			    who(other) != who(line) &&
			    range_overlaps(line->range, other->range))
				rivals |= 1U << who(other);
		}
		class[k] =
			(account ? 0U : 2U) + (__builtin_popcount(rivals) > 1 ? 1U : 0U);
	}
	return class[0] != class[1] ? class[0] < class[1] : a < b;
}

/* Whether the line loses this id, in dispute, to another owner. */
static bool loses(const struct model *model, unsigned group, size_t i, uint64_t id)
{
	const struct model_line *lines = model->lines[group];
	size_t best = i;

	if (who(&lines[i]) == 0)
		return false;
	for (size_t j = 0; j < model->n[group]; j++)
		if (who(&lines[j]) != 0 && range_contains(lines[j].range, id) &&
		    is_better(model, group, j, best))
			best = j;
	return who(&lines[best]) != who(&lines[i]);
}

static void expect_pairs(const struct model *model, unsigned group, size_t i,
			 struct expected *expected)
{
	const struct model_line *lines = model->lines[group], *line = &lines[i];

	for (uint64_t id = line->range.start; id < line->range.end; id++)
		if (loses(model, group, i, id)) {
			expected->codes[FINDING_OVERLAP] = true;
			expected->overlap = FINDING_ERROR;
		}
	for (size_t j = 0; j < model->n[group]; j++) {
		const struct model_line *other = &lines[j];
		bool root = who(line) == 0 || who(other) == 0;

		if (j == i || !before(lines, j, i) ||
		    !range_overlaps(line->range, other->range))
			continue;
		if (who(line) != who(other)) {
			if (root)
				expected->codes[FINDING_OVERLAP] = true;
			if (root && !expected->overlap)
				expected->overlap = FINDING_NOTE;
		} else if (line->owner == other->owner &&
			   range_equals(line->range, other->range)) {
			expected->codes[FINDING_DUPLICATE] = true;
		} else {
			expected->codes[FINDING_OWN_OVERLAP] = true;
		}
	}
	if (expected->codes[FINDING_DUPLICATE])
		expected->codes[FINDING_OWN_OVERLAP] = false;
}

static void expect_ids(const struct model_line *line, unsigned group,
		       struct expected *expected)
{
	int user = owners[line->owner].user;
	uint64_t own = user < 0 ? ID_END : group ? users[user].gid : users[user].id;
	size_t n = group ? COUNT_OF(groups) : COUNT_OF(users);

	for (size_t i = 0; i < n; i++) {
		uint64_t id = group ? groups[i].id : users[i].id;

		if (id != 0 && id != own && range_contains(line->range, id))
			expected->codes[FINDING_ACCOUNT] = true;
	}
	for (size_t i = 0; group && i < COUNT_OF(primary); i++)
		if (primary[i].id != own && range_contains(line->range, primary[i].id))
			expected->codes[FINDING_ACCOUNT] = true;
	expected->codes[FINDING_SPELLING] =
		is_one_of(owners[line->owner].text, spellings, COUNT_OF(spellings));
	expected->codes[FINDING_OWN_ID] = own != 0 && range_contains(line->range, own);
	expected->codes[FINDING_ID_ZERO] = range_contains(line->range, 0);
	expected->codes[FINDING_NO_ID] = range_contains(line->range, ID_NONE);
	expected->codes[FINDING_AMBIGUOUS_OWNER] =
		strcmp(owners[line->owner].text, "1002") == 0;
}

static void expect_no_account(const struct model *model, unsigned group, size_t i,
			      struct expected *expected)
{
	const struct model_line *line = &model->lines[group][i];
	bool first = true;

	for (unsigned side = 0; side <= group; side++)
		for (size_t j = 0; j < (side == group ? i : model->n[side]); j++)
			first &= who(&model->lines[side][j]) != who(line);
	expected->codes[FINDING_NO_ACCOUNT] =
		first && owners[line->owner].user < 0 &&
		!is_one_of(owners[line->owner].text, unknown, COUNT_OF(unknown));
}

/* The first id that an owner has on one side only, where the sides differ. */
static bool find_difference(const struct model *model, int owner, uint64_t base,
			    unsigned *ret_group, uint64_t *ret_id)
{
	for (uint64_t id = base; id < base + UNIVERSE; id++) {
		bool uid = holds(model, 0, owner, id), gid = holds(model, 1, owner, id);

		if (uid != gid) {
			*ret_group = gid;
			*ret_id = id;
			return true;
		}
	}
	return false;
}

static uint64_t base_of(const struct model *model)
{
	const struct model_line *line =
		model->n[0] ? &model->lines[0][0] : &model->lines[1][0];

	return line->range.start / UNIVERSE > (ID_END - UNIVERSE - 1) / UNIVERSE ?
		       ID_END - UNIVERSE :
	       line->range.start >= 100000 ? 100000 :
					     0;
}

/* The finding about the two sides of an owner, or its absence. */
static void check_sides(const struct model *model, const struct findings *findings,
			unsigned round)
{
	for (int owner = 0; owner < 10; owner++) {
		unsigned group = 0, n = 0;
		uint64_t id = 0;
		bool differs = find_difference(model, owner, base_of(model), &group, &id);

		for (size_t i = 0; i < findings->n; i++) {
			struct finding finding;
			const struct model_line *line;

			findings_get(findings, i, &finding);
			if (finding.code != FINDING_ONE_SIDE &&
			    finding.code != FINDING_SIDES_DIFFER)
				continue;
			line = &model->lines[finding.kind->group][finding.line - 1];
			if (who(line) != owner)
				continue;
			n++;
			cr_assert(differs && finding.kind->group == group &&
					  finding.ids.start == id,
				  "round %u owner %d", round, owner);
			cr_assert(range_overlaps(line->range, finding.ids));
			for (id = finding.ids.start; id < finding.ids.end; id++)
				cr_assert(holds(model, group, owner, id) &&
						  !holds(model, !group, owner, id),
					  "round %u", round);
		}
		cr_assert(n == differs, "round %u owner %d: %u findings", round, owner,
			  n);
	}
}

/* The same for an id of the universe. */
static bool loses_at(const struct model *model, unsigned group, size_t i, uint64_t at)
{
	uint64_t id = base_of(model) + at;

	return range_contains(model->lines[group][i].range, id) &&
	       loses(model, group, i, id);
}

/* Each id is reported once, and kept by the other line. */
static void take_overlap(const struct model *model, unsigned group,
			 const struct finding *finding, struct expected *got)
{
	const struct model_line *other = &model->lines[group][finding->other_line - 1];

	if (got->overlap != FINDING_ERROR)
		got->overlap = finding->severity;
	for (uint64_t id = finding->ids.start; id < finding->ids.end; id++) {
		uint32_t bit = 1U << (id - base_of(model));

		if (finding->severity != FINDING_ERROR)
			continue;
		cr_assert(!(got->lost & bit) && holds(model, group, who(other), id));
		got->lost |= bit;
	}
}

static void check_lines(const struct model *model, const struct findings *findings,
			bool newline, unsigned round)
{
	for (unsigned group = 0; group < 2; group++)
		for (size_t i = 0; i < model->n[group]; i++) {
			struct expected want = { 0 }, got = { 0 };

			expect_pairs(model, group, i, &want);
			expect_ids(&model->lines[group][i], group, &want);
			expect_no_account(model, group, i, &want);
			want.codes[FINDING_NO_FINAL_NEWLINE] =
				!newline && i + 1 == model->n[group];
			for (size_t j = 0; j < findings->n; j++) {
				struct finding finding;

				findings_get(findings, j, &finding);
				if (finding.kind->group != group || finding.line != i + 1)
					continue;
				if (finding.code == FINDING_OVERLAP)
					take_overlap(model, group, &finding, &got);
				if (finding.code != FINDING_ONE_SIDE &&
				    finding.code != FINDING_SIDES_DIFFER) {
					cr_assert(!got.codes[finding.code] ||
						  finding.code == FINDING_OVERLAP);
					got.codes[finding.code] = true;
				}
			}
			for (enum finding_code code = 1; code < FINDING_CODES_END; code++)
				if (want.codes[code] != got.codes[code])
					cr_assert_fail("round %u %s line %zu: %s %d",
						       round, group ? "gid" : "uid",
						       i + 1, finding_code_name(code),
						       want.codes[code]);
			cr_assert(want.overlap == got.overlap, "round %u", round);
			for (uint64_t id = 0; id < UNIVERSE; id++)
				cr_assert((got.lost >> id & 1) ==
						  loses_at(model, group, i, id),
					  "round %u line %zu id %u", round, i + 1,
					  (unsigned)id);
		}
}

/* The first account whose id is in a range; a group comes before a user. */
static void check_account(const struct finding *finding, const struct model_line *line)
{
	bool group = finding->kind->group;
	const struct accounts_row *rows = finding->primary ? primary :
					  group		   ? groups :
							     users;
	size_t n = finding->primary ? COUNT_OF(primary) :
		   group	    ? COUNT_OF(groups) :
				      COUNT_OF(users);
	bool named = false;

	cr_assert(range_contains(line->range, finding->ids.start) &&
		  range_contains(line->range, finding->ids.end - 1));
	for (size_t i = 0; i < n; i++)
		named |= rows[i].id == finding->ids.start &&
			 strncmp(rows[i].name, finding->other, finding->other_len) == 0;
	cr_assert(named && !(finding->primary && finding->ids.start == 100004));
}

/* The ids and the other line of a finding are right. */
static void check_details(const struct model *model, const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct finding finding;
		const struct model_line *line, *other;

		findings_get(findings, i, &finding);
		line = &model->lines[finding.kind->group][finding.line - 1];
		cr_assert(finding.owner_len == strlen(owners[line->owner].text) &&
			  memcmp(finding.owner, owners[line->owner].text,
				 finding.owner_len) == 0);
		if (finding.code == FINDING_ACCOUNT)
			check_account(&finding, line);
		if (finding.code == FINDING_SPELLING)
			cr_assert(strcmp(finding.other,
					 users[owners[line->owner].user].name) == 0);
		if (finding.other_line == 0)
			continue;
		other = &model->lines[finding.kind->group][finding.other_line - 1];
		cr_assert(range_contains(line->range, finding.ids.start) &&
			  range_contains(other->range, finding.ids.end - 1) &&
			  range_contains(line->range, finding.ids.end - 1) &&
			  range_contains(other->range, finding.ids.start));
		cr_assert((who(line) == who(other)) == (finding.code != FINDING_OVERLAP));
		cr_assert(memcmp(finding.other, owners[other->owner].text,
				 finding.other_len) == 0);
	}
}

/* Exactly the model's findings, in the order of the lines. */
Test(findings, agree_with_a_model)
{
	struct rng rng = { rng_seed() };

	for (unsigned round = 0; round < 30000; round++) {
		bool newline = !rng_once_in(&rng, 4);
		struct findings findings;
		struct model model;

		model_make(&model, &rng, newline);
		cr_assert(
			findings_find(
				&(struct findings_question){
					.tables = { &model.tables[0], &model.tables[1] },
					.users = &user_accounts,
					.groups = &group_accounts,
					.primary = &primary_accounts,
					.spellings = &spelling_accounts,
					.unknown = &unknown_accounts,
				},
				&findings) == 0);
		check_lines(&model, &findings, newline, round);
		check_sides(&model, &findings, round);
		check_details(&model, &findings);
		for (size_t i = 1; i < findings.n; i++)
			cr_assert(
				findings.items[i - 1].group < findings.items[i].group ||
				(findings.items[i - 1].group == findings.items[i].group &&
				 findings.items[i - 1].line <= findings.items[i].line));
		findings_clear(&findings);
		table_clear(&model.tables[0]);
		table_clear(&model.tables[1]);
	}
}

/* Each malformed line has one code: which one. */
Test(findings, lines_that_grant_nothing)
{
	static const struct {
		const char *line;
		size_t len;
		const char *code; /* NULL: it has no own code */
	} cases[] = {
		{ BYTES(""), NULL },
		{ BYTES("# elsa:100000:65536"), NULL },
		{ BYTES("elsa:100000:65536"), NULL },
		{ BYTES("elsa"), "line-fields" },
		{ BYTES("elsa:100000"), "line-fields" },
		{ BYTES("elsa:100000-165535"), "line-fields" },
		{ BYTES("elsa:100000:65536:"), "read-differently" },
		{ BYTES("elsa:100000:65536:x"), "read-differently" },
		{ BYTES("elsa:x:65536:x"), "line-fields" },
		{ BYTES("elsa:100000:6553\0"), "line-nul" },
		{ BYTES(":100000:65536"), "owner-empty" },
		{ BYTES("-elsa:100000:65536"), "owner-sign" },
		{ BYTES("+5001:100000:65536"), "owner-sign" },
		{ BYTES(" elsa:100000:65536"), "owner-blank" },
		{ BYTES("elsa\t:100000:65536"), "owner-blank" },
		{ BYTES("05001:100000:65536"), "owner-number" },
		{ BYTES("4294967295:100000:65536"), "owner-number" },
		{ BYTES("elsa:0100000:65536"), "read-differently" },
		{ BYTES("elsa:0900000:65536"), "read-differently" },
		{ BYTES("elsa:0x100000:65536"), "read-differently" },
		{ BYTES("elsa:0X1f:65536"), "read-differently" },
		{ BYTES("elsa:+100000:65536"), "read-differently" },
		{ BYTES("elsa: 100000:65536"), "read-differently" },
		{ BYTES("elsa:\t100000:65536"), "read-differently" },
		{ BYTES("elsa:100000:065536"), "read-differently" },
		{ BYTES("elsa:100000:0x10000"), "read-differently" },
		{ BYTES("elsa:0x:65536"), "start-number" },
		{ BYTES("elsa:0xg:65536"), "start-number" },
		{ BYTES("elsa::65536"), "start-number" },
		{ BYTES("elsa:100,000:65536"), "start-number" },
		{ BYTES("elsa:FIRST:65536"), "start-number" },
		{ BYTES("elsa:100000:64k"), "count-number" },
		{ BYTES("elsa:100000:"), "count-number" },
		{ BYTES("elsa:100000:65536\r"), "count-cr" },
		{ BYTES("elsa:100000:65536 "), "count-blank" },
		{ BYTES("elsa:100000:0"), "count-zero" },
		{ BYTES("elsa:4294967296:1"), "range-beyond" },
		{ BYTES("elsa:4294967295:2"), "range-beyond" },
		{ BYTES("elsa:100000:18446744073709551616"), "range-beyond" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct findings findings;
		struct finding finding;
		struct table table;

		cr_assert(table_load(exact_copy(cases[i].line, cases[i].len),
				     cases[i].len, &table) == 0);
		if (cases[i].len > 0)
			cr_assert(table_append(&table, "anna", 4,
					       (struct range){ 1, 2 }) == 0);
		cr_assert(findings_find(
				  &(struct findings_question){
					  .tables = { NULL, &table },
					  .users = &user_accounts,
				  },
				  &findings) == 0);
		cr_assert(findings.n == (cases[i].code ? 1 : 0), "case %zu: %zu", i,
			  findings.n);
		if (cases[i].code) {
			findings_get(&findings, 0, &finding);
			cr_assert_str_eq(finding_code_name(finding.code), cases[i].code,
					 "case %zu", i);
			cr_assert(finding.line == 1 && finding.kind == &kind_gid &&
				  finding.fault != 0 &&
				  finding.severity >= FINDING_WARNING);
		}
		findings_clear(&findings);
		table_clear(&table);
	}
}

/* The first reserved ids of a line, on request; for root they are a note. */
Test(findings, reserved)
{
	static const char text[] = "elsa:60000:6000\nanna:2147352575:2\nroot:61000:500\n"
				   "anna:524288:65536\nanna:65535:1\n";
	static const struct {
		uint64_t line, first, last;
		enum finding_severity severity;
	} wanted[] = {
		{ 1, 60001, 60513, FINDING_WARNING },
		{ 2, 2147352576, 2147352576, FINDING_WARNING },
		{ 3, 61184, 61499, FINDING_NOTE },
		{ 5, 65535, 65535, FINDING_WARNING },
	};

	for (int asked = 0; asked < 2; asked++) {
		struct findings findings;
		struct finding finding;
		struct table table;
		size_t n = 0;

		cr_assert(table_load(exact_copy(BYTES(text)), strlen(text), &table) == 0);
		cr_assert(findings_find(
				  &(struct findings_question){
					  .tables = { &table, NULL },
					  .users = &user_accounts,
					  .reserved = asked,
				  },
				  &findings) == 0);
		for (size_t i = 0; i < findings.n; i++) {
			findings_get(&findings, i, &finding);
			if (finding.code != FINDING_RESERVED)
				continue;
			cr_assert(n < COUNT_OF(wanted) &&
				  finding.line == wanted[n].line &&
				  finding.ids.start == wanted[n].first &&
				  finding.ids.end == wanted[n].last + 1 &&
				  finding.severity == wanted[n].severity);
			n++;
		}
		cr_assert_eq(n, asked ? COUNT_OF(wanted) : 0);
		findings_clear(&findings);
		table_clear(&table);
	}
}

/* One finding for lines that kubelet does not take, in place of a comparison of sides. */
Test(findings, kubelet)
{
#define GOOD "kubelet:65536:131072\n"
	static const struct {
		const char *texts[2];
		unsigned int group;
		uint64_t line; /* 0: none */
	} rows[] = {
		{ { GOOD, GOOD }, 0, 0 },
		{ { "elsa:5:5\n", "" }, 0, 0 },
		{ { "elsa:5:5\n" GOOD, "" }, 0, 2 },
		{ { "", "anna:5:5\n" GOOD }, 1, 2 },
		{ { GOOD, "anna:5:5\nkubelet:65536:131073\n" }, 1, 2 },
		{ { "anna:5:5\nkubelet:65537:65536\n", GOOD }, 0, 2 },
		{ { GOOD, GOOD "kubelet:262144:65536\n" }, 1, 1 },
		{ { GOOD, "kubelet:65536:65536\n" }, 0, 1 },
		{ { GOOD "kubelets:1:5\n", GOOD }, 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct findings findings;
		struct table tables[2];
		size_t n = 0;

		for (size_t k = 0; k < 2; k++)
			cr_assert(table_load(exact_copy(rows[i].texts[k],
							strlen(rows[i].texts[k])),
					     strlen(rows[i].texts[k]), &tables[k]) == 0);
		cr_assert(findings_find(
				  &(struct findings_question){
					  .tables = { &tables[0], &tables[1] } },
				  &findings) == 0);
		for (size_t j = 0; j < findings.n; j++) {
			struct finding finding;

			findings_get(&findings, j, &finding);
			if (finding.code == FINDING_KUBELET_RANGE) {
				n++;
				cr_assert(finding.line == rows[i].line &&
						  finding.kind->group == rows[i].group,
					  "row %zu", i);
			}
			cr_assert(rows[i].line == 0 || finding.owner_len != 7 ||
					  (finding.code != FINDING_ONE_SIDE &&
					   finding.code != FINDING_SIDES_DIFFER),
				  "row %zu", i);
		}
		cr_assert(n == (rows[i].line != 0), "row %zu: %zu", i, n);
		findings_clear(&findings);
		table_clear(&tables[0]);
		table_clear(&tables[1]);
	}
}

/* A name for each code and each severity, no name twice. */
Test(findings, names)
{
	for (enum finding_code a = 1; a < FINDING_CODES_END; a++) {
		cr_assert(finding_code_name(a)[0] != '\0', "code %d", (int)a);
		for (enum finding_code b = 1; b < a; b++)
			cr_assert_str_neq(finding_code_name(a), finding_code_name(b));
	}
	cr_assert_str_empty(finding_code_name(0));
	cr_assert_str_empty(finding_code_name(FINDING_CODES_END));
	cr_assert_str_eq(finding_severity_name(FINDING_NOTE), "note");
	cr_assert_str_eq(finding_severity_name(FINDING_ERROR), "error");
	cr_assert_str_empty(finding_severity_name(0));
}

/* From the lowest id of a database to its highest. */
Test(findings, spans)
{
	struct table table = { 0 };
	struct findings findings;

	cr_assert(table_append(&table, "elsa", 4, (struct range){ 500, 600 }) == 0);
	cr_assert(table_append(&table, "anna", 4, (struct range){ 100, 101 }) == 0);
	cr_assert(table_append(&table, "anna", 4, (struct range){ 300, 310 }) == 0);
	cr_assert(findings_find(&(struct findings_question){ .tables = { NULL, &table } },
				&findings) == 0);
	cr_assert(findings.spans[0].end == 0);
	cr_assert(findings.spans[1].start == 100 && findings.spans[1].end == 600);
	findings_clear(&findings);
	table_clear(&table);
}

/* Many owners and many lines: nothing is lost when the parts grow. */
Test(findings, many)
{
	struct table table = { 0 };
	struct findings findings;
	struct finding finding;
	char name[16];

	for (uint64_t i = 0; i < 5000; i++) {
		int len = snprintf(name, sizeof(name), "u%" PRIu64, 5000 - i);

		cr_assert(table_append(&table, name, (size_t)len,
				       (struct range){ 100000 + 10 * (5000 - i),
						       100011 + 10 * (5000 - i) }) == 0);
	}
	cr_assert(findings_find(
			  &(struct findings_question){
				  .tables = { &table, NULL },
				  .users = &user_accounts,
			  },
			  &findings) == 0);
	/* No owner has an account, and each line but the last overlaps with the next one.
	 */
	cr_assert(findings.n == 5000 + 4999);
	findings_get(&findings, 2, &finding);
	cr_assert(finding.code == FINDING_OVERLAP && finding.line == 2 &&
		  finding.other_line == 1 && finding.ids.start == 150000 &&
		  finding.ids.end == 150001);
	findings_clear(&findings);
	cr_assert(findings_clear(NULL) == NULL);
	table_clear(&table);
}
