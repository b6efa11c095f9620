// SPDX-License-Identifier: BSD-3-Clause
/*
 * Layouts of mappings, compared with a model that places ids one by one.
 */
#include <string.h>

#include "libsubid/core/idmap-layout.h"
#include "libsubid/core/limits.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define IDS  24
#define NONE (-1)

/* The outer id of each inner id. */
struct table {
	int outer[2 * IDS];
};

static void table_clear(struct table *table)
{
	for (size_t i = 0; i < COUNT_OF(table->outer); i++)
		table->outer[i] = NONE;
}

/* Fails if an inner id is mapped twice. */
static struct table table_of(const struct idmap *map)
{
	struct table table;

	table_clear(&table);
	for (size_t i = 0; i < map->n; i++)
		for (uint32_t j = 0; j < map->extents[i].count; j++) {
			uint32_t inner = map->extents[i].inner + j;

			cr_assert(inner < COUNT_OF(table.outer));
			cr_assert(table.outer[inner] == NONE, "%u is mapped twice",
				  inner);
			table.outer[inner] = (int)(map->extents[i].outer + j);
		}
	return table;
}

static bool any_holds(const struct idmap *map, uint64_t id, bool inside)
{
	for (size_t i = 0; i < map->n; i++)
		if (range_contains(inside ? extent_inner(&map->extents[i]) :
					    extent_outer(&map->extents[i]),
				   id))
			return true;
	return false;
}

/* Up to @most extents below IDS that do not clash. */
static struct idmap some_map(struct rng *rng, size_t most)
{
	struct idmap map = { .n = 0 };
	size_t wanted = rng_below(rng, most + 1);

	for (int tries = 0; tries < 30 && map.n < wanted; tries++) {
		struct idmap more = map;
		size_t a, b;

		more.extents[more.n++] = (struct extent){
			(uint32_t)rng_below(rng, IDS - 4),
			(uint32_t)rng_below(rng, IDS - 4),
			1 + (uint32_t)rng_below(rng, 4),
		};
		if (!idmap_clash(&more, &a, &b))
			map = more;
	}
	return map;
}

/* Every id is where it would be without fixed extents, or is fixed, or is omitted. */
Test(idmap_layout, lay_out)
{
	struct rng rng = { rng_seed() };
	size_t holes = 0, moved = 0;

	for (int i = 0; i < 100000; i++) {
		struct idmap fixed = some_map(&rng, 3), map = { .n = 0 };
		struct idmap outer = some_map(&rng, 4);
		struct range ranges[4];
		struct table model, found;
		size_t inner = 0;

		table_clear(&model);
		for (size_t j = 0; j < outer.n; j++) {
			ranges[j] = extent_outer(&outer.extents[j]);
			for (uint64_t id = ranges[j].start; id < ranges[j].end; id++) {
				bool there = any_holds(&fixed, inner, true);
				bool needed = any_holds(&fixed, id, false);

				if (!there && !needed)
					model.outer[inner] = (int)id;
				holes += there;
				moved += needed;
				inner++;
			}
		}
		for (size_t j = 0; j < fixed.n; j++)
			for (uint32_t k = 0; k < fixed.extents[j].count; k++)
				model.outer[fixed.extents[j].inner + k] =
					(int)(fixed.extents[j].outer + k);
		cr_assert(idmap_lay_out(ranges, outer.n, &fixed, &map) == 0);
		found = table_of(&map);
		cr_assert(memcmp(&found, &model, sizeof(model)) == 0,
			  "seed %" PRIu64 ", case %d", rng_seed(), i);
		for (size_t j = 1; j < map.n; j++)
			cr_assert(map.extents[j - 1].inner < map.extents[j].inner);
	}
	cr_assert(holes > 1000 && moved > 1000);
}

/* What Proxmox's pages show: a hole of one id, and no id after it moves. */
Test(idmap_layout, hole)
{
	const struct range ranges[] = { { 100000, 165536 } };
	const struct idmap fixed = { .extents = { { 1005, 1005, 1 } }, .n = 1 };
	const struct extent expected[] = { { 0, 100000, 1005 },
					   { 1005, 1005, 1 },
					   { 1006, 101006, 64530 } };
	struct idmap map;

	cr_assert(idmap_lay_out(ranges, 1, &fixed, &map) == 0 && map.n == 3);
	cr_assert(memcmp(map.extents, expected, sizeof(expected)) == 0);
	cr_assert(idmap_lay_out(ranges, 1, NULL, &map) == 0 && map.n == 1);
	cr_assert(map.extents[0].count == 65536);
}

/* As many extents as fit, and one more; the last inner id, and the one after it. */
Test(idmap_layout, full)
{
	struct range ranges[LIMIT_EXTENTS + 1];
	const struct range all = { 0, ID_NONE };
	const struct idmap one = { .extents = { { ID_NONE - 1, 5, 1 } }, .n = 1 };
	struct idmap map = { .n = 77 };

	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		ranges[i] = (struct range){ 100000 + 2 * i, 100001 + 2 * i };
	cr_assert(idmap_lay_out(ranges, COUNT_OF(ranges), NULL, &map) ==
		  IDMAP_LAYOUT_FULL);
	cr_assert(map.n == 77);
	cr_assert(idmap_lay_out(ranges, LIMIT_EXTENTS, &one, &map) == IDMAP_LAYOUT_FULL);
	cr_assert(idmap_lay_out(ranges, LIMIT_EXTENTS, NULL, &map) == 0);
	cr_assert(map.n == LIMIT_EXTENTS);
	cr_assert(idmap_lay_out(&all, 1, NULL, &map) == 0 && map.n == 1);
	cr_assert(idmap_lay_out(&all, 1, &one, &map) == 0 && map.n == 3);
	cr_assert(map.extents[2].inner == ID_NONE - 1 && map.extents[2].outer == 5);
	ranges[0] = (struct range){ 0, ID_NONE - 1 };
	ranges[1] = (struct range){ ID_NONE - 1, ID_END };
	cr_assert(idmap_lay_out(ranges, 2, NULL, &map) == IDMAP_LAYOUT_FULL);
}

/* The extent of @parent that maps inner id @id, or NULL. */
static const struct extent *around(const struct idmap *parent, uint64_t id)
{
	for (size_t i = 0; i < parent->n; i++)
		if (range_contains(extent_inner(&parent->extents[i]), id))
			return &parent->extents[i];
	return NULL;
}

/* The first outer id that @parent lacks, in the order of the extents; or NONE. */
static int first_absent(const struct idmap *map, const struct idmap *parent)
{
	for (size_t i = 0; i < map->n; i++)
		for (uint32_t j = 0; j < map->extents[i].count; j++)
			if (!around(parent, map->extents[i].outer + j))
				return (int)(map->extents[i].outer + j);
	return NONE;
}

/* The kernel's rule: each extent lies within one of the parent's. */
static void check_accepted(const struct idmap *map, const struct idmap *parent)
{
	for (size_t i = 0; i < map->n; i++) {
		struct range outer = extent_outer(&map->extents[i]);
		const struct extent *extent = around(parent, outer.start);

		cr_assert(extent && outer.end <= extent_inner(extent).end);
	}
}

/* The result has the same ids, within the parent's extents; or the first missing id. */
Test(idmap_layout, split)
{
	struct rng rng = { rng_seed() };
	size_t counts[3] = { 0 };

	for (int i = 0; i < 100000; i++) {
		struct idmap map = some_map(&rng, 3), parent = some_map(&rng, 8), split;
		struct range absent = { 77, 78 };
		int missing = first_absent(&map, &parent);
		int r = idmap_split(&map, &parent, &split, &absent);

		cr_assert(r == (missing == NONE ? 0 : IDMAP_LAYOUT_ABSENT),
			  "seed %" PRIu64 ", case %d", rng_seed(), i);
		if (r) {
			cr_assert((int)absent.start == missing);
			for (uint64_t id = absent.start; id < absent.end; id++)
				cr_assert(!around(&parent, id));
			counts[2]++;
			continue;
		}
		struct table before = table_of(&map), after = table_of(&split);

		cr_assert(memcmp(&before, &after, sizeof(before)) == 0);
		check_accepted(&split, &parent);
		counts[split.n > map.n]++;
		/* A map that already fits is unchanged. */
		cr_assert(idmap_split(&split, &parent, &map, &absent) == 0 &&
			  map.n == split.n);
	}
	cr_assert(counts[0] > 100 && counts[1] > 100 && counts[2] > 100);
}

/* Through a namespace in between, an inner id has the same outer id as directly. */
Test(idmap_layout, within)
{
	struct rng rng = { rng_seed() };
	size_t found = 0;

	for (int i = 0; i < 100000; i++) {
		struct idmap map = some_map(&rng, 3), middle = some_map(&rng, 8), within;
		struct table direct = table_of(&map), outer = table_of(&middle), inner;
		struct range absent;

		if (idmap_within(&map, &middle, &within, &absent)) {
			cr_assert(!any_holds(&middle, absent.start, false));
			continue;
		}
		found++;
		inner = table_of(&within);
		check_accepted(&within, &middle);
		for (size_t id = 0; id < COUNT_OF(direct.outer); id++)
			cr_assert(direct.outer[id] ==
				  (inner.outer[id] == NONE ?
					   NONE :
					   outer.outer[inner.outer[id]]));
	}
	cr_assert(found > 100);
}
