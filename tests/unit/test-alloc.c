// SPDX-License-Identifier: BSD-3-Clause
/*
 * The allocator, compared with a bitmap: a universe of 64 ids at the begin, in the middle
 * and at the upper end of all ids, with every alignment up to 9.
 */
#include "libsubid/core/alloc.h"
#include "libsubid/core/limits.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define UNIVERSE 64

/* The lowest start from @from on that first fit must find, or UINT64_MAX. */
static uint64_t model_from(const struct alloc_request *request, uint64_t from,
			   uint64_t base, uint64_t used)
{
	for (uint64_t start = from; start < request->bounds.end; start++) {
		bool free = start + request->count <= request->bounds.end;

		if (request->align > 1 && start % request->align != 0)
			continue;
		for (uint64_t id = start; free && id < start + request->count; id++)
			free = id != ID_NONE && !(used >> (id - base) & 1);
		if (free && request->count > 0)
			return start;
	}
	return UINT64_MAX;
}

/* Prefers gaps that begin at @above or later, then takes the lowest one. */
static uint64_t model_first_fit(const struct alloc_request *request, uint64_t base,
				uint64_t used, uint64_t above)
{
	uint64_t from = above > request->bounds.start ? above : request->bounds.start;
	uint64_t found;

	found = model_from(request, from, base, used);
	return found == UINT64_MAX ?
		       model_from(request, request->bounds.start, base, used) :
		       found;
}

static void fill(struct range_set *used, uint64_t base, uint64_t bits)
{
	for (unsigned i = 0; i < UNIVERSE; i++)
		if (bits >> i & 1)
			cr_assert(range_set_add(used, (struct range){ base + i,
								      base + i + 1 }) ==
				  0);
}

static uint64_t bits_of(struct range range, uint64_t base)
{
	uint64_t bits = 0;

	for (uint64_t id = range.start; id < range.end; id++)
		bits |= (uint64_t)1 << (id - base);
	return bits;
}

/*
 * Allocates ranges of any size until nothing fits: they never overlap, never leave the
 * bounds, a gap is always found if one exists, and it is the right one. The space knows
 * the ids in use at the beginning and the ranges given since; the model knows each id.
 */
Test(alloc, agrees_with_a_bitmap)
{
	static const uint64_t bases[] = { 0, 99968, ID_END / 2 - UNIVERSE / 2,
					  ID_END - UNIVERSE };
	struct rng rng = { rng_seed() };

	for (unsigned round = 0; round < 60000; round++) {
		uint64_t base = bases[rng_below(&rng, COUNT_OF(bases))];
		/* For a pair: ids in use in either database. */
		uint64_t bits = (rng_next(&rng) & rng_next(&rng) & rng_next(&rng)) |
				(rng_next(&rng) & rng_next(&rng) & rng_next(&rng));
		uint64_t low = rng_below(&rng, UNIVERSE),
			 high = rng_below(&rng, UNIVERSE);
		struct alloc_request request = {
			.bounds = { base + (low < high ? low : high),
				    base + (low < high ? high : low) + 1 },
			.align = rng_below(&rng, 10),
		};
		/* The allocator removes it from the end of a range, or ignores it. */
		uint64_t above = rng_once_in(&rng, 3) ?
					 0 :
					 request.bounds.start + rng_below(&rng, UNIVERSE);
		struct range_set used = RANGE_SET(UNIVERSE);
		struct alloc_space space;
		unsigned misses = 0;

		if (above > request.bounds.end || above <= base ||
		    !(bits >> (above - 1 - base) & 1))
			above = 0;
		fill(&used, base, bits);
		cr_assert(alloc_space_init(&space, &request, &used, above) == 0);
		while (misses < 4) {
			struct range found = { 0 };
			uint64_t want;
			int r;

			request.count = rng_below(&rng, 12);
			want = model_first_fit(&request, base, bits, above);
			r = alloc_space_take(&space, request.count, &found);
			cr_assert(r == (want == UINT64_MAX ? ALLOC_NONE : 0) &&
					  (r || (found.start == want &&
						 range_count(found) == request.count)),
				  "seed %" PRIu64 " round %u: %d, %" PRIu64
				  " and not %" PRIu64,
				  rng_seed(), round, r, found.start, want);
			misses += r != 0;
			bits |= bits_of(found, base);
		}
		alloc_space_cleanup(&space);
		range_set_clear(&used);
	}
}

static int take_bits(void *context, struct range ids)
{
	*(uint64_t *)context |= (uint64_t)1 << (ids.start % UNIVERSE);
	return 0;
}

/* Many at once are as many as one by one, and leave the same free. */
Test(alloc, many)
{
	struct rng rng = { rng_seed() };

	for (unsigned round = 0; round < 20000; round++) {
		uint64_t base = UNIVERSE * 1000, count = 1 + rng_below(&rng, 5);
		uint64_t most = rng_once_in(&rng, 2) ? UINT64_MAX : rng_below(&rng, 9);
		const struct alloc_request request = { { base, base + UNIVERSE },
						       count,
						       rng_below(&rng, 7) };
		struct range_set used = RANGE_SET(UNIVERSE);
		struct alloc_space one, many;
		uint64_t n = 0, found, calls = 0;
		struct range a, b;

		fill(&used, base, rng_next(&rng) & rng_next(&rng) & rng_next(&rng));
		cr_assert(alloc_space_init(&one, &request, &used, 0) == 0);
		cr_assert(alloc_space_init(&many, &request, &used, 0) == 0);
		while (n < most && alloc_space_take(&one, count, &a) == 0)
			n++;
		cr_assert(alloc_space_take_many(&many, count, most, take_bits, &calls,
						&found) == 0);
		cr_assert(found == n && !calls == !n,
			  "seed %" PRIu64 " round %u: %" PRIu64 ", not %" PRIu64,
			  rng_seed(), round, found, n);
		while (alloc_space_take(&one, 1, &a) == 0)
			cr_assert(alloc_space_take(&many, 1, &b) == 0 &&
				  range_equals(a, b));
		cr_assert(alloc_space_take(&many, 1, &b) == ALLOC_NONE);
		alloc_space_cleanup(&one);
		alloc_space_cleanup(&many);
		range_set_clear(&used);
	}
}

/* Alignments and counts beyond all ids find nothing, and nothing wraps. */
Test(alloc, edges)
{
	static const struct {
		struct alloc_request request;
		int r;
		uint64_t start;
	} rows[] = {
		{ { { 100000, 600100001 }, 65536, 0 }, 0, 100000 },
		{ { { 100000, 600100001 }, 65536, 65536 }, 0, 131072 },
		{ { { 0, ID_END }, ID_NONE, 0 }, 0, 0 },
		{ { { 0, ID_END }, ID_END, 0 }, ALLOC_NONE, 0 },
		{ { { 1, ID_END }, ID_NONE - 1, 0 }, 0, 1 },
		{ { { 1, ID_END }, ID_NONE, 0 }, ALLOC_NONE, 0 },
		{ { { 1, ID_END }, 1, UINT64_MAX }, ALLOC_NONE, 0 },
		{ { { 1, ID_END }, 1, ID_END }, ALLOC_NONE, 0 },
		{ { { 1, ID_END }, UINT64_MAX, 0 }, ALLOC_NONE, 0 },
		{ { { ID_NONE - 1, ID_END }, 1, 0 }, 0, ID_NONE - 1 },
		{ { { ID_NONE, ID_END }, 1, 0 }, ALLOC_NONE, 0 },
		{ { { 5, 6 }, 0, 0 }, ALLOC_NONE, 0 },
	};
	const struct range_set nothing = RANGE_SET(1);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct range found = { 7, 8 };
		struct alloc_space space;
		int r;

		cr_assert(alloc_space_init(&space, &rows[i].request, &nothing, 0) == 0);
		r = alloc_space_take(&space, rows[i].request.count, &found);
		alloc_space_cleanup(&space);

		cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		cr_assert(found.start == (r ? 7 : rows[i].start), "row %zu", i);
	}
}

/* SUB_UID_MIN + (uid - UID_MIN) * COUNT, if that is within the bounds. */
Test(alloc, deterministic)
{
	static const struct {
		struct alloc_request request;
		uint64_t uid, uid_min;
		int r;
		uint64_t start;
	} rows[] = {
		{ { { 65536, ID_NONE }, 65536, 0 }, 1000, 1000, 0, 65536 },
		{ { { 65536, ID_NONE }, 65536, 0 }, 1001, 1000, 0, 131072 },
		{ { { 65536, ID_NONE }, 65536, 0 }, 999, 1000, ALLOC_BELOW, 0 },
		{ { { 65536, ID_NONE }, 65536, 0 }, 66533, 1000, 0, 4294836224 },
		{ { { 65536, ID_NONE }, 65536, 0 }, 66534, 1000, ALLOC_BEYOND, 0 },
		{ { { 65536, ID_END }, 65536, 0 }, 66534, 1000, ALLOC_BEYOND, 0 },
		{ { { 65536, ID_NONE }, 0, 0 }, 1000, 1000, ALLOC_NONE, 0 },
		{ { { 65536, ID_NONE }, UINT64_MAX, 0 }, 1002, 1000, ALLOC_COUNT, 0 },
		{ { { 65536, ID_NONE }, UINT64_MAX, 0 }, 1001, 1000, ALLOC_COUNT, 0 },
		{ { { 65536, 65545 }, 10, 0 }, 1000, 1000, ALLOC_COUNT, 0 },
		{ { { 65536, 65546 }, 10, 0 }, 1000, 1000, 0, 65536 },
		{ { { 0, ID_END }, ID_NONE, 0 }, 0, 0, 0, 0 },
		{ { { 0, ID_END }, ID_NONE, 0 }, UINT32_MAX - 1, 0, ALLOC_BEYOND, 0 },
		{ { { 65536, ID_NONE }, 2, 0 }, UINT32_MAX - 1, 0, ALLOC_BEYOND, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct range found = { 7, 8 };
		int r = alloc_deterministic(&rows[i].request, rows[i].uid,
					    rows[i].uid_min, &found);

		cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		cr_assert(found.start == (r ? 7 : rows[i].start), "row %zu: %" PRIu64, i,
			  found.start);
		cr_assert(r || range_count(found) == rows[i].request.count, "row %zu", i);
	}
}

/* Counting the uids one by one gives the same number of ranges in a gap. */
Test(alloc, deterministic_fits)
{
	const struct alloc_request request = { { 100, 140 }, 7, 0 };

	for (uint64_t start = 100; start < 140; start++)
		for (uint64_t end = start + 1; end <= 140; end++) {
			uint64_t want = 0, found;

			for (uint64_t uid = 1000; uid < 1010; uid++) {
				uint64_t at = 100 + (uid - 1000) * 7;

				want += at >= start && at + 7 <= end;
			}
			found = alloc_deterministic_fits(&request, 1000,
							 (struct range){ start, end });
			cr_assert(found == want, "%" PRIu64 "-%" PRIu64 ": %" PRIu64,
				  start, end, found);
		}
	/* The uids end, too. */
	cr_assert(alloc_deterministic_fits(&request, ID_NONE - 2, request.bounds) == 2);
	cr_assert(alloc_deterministic_fits(&request, ID_NONE, request.bounds) == 0);
}
