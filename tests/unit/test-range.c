// SPDX-License-Identifier: BSD-3-Clause
/*
 * Ranges and sets of them, compared with a bitmap: a universe of 64 ids, once at 0 and
 * once at the upper end of all ids.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/range.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define UNIVERSE 64

static const uint64_t bases[] = { 0, 100000, ID_END - UNIVERSE };

/* The ids of @range in the universe at @base. */
static uint64_t bits(struct range range, uint64_t base)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < UNIVERSE; i++)
		if (range.start <= base + i && base + i < range.end)
			set |= (uint64_t)1 << i;
	return set;
}

/* The number of runs of ones: the ranges that a set must have. */
static size_t runs(uint64_t set)
{
	return (size_t)__builtin_popcountll(set & ~(set << 1));
}

static struct range some_range(struct rng *rng, uint64_t base, size_t longest)
{
	uint64_t start = rng_below(rng, UNIVERSE);
	uint64_t count = 1 + rng_below(rng, longest);

	if (start + count > UNIVERSE)
		count = UNIVERSE - start;
	return (struct range){ base + start, base + start + count };
}

/* The ids of the set; the test fails unless its ranges ascend with gaps between them. */
static uint64_t set_bits(const struct range_set *set, uint64_t base)
{
	uint64_t all = 0;

	cr_assert(set->n <= set->allocated || set->n == 0);
	cr_assert(set->lent || set->allocated <= set->max);
	for (size_t i = 0; i < set->n; i++) {
		cr_assert(set->ranges[i].start < set->ranges[i].end);
		cr_assert(set->ranges[i].end <= ID_END);
		cr_assert(i == 0 || set->ranges[i - 1].end < set->ranges[i].start,
			  "ranges %zu and %zu touch", i - 1, i);
		all |= bits(set->ranges[i], base);
	}
	return all;
}

/* `FIRST-LAST` in plain decimal numbers, up to the last id and not beyond. */
Test(range, parse)
{
	static const struct {
		const char *text;
		int r;
		struct range want;
	} rows[] = {
		{ "0-0", 0, { 0, 1 } },
		{ "100000-165535", 0, { 100000, 165536 } },
		{ "0-4294967295", 0, { 0, ID_END } },
		{ "4294967296-4294967296", RANGE_MALFORMED, { 0, 0 } },
		{ "1-4294967296", RANGE_MALFORMED, { 0, 0 } },
		{ "2-1", RANGE_MALFORMED, { 0, 0 } },
		{ "", RANGE_MALFORMED, { 0, 0 } },
		{ "5", RANGE_MALFORMED, { 0, 0 } },
		{ "-5", RANGE_MALFORMED, { 0, 0 } },
		{ "5-", RANGE_MALFORMED, { 0, 0 } },
		{ "1-2-3", RANGE_MALFORMED, { 0, 0 } },
		{ "1--2", RANGE_MALFORMED, { 0, 0 } },
		{ "01-2", RANGE_MALFORMED, { 0, 0 } },
		{ "+1-2", RANGE_MALFORMED, { 0, 0 } },
		{ "1 - 2", RANGE_MALFORMED, { 0, 0 } },
		{ "1-2\n", RANGE_MALFORMED, { 0, 0 } },
		{ "0x1-2", RANGE_MALFORMED, { 0, 0 } },
		{ "1-99999999999999999999", RANGE_MALFORMED, { 0, 0 } },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct range range = { 0, 0 };

		cr_assert(range_parse(rows[i].text, &range) == rows[i].r, "row %zu", i);
		cr_assert(range.start == rows[i].want.start &&
				  range.end == rows[i].want.end,
			  "row %zu", i);
	}
}

/* Valid ranges, and the edges of the ids and of 64 bits. */
Test(range, make)
{
	static const struct {
		uint64_t start, count;
		int r;
	} rows[] = {
		{ 0, 0, RANGE_EMPTY },
		{ ID_END, 0, RANGE_EMPTY },
		{ UINT64_MAX, 0, RANGE_EMPTY },
		{ 0, 1, 0 },
		{ 0, ID_NONE, 0 },
		{ 0, ID_END, 0 },
		{ 0, ID_END + 1, RANGE_BEYOND },
		{ 1, ID_END, RANGE_BEYOND },
		{ 1, ID_END - 1, 0 },
		{ 100000, 65536, 0 },
		{ INT32_MAX, 1, 0 },
		{ (uint64_t)INT32_MAX + 1, (uint64_t)INT32_MAX + 1, 0 },
		{ (uint64_t)INT32_MAX + 1, (uint64_t)INT32_MAX + 2, RANGE_BEYOND },
		{ ID_NONE - 1, 1, 0 },
		{ ID_NONE - 1, 2, 0 },
		{ ID_NONE - 1, 3, RANGE_BEYOND },
		{ ID_NONE, 1, 0 },
		{ ID_NONE, 2, RANGE_BEYOND },
		{ ID_END, 1, RANGE_BEYOND },
		{ ID_END + 1, 1, RANGE_BEYOND },
		{ ID_END + 100000, 65536, RANGE_BEYOND },
		{ 0, UINT64_MAX, RANGE_BEYOND },
		{ 1, UINT64_MAX, RANGE_BEYOND },
		{ 100000, UINT64_MAX - 99999, RANGE_BEYOND },
		{ 100000, UINT64_MAX - 99998, RANGE_BEYOND },
		{ UINT64_MAX, 1, RANGE_BEYOND },
		{ UINT64_MAX, UINT64_MAX, RANGE_BEYOND },
		{ UINT64_MAX - ID_END, 2 * ID_END, RANGE_BEYOND },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct range range = { 77, 88 };
		int r = range_make(rows[i].start, rows[i].count, &range);

		cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		if (r) {
			cr_assert(range.start == 77 && range.end == 88, "row %zu", i);
			continue;
		}
		cr_assert(range.start == rows[i].start, "row %zu", i);
		cr_assert(range.end == rows[i].start + rows[i].count, "row %zu", i);
		cr_assert(range_count(range) == rows[i].count, "row %zu", i);
	}
}

/* Every pair of ranges among a few ids: overlap, common part, containment. */
Test(range, all_pairs)
{
	const unsigned top = 9;
	size_t pairs = 0;

	for (size_t b = 0; b < COUNT_OF(bases); b++) {
		/* The few ids are the last ones of the universe, to test the upper end.
		 */
		uint64_t base = bases[b], low = base + UNIVERSE - top;

		for (unsigned i = 0; i < top * top * top * top; i++) {
			struct range x = { low + i % top, low + i / top % top + 1 };
			struct range y = { low + i / top / top % top,
					   low + i / top / top / top + 1 };
			struct range common = { 77, 88 };
			uint64_t both;

			if (x.start >= x.end || y.start >= y.end)
				continue;
			pairs++;
			both = bits(x, base) & bits(y, base);
			cr_assert(range_overlaps(x, y) == (both != 0));
			cr_assert(range_intersect(x, y, &common) == (both != 0));
			if (both)
				cr_assert(bits(common, base) == both &&
					  common.start >= x.start && common.end <= x.end);
			else
				cr_assert(common.start == 77 && common.end == 88);
			cr_assert(range_count(x) ==
				  (uint64_t)__builtin_popcountll(bits(x, base)));
			for (unsigned id = 0; id < top; id++)
				cr_assert(range_contains(x, low + id) ==
					  ((bits(x, base) >> (UNIVERSE - top + id) & 1) !=
					   0));
		}
	}
	cr_assert(pairs == COUNT_OF(bases) * 45 * 45);
}

/* An empty set has no ids, removing from it changes nothing, and it can be cleared
 * repeatedly. */
Test(range_set, empty)
{
	struct range_set set = RANGE_SET(3);
	struct range all = { 0, ID_END };

	cr_assert_not(range_set_overlaps(&set, all));
	cr_assert_not(range_set_covers(&set, all));
	cr_assert(range_set_subtract(&set, all) == 0 && set.n == 0);
	cr_assert_null(range_set_clear(&set));
	cr_assert_null(range_set_clear(&set));
	cr_assert_null(range_set_clear(NULL));
	cr_assert(set.max == 3 && set.n == 0 && !set.ranges && set.allocated == 0);

	cr_assert(range_set_add(&set, all) == 0);
	cr_assert(range_set_covers(&set, all));
	cr_assert_null(range_set_clear(&set));
	cr_assert(set.max == 3 && set.n == 0 && !set.ranges && set.allocated == 0);
	cr_assert(range_set_add(&set, all) == 0 && set.n == 1);
	range_set_cleanup(&set);
}

/* Adjacent ranges are joined, also if the new one closes a gap or covers several. */
Test(range_set, joins)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(4);

	cr_assert(range_set_add(&set, (struct range){ 10, 20 }) == 0);
	cr_assert(range_set_add(&set, (struct range){ 30, 40 }) == 0 && set.n == 2);
	cr_assert(range_set_add(&set, (struct range){ 20, 30 }) == 0 && set.n == 1);
	cr_assert(set.ranges[0].start == 10 && set.ranges[0].end == 40);
	cr_assert(range_set_add(&set, (struct range){ 0, 9 }) == 0 && set.n == 2);
	cr_assert(range_set_add(&set, (struct range){ 50, ID_END }) == 0 && set.n == 3);
	cr_assert(range_set_add(&set, (struct range){ 5, 60 }) == 0 && set.n == 1);
	cr_assert(set.ranges[0].start == 0 && set.ranges[0].end == ID_END);
}

/* A set that would need more ranges than its bound is full, and stays unchanged. */
Test(range_set, full)
{
	CLEANUP(range_set_cleanup) struct range_set none = RANGE_SET(0);
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(2);

	cr_assert(range_set_add(&none, (struct range){ 1, 2 }) == RANGE_SET_FULL);
	cr_assert(none.n == 0 && !none.ranges);
	cr_assert(range_set_subtract(&none, (struct range){ 1, 2 }) == 0);

	cr_assert(range_set_add(&set, (struct range){ 10, 20 }) == 0);
	cr_assert(range_set_add(&set, (struct range){ 30, 40 }) == 0);
	cr_assert(range_set_add(&set, (struct range){ 50, 60 }) == RANGE_SET_FULL);
	cr_assert(range_set_add(&set, (struct range){ 22, 28 }) == RANGE_SET_FULL);
	cr_assert(range_set_subtract(&set, (struct range){ 12, 13 }) == RANGE_SET_FULL);
	cr_assert(set.n == 2 && set.ranges[0].start == 10 && set.ranges[0].end == 20 &&
		  set.ranges[1].start == 30 && set.ranges[1].end == 40);
	/* A removal at either end does not split a range. */
	cr_assert(range_set_subtract(&set, (struct range){ 5, 12 }) == 0);
	cr_assert(range_set_subtract(&set, (struct range){ 38, 45 }) == 0);
	/* A removal across the gap trims both. */
	cr_assert(range_set_subtract(&set, (struct range){ 18, 32 }) == 0);
	cr_assert(set.n == 2 && set.ranges[0].start == 12 && set.ranges[0].end == 18 &&
		  set.ranges[1].start == 32 && set.ranges[1].end == 38);
	cr_assert(range_set_subtract(&set, (struct range){ 0, 20 }) == 0 && set.n == 1);
	cr_assert(range_set_subtract(&set, (struct range){ 34, 35 }) == 0 && set.n == 2);
}

/* The lowest run of ones. */
static uint64_t first_run(uint64_t set)
{
	uint64_t lowest = set & -set, behind = set + lowest;

	return set & ~behind;
}

/* For every range of the universe: whether the set has all of it, any of it, and which
 * part. */
static void ask_everything(const struct range_set *set, uint64_t model, uint64_t base)
{
	for (unsigned start = 0; start < UNIVERSE; start++) {
		for (unsigned end = start + 1; end <= UNIVERSE; end++) {
			struct range range = { base + start, base + end };
			uint64_t asked = bits(range, base), both = asked & model;
			struct range common = { 77, 88 };

			cr_assert(range_set_covers(set, range) ==
				  ((asked & ~model) == 0));
			cr_assert(range_set_overlaps(set, range) == (both != 0));
			cr_assert(range_set_intersect(set, range, &common) ==
				  (both != 0));
			if (both)
				cr_assert(bits(common, base) == first_run(both) &&
					  range_count(common) <= UNIVERSE);
			else
				cr_assert(common.start == 77 && common.end == 88);
		}
	}
}

/*
 * Random additions and removals, compared with the bitmap, with any bound. The set is
 * full exactly if the bitmap needs more ranges than the bound.
 */
Test(range_set, model)
{
	struct rng rng = { rng_seed() };
	size_t full = 0;

	for (int round = 0; round < 3000; round++) {
		CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(0);
		struct range few[3];
		uint64_t base = bases[rng_below(&rng, COUNT_OF(bases))];
		size_t longest = 1 + rng_below(&rng, UNIVERSE);
		uint64_t model = 0;

		if (rng_once_in(&rng, 2))
			set = (struct range_set)RANGE_SET_IN(few, 0);
		set.max = rng_below(&rng, 12);
		for (int step = 0; step < 60; step++) {
			struct range range = some_range(&rng, base, longest);
			bool add = rng_once_in(&rng, 2);
			uint64_t next = add ? model | bits(range, base) :
					      model & ~bits(range, base);
			int r = add ? range_set_add(&set, range) :
				      range_set_subtract(&set, range);

			cr_assert(r == (runs(next) > set.max ? RANGE_SET_FULL : 0),
				  "seed %" PRIu64 ", round %d, step %d: %d", rng_seed(),
				  round, step, r);
			full += r == RANGE_SET_FULL;
			model = r ? model : next;
			cr_assert(set_bits(&set, base) == model && set.n == runs(model),
				  "seed %" PRIu64 ", round %d, step %d: %" PRIx64
				  " for %" PRIx64,
				  rng_seed(), round, step, set_bits(&set, base), model);
		}
		if (round % 50 == 0)
			ask_everything(&set, model, base);
	}
	cr_assert(full > 1000, "the bound was met %zu times", full);
}

/* Filled with ranges in any order, the set is their union, without its old content. */
Test(range_set, fill)
{
	struct rng rng = { rng_seed() };
	size_t full = 0;

	for (int round = 0; round < 20000; round++) {
		CLEANUP(range_set_cleanup)
		struct range_set set = RANGE_SET(1 + rng_below(&rng, 12));
		struct range few[3];
		uint64_t base = bases[rng_below(&rng, COUNT_OF(bases))], model = 0,
			 before = 0;
		struct range ranges[16], copy[16];
		size_t n = rng_below(&rng, COUNT_OF(ranges));
		size_t longest = 1 + rng_below(&rng, UNIVERSE / 2);
		int r;

		if (rng_once_in(&rng, 2))
			set = (struct range_set)RANGE_SET_IN(few, set.max);
		for (size_t i = 0; i < n; i++) {
			ranges[i] = some_range(&rng, base, longest);
			model |= bits(ranges[i], base);
		}
		memcpy(copy, ranges, sizeof(copy));
		if (rng_once_in(&rng, 2)) {
			struct range range = some_range(&rng, base, UNIVERSE);

			cr_assert(range_set_add(&set, range) == 0);
			before = bits(range, base);
		}
		r = range_set_fill(&set, ranges, n);
		cr_assert(r == (runs(model) > set.max ? RANGE_SET_FULL : 0),
			  "seed %" PRIu64 ", round %d: %d", rng_seed(), round, r);
		full += r != 0;
		model = r ? before : model;
		for (size_t i = 0; i < set.n; i++)
			cr_assert(i == 0 || set.ranges[i - 1].end < set.ranges[i].start);
		before = 0;
		for (size_t i = 0; i < set.n; i++)
			before |= bits(set.ranges[i], base);
		cr_assert(before == model && set.n == runs(model),
			  "seed %" PRIu64 ", round %d: %" PRIx64 " for %" PRIx64,
			  rng_seed(), round, before, model);
		cr_assert(memcmp(copy, ranges, n * sizeof(copy[0])) == 0);
		/* It can be used as any other set. */
		cr_assert(range_set_subtract(&set, (struct range){ 0, ID_END }) == 0);
		cr_assert(range_set_add(&set, (struct range){ base, base + 1 }) == 0 &&
			  set.n == 1);
	}
	cr_assert(full > 1000, "the bound was met %zu times", full);
}

/* What two sets have in common. */
Test(range_set, keep)
{
	struct rng rng = { rng_seed() };
	size_t full = 0;

	for (int round = 0; round < 20000; round++) {
		CLEANUP(range_set_cleanup)
		struct range_set set = RANGE_SET(UNIVERSE), other = RANGE_SET(UNIVERSE);
		uint64_t base = bases[rng_below(&rng, COUNT_OF(bases))], found = 0;
		uint64_t models[2] = { 0 }, common;
		int r;

		for (size_t i = rng_below(&rng, 16); i > 0; i--) {
			struct range range = some_range(&rng, base, 9);
			bool second = rng_once_in(&rng, 2);

			models[second] |= bits(range, base);
			cr_assert(range_set_add(second ? &other : &set, range) == 0);
		}
		common = models[0] & models[1];
		if (rng_once_in(&rng, 3))
			set.max = set.n;
		r = range_set_keep(&set, &other);
		cr_assert(r == (runs(common) > set.max ? RANGE_SET_FULL : 0));
		full += r != 0;
		for (size_t i = 0; i < set.n; i++)
			found |= bits(set.ranges[i], base);
		cr_assert(found == (r ? models[0] : common) && set.n == runs(found),
			  "seed %" PRIu64 ", round %d", rng_seed(), round);
		range_set_clear(&other);
	}
	cr_assert(full > 100, "the bound was met %zu times", full);
}

/* Large sets: ranges added in any order, split everywhere, filled up again. */
Test(range_set, large)
{
	enum { N = 5000 };
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(N);
	struct rng rng = { rng_seed() };
	static uint64_t order[N];

	for (size_t i = 0; i < N; i++) {
		size_t j = rng_below(&rng, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < N; i++)
		cr_assert(range_set_add(&set, (struct range){ order[i] * 10,
							      order[i] * 10 + 9 }) == 0);
	cr_assert(set.n == N && set.allocated <= N);
	cr_assert(range_set_add(&set, (struct range){ N * 10, N * 10 + 1 }) ==
		  RANGE_SET_FULL);
	for (size_t i = 0; i < N; i++)
		cr_assert(set.ranges[i].start == i * 10 &&
			  set.ranges[i].end == i * 10 + 9);
	for (size_t i = 0; i < N; i++) {
		struct range gap = { order[i] * 10 + 9, order[i] * 10 + 10 };

		cr_assert_not(range_set_overlaps(&set, gap));
		cr_assert(range_set_add(&set, gap) == 0);
	}
	cr_assert(set.n == 1 && set.ranges[0].start == 0 && set.ranges[0].end == N * 10);
	for (size_t i = 1; i < N; i++)
		cr_assert(range_set_subtract(&set, (struct range){ order[i] * 10,
								   order[i] * 10 + 1 }) ==
			  0);
	cr_assert(set.n >= N - 1);
	cr_assert(range_set_subtract(&set, (struct range){ 0, ID_END }) == 0 &&
		  set.n == 0);
}
