// SPDX-License-Identifier: BSD-3-Clause
/*
 * The overlap policy, compared with a model that looks at every id alone.
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

/* What is in the way of one id, by why; the same id may have several. */
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

/* Names, lines and what overrides what. */
Test(overlap, says_who_and_where)
{
	static const char text[] =
		"# ours\n\nanna:100000:10\nelsa:100005:10\nserge:100008:1\n";
	static const struct accounts_row rows[] = { { "root", 0, 0 },
						    { "bob", 100009, 0 } };
	static const struct accounts_row users[] = { { "bob", 100009, 100009 },
						     { "dora", 100011, 100011 } };
	CLEANUP(accounts_cleanup) struct accounts accounts, primary;
	const struct overlap_policy overlap = { .allow_overlap = true };
	const struct overlap_policy root = { .allow_root = true };
	const struct overlap_policy both = { true, true };
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

	cr_assert(!overlap_is_overridden(&list.items[0], &overlap));
	cr_assert(overlap_is_overridden(&list.items[0], &root));
	cr_assert(!overlap_is_overridden(&list.items[1], &root));
	cr_assert(overlap_is_overridden(&list.items[1], &overlap));
	cr_assert(!overlap_is_overridden(&list.items[2], &root));
	cr_assert(overlap_is_overridden(&list.items[2], &overlap));
	cr_assert(overlap_is_overridden(&list.items[3], &overlap));
	cr_assert(
		!overlap_is_overridden(&(struct overlap){ .why = OVERLAP_NO_ID }, &both));
	overlap_list_cleanup(&list);
	table_clear(&table);
	range_set_clear(&wanted);
}
