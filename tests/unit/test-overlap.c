// SPDX-License-Identifier: BSD-3-Clause
/*
 * The overlap policy, compared with a model that checks every id.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/overlap.h"
#include "tests/unit/accounts.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define UNIVERSE 48

static bool is_elsa(const struct entry *entry, void *context)
{
	(void)context;
	return entry->owner_len == 4 && memcmp(entry->owner, "elsa", 4) == 0;
}

/* The conflicts of one id, by reason; an id may have several. */
struct objections {
	unsigned owner[UNIVERSE];
	unsigned account[UNIVERSE];
	unsigned primary[UNIVERSE];
	bool root;
	bool no_id;
};

static void count(struct objections *objections, const struct overlap *conflict,
		  uint64_t base)
{
	for (uint64_t id = conflict->ids.start; id < conflict->ids.end; id++) {
		if (conflict->why == OVERLAP_OWNER)
			objections->owner[id - base]++;
		else if (conflict->why == OVERLAP_ACCOUNT)
			objections->account[id - base]++;
		else if (conflict->why == OVERLAP_PRIMARY)
			objections->primary[id - base]++;
		else if (conflict->why == OVERLAP_ROOT)
			objections->root = true;
		else
			objections->no_id = true;
	}
}

/* Every conflict is in the list, and nothing else. */
Test(overlap, agrees_with_a_model)
{
	static const uint64_t bases[] = { 0, 100000, ID_END - UNIVERSE };
	static const char *const owners[] = { "elsa", "anna", "serge" };
	struct rng rng = { rng_seed() };

	for (unsigned round = 0; round < 20000; round++) {
		uint64_t base = bases[rng_below(&rng, COUNT_OF(bases))];
		struct objections want = { 0 }, got = { 0 };
		struct range_set wanted = RANGE_SET(UNIVERSE);
		CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
		CLEANUP(accounts_cleanup) struct accounts primary = { 0 };
		bool others = rng_once_in(&rng, 8);
		struct overlap_list list = { 0 };
		struct table table = { 0 };
		struct overlap_question question = {
			.kind = &kind_uid,
			.wanted = &wanted,
			.table = &table,
			.is_owner = others ? NULL : is_elsa,
			.accounts = rng_once_in(&rng, 8) ? NULL : &accounts,
			.primary = rng_once_in(&rng, 2) ? NULL : &primary,
		};
		uint64_t bits = 0, groups = 0;

		for (size_t i = rng_below(&rng, 4); i > 0; i--) {
			uint64_t start = rng_below(&rng, UNIVERSE - 8);
			uint64_t n = 1 + rng_below(&rng, 8);

			bits |= ((1ULL << n) - 1) << start;
			cr_assert(range_set_add(&wanted,
						(struct range){ base + start,
								base + start + n }) == 0);
		}
		for (size_t i = rng_below(&rng, 6); i > 0; i--) {
			const char *owner = owners[rng_below(&rng, COUNT_OF(owners))];
			uint64_t start = rng_below(&rng, UNIVERSE - 8);
			uint64_t n = 1 + rng_below(&rng, 8);

			cr_assert(table_append(&table, owner, strlen(owner),
					       (struct range){ base + start,
							       base + start + n }) == 0);
			for (uint64_t id = start; id < start + n; id++)
				want.owner[id] += (others || strcmp(owner, "elsa")) &&
						  bits >> id & 1;
		}
		for (size_t i = rng_below(&rng, 5); question.accounts && i > 0; i--) {
			uint64_t id = rng_below(&rng, UNIVERSE);

			cr_assert(accounts_add(&accounts, "bob", 3, (uint32_t)(base + id),
					       0) == 0);
			groups |= 1ULL << id;
			want.account[id] += base + id != 0 && bits >> id & 1;
		}
		for (size_t i = rng_below(&rng, 5); question.primary && i > 0; i--) {
			uint64_t id = rng_below(&rng, UNIVERSE);

			cr_assert(accounts_add(&primary, "bob", 3, (uint32_t)(base + id),
					       0) == 0);
			want.primary[id] +=
				base + id != 0 && bits >> id & 1 && !(groups >> id & 1);
		}
		want.root = base == 0 && bits & 1;
		want.no_id = base + UNIVERSE == ID_END && bits >> (UNIVERSE - 1) & 1;

		cr_assert(overlap_find(&question, &list) == 0);
		for (size_t i = 0; i < list.n; i++)
			count(&got, &list.items[i], base);
		cr_assert(memcmp(&want, &got, sizeof(want)) == 0,
			  "seed %" PRIu64 " round %u", rng_seed(), round);
		overlap_list_cleanup(&list);
		table_clear(&table);
		range_set_clear(&wanted);
	}
}

/* The names and lines of conflicts, and which reason comes first. */
Test(overlap, says_who_and_where)
{
	static const char text[] =
		"# ours\n\nanna:100000:10\nelsa:100005:10\nserge:100008:1\n";
	static const struct accounts_row rows[] = { { "root", 0, 0 },
						    { "bob", 100009, 0 } };
	static const struct accounts_row users[] = { { "bob", 100009, 100009 },
						     { "dora", 100011, 100011 } };
	CLEANUP(accounts_cleanup) struct accounts accounts, primary;
	struct range_set wanted = RANGE_SET(2);
	struct overlap_list list = { 0 };
	struct table table;
	struct overlap_question question = {
		.kind = &kind_gid,
		.wanted = &wanted,
		.table = &table,
		.is_owner = is_elsa,
		.accounts = &accounts,
		.primary = &primary,
	};

	accounts_make(&accounts, rows, COUNT_OF(rows));
	accounts_make(&primary, users, COUNT_OF(users));
	cr_assert(table_load(exact_copy(text, strlen(text)), strlen(text), &table) == 0);
	cr_assert(range_set_add(&wanted, (struct range){ 0, 1 }) == 0);
	cr_assert(range_set_add(&wanted, (struct range){ 100008, 100020 }) == 0);
	cr_assert(overlap_find(&question, &list) == 0);

	cr_assert(list.n == 5);
	cr_assert(list.items[0].why == OVERLAP_ROOT && !list.items[0].name);
	cr_assert(list.items[1].why == OVERLAP_ACCOUNT &&
		  list.items[1].ids.start == 100009);
	cr_assert_str_eq(list.items[1].name, "bob");
	/* A primary group with a line of its own is a group. */
	cr_assert(list.items[2].why == OVERLAP_PRIMARY &&
		  list.items[2].ids.start == 100011);
	cr_assert_str_eq(list.items[2].name, "dora");
	cr_assert(list.items[3].line == 3 && list.items[3].ids.start == 100008 &&
		  list.items[3].ids.end == 100010 && list.items[3].kind == &kind_gid);
	cr_assert_str_eq(list.items[3].name, "anna");
	cr_assert(list.items[4].line == 5);
	cr_assert_str_eq(list.items[4].name, "serge");

	overlap_list_cleanup(&list);
	table_clear(&table);
	range_set_clear(&wanted);
}

/* A million users, each with a group of its own: the time grows with their number, not
 * with its square. */
Test(overlap, many_accounts)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 }, primary = { 0 };
	struct range_set wanted = RANGE_SET(1);
	struct overlap_list list = { 0 };
	struct table table;
	struct overlap_question question = {
		.kind = &kind_gid,
		.wanted = &wanted,
		.table = &table,
		.accounts = &accounts,
		.primary = &primary,
	};

	cr_assert(table_load(exact_copy("", 0), 0, &table) == 0);
	for (uint32_t id = 1000000; id > 0; id--) {
		cr_assert(accounts_add(&primary, "user", 4, id, id) == 0);
		if (id > 1)
			cr_assert(accounts_add(&accounts, "", 0, id, id) == 0);
	}
	cr_assert(range_set_add(&wanted, (struct range){ 1, 1000001 }) == 0);
	cr_assert(overlap_find(&question, &list) == 0);
	cr_assert(list.n == 1000000 && list.items[999999].why == OVERLAP_PRIMARY &&
		  list.items[999999].ids.start == 1);
	overlap_list_cleanup(&list);
	table_clear(&table);
	range_set_clear(&wanted);
}

/* Each reason has one flag that overrides it, and 4294967295 none. */
Test(overlap, overridden)
{
	static const struct {
		enum overlap_why why;
		struct overlap_policy policy;
	} rows[] = {
		{ OVERLAP_OWNER, { .allow_overlap = true } },
		{ OVERLAP_ACCOUNT, { .allow_overlap = true } },
		{ OVERLAP_PRIMARY, { .allow_overlap = true } },
		{ OVERLAP_ROOT, { .allow_root = true } },
		{ OVERLAP_RESERVED, { .allow_reserved = true } },
		{ OVERLAP_NO_ID, { false, false, false } },
	};
	const struct overlap_policy all = { true, true, true };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct overlap conflict = { .why = rows[i].why };
		struct overlap_policy others = all;

		others.allow_overlap &= !rows[i].policy.allow_overlap;
		others.allow_root &= !rows[i].policy.allow_root;
		others.allow_reserved &= !rows[i].policy.allow_reserved;
		cr_assert_eq(overlap_is_overridden(&conflict, &rows[i].policy),
			     rows[i].why != OVERLAP_NO_ID, "row %zu", i);
		cr_assert(!overlap_is_overridden(&conflict, &others), "row %zu", i);
	}
}

static void find(const char *text, size_t len, struct range range, bool reserved,
		 struct overlap_list *list)
{
	struct range_set wanted = RANGE_SET(1);
	struct table table;
	const struct overlap_question question = {
		.kind = &kind_uid,
		.wanted = &wanted,
		.table = &table,
		.is_owner = is_elsa,
		.reserved = reserved,
	};

	cr_assert(table_load(exact_copy(text, len), len, &table) == 0);
	cr_assert(range_set_add(&wanted, range) == 0);
	*list = (struct overlap_list){ 0 };
	cr_assert(overlap_find(&question, list) == 0);
	table_clear(&table);
	range_set_clear(&wanted);
}

/* Ids that any program reads in a malformed line are a conflict, but for its user. */
Test(overlap, malformed_lines)
{
	static const struct {
		const char *line;
		size_t len;
		struct range wanted;
		uint64_t start, end; /* the conflict with anna; end 0: there is none */
	} rows[] = {
		{ BYTES("anna:+100000:10"), { 100005, 200000 }, 100005, 100010 },
		{ BYTES("anna:0x186a0:10:"), { 0, ID_END }, 100000, 100010 },
		{ BYTES("anna:0100:8"), { 64, 72 }, 64, 72 },
		{ BYTES("anna:0100:8"), { 100, 108 }, 100, 108 },
		{ BYTES("anna:0100:8"), { 72, 100 }, 0, 0 },
		{ BYTES("anna:100000:10\r"), { 100000, 100001 }, 100000, 100001 },
		{ BYTES(" anna:100000:10"), { 100000, 100001 }, 100000, 100001 },
		{ BYTES("anna:4294967290:10"),
		  { 4294967290, ID_END - 1 },
		  4294967290,
		  ID_END - 1 },
		{ BYTES("anna:0:0"), { 100, 200 }, 0, 0 },
		{ BYTES("anna:-5:10"), { 1, 200 }, 0, 0 },
		{ BYTES("elsa:+100000:10"), { 0, ID_END }, 0, 0 },
		{ BYTES(" elsa:100000:10"), { 0, ID_END }, 0, 0 },
		{ BYTES("#anna:100000:10"), { 0, ID_END }, 0, 0 },
		{ BYTES("an\0\nna:100000:10\n"), { 100000, 100001 }, 100000, 100001 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct overlap_list list;
		size_t n = 0;

		find(rows[i].line, rows[i].len, rows[i].wanted, false, &list);
		for (size_t j = 0; j < list.n; j++) {
			const struct overlap *conflict = &list.items[j];

			if (!conflict->malformed)
				continue;
			cr_assert(conflict->why == OVERLAP_OWNER && conflict->line == 1 &&
					  conflict->ids.start == rows[i].start &&
					  conflict->ids.end == rows[i].end,
				  "row %zu", i);
			cr_assert_str_eq(conflict->name, "anna", "row %zu", i);
			n++;
		}
		cr_assert_eq(n, rows[i].end > 0, "row %zu: %zu", i, n);
		overlap_list_cleanup(&list);
	}
}

/* Reserved ids are conflicts on request, with their purpose. */
Test(overlap, reserved)
{
	struct overlap_list list;

	find("", 0, (struct range){ 65000, 65535 }, true, &list);
	cr_assert(list.n == 2 && list.items[0].why == OVERLAP_RESERVED &&
		  list.items[0].ids.start == 65000 && list.items[0].ids.end == 65520 &&
		  list.items[1].ids.start == 65534 && list.items[1].ids.end == 65535);
	cr_assert_str_eq(list.items[0].name, "dynamic users of systemd services");
	overlap_list_cleanup(&list);
	find("", 0, (struct range){ 65000, 65535 }, false, &list);
	cr_assert(list.n == 0);
	overlap_list_cleanup(&list);
	find("", 0, (struct range){ 524288, 1879048192 }, true, &list);
	cr_assert(list.n == 0);
	overlap_list_cleanup(&list);
}
