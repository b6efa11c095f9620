// SPDX-License-Identifier: BSD-3-Clause
/*
 * idmap-layout: places ids in a mapping, and splits extents at borders.
 *
 * MUST: idmap_lay_out() maps an outer id at most once, if no id is in two ranges.
 * MUST: splitting changes only the number of extents, never which id is mapped to which.
 */
#include "libsubid/core/idmap-layout.h"
#include "libsubid/core/limits.h"

static int append(struct idmap *map, uint64_t inner, uint64_t outer, uint64_t count)
{
	if (map->n == LIMIT_EXTENTS || inner + count > ID_NONE)
		return IDMAP_LAYOUT_FULL;
	map->extents[map->n++] = (struct extent){
		.inner = (uint32_t)inner,
		.outer = (uint32_t)outer,
		.count = (uint32_t)count,
	};
	return 0;
}

/*
 * Looks at the ids from @id on, of which @count are left. Ids of @fixed are skipped.
 * Returns how many are to be skipped, or 0 and shortens @count to those before @fixed.
 */
static uint64_t skip_or_shorten(struct range fixed, uint64_t id, uint64_t *count)
{
	if (range_contains(fixed, id))
		return fixed.end - id;
	if (id < fixed.start && fixed.start - id < *count)
		*count = fixed.start - id;
	return 0;
}

/*
 * Finds the ids from @inner and @outer on that no fixed extent needs, inside or outside.
 * Returns how many ids to skip first, at most @count; *ret_free is how many follow.
 */
static uint64_t find_free_inner(const struct idmap *fixed, uint64_t inner, uint64_t outer,
				uint64_t count, uint64_t *ret_free)
{
	uint64_t skipped = 0, left = count;

	for (size_t i = 0; i < fixed->n; i++) {
		const struct extent *extent = &fixed->extents[i];
		uint64_t inside = skip_or_shorten(extent_inner(extent), inner, &left);
		uint64_t outside = skip_or_shorten(extent_outer(extent), outer, &left);

		if (inside > skipped)
			skipped = inside;
		if (outside > skipped)
			skipped = outside;
	}
	*ret_free = skipped > 0 ? 0 : left;
	return skipped < count ? skipped : count;
}

/* Maps a range from @inner on, but for what the fixed extents take. */
static int place_range(struct range range, uint64_t inner, const struct idmap *fixed,
		       struct idmap *map)
{
	while (range.start < range.end) {
		uint64_t n, skipped = find_free_inner(fixed, inner, range.start,
						      range_count(range), &n);
		int r = n > 0 ? append(map, inner, range.start, n) : 0;

		if (r)
			return r;
		range.start += skipped + n;
		inner += skipped + n;
	}
	return 0;
}

/* Inserts an extent by its first inner id. */
static int insert(struct idmap *map, const struct extent *extent)
{
	size_t at = map->n;

	if (map->n == LIMIT_EXTENTS)
		return IDMAP_LAYOUT_FULL;
	for (; at > 0 && map->extents[at - 1].inner > extent->inner; at--)
		map->extents[at] = map->extents[at - 1];
	map->extents[at] = *extent;
	map->n++;
	return 0;
}

/*
 * Maps ranges one after the other, from 0 on. The extents of @fixed have their own
 * places: there the ranges have holes, so that all other ids stay where they would be
 * without @fixed. An id of the ranges that @fixed maps is mapped only there.
 *
 * fixed: extents without a count of 0 that do not clash; NULL: none.
 * Returns 0 with extents in the order of inner ids, or IDMAP_LAYOUT_FULL. Thread-safe.
 */
int idmap_lay_out(const struct range *ranges, size_t n, const struct idmap *fixed,
		  struct idmap *ret_map)
{
	const struct idmap none = { .n = 0 };
	struct idmap map = { .n = 0 };
	uint64_t inner = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = place_range(ranges[i], inner, fixed ? fixed : &none, &map);
		inner += range_count(ranges[i]);
	}
	for (size_t i = 0; fixed && i < fixed->n && r == 0; i++)
		r = insert(&map, &fixed->extents[i]);
	if (r == 0)
		*ret_map = map;
	return r;
}

/* Finds the extent that maps inner id @id. */
static const struct extent *find_inner(const struct idmap *map, uint64_t id)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->extents[i].count > 0 &&
		    range_contains(extent_inner(&map->extents[i]), id))
			return &map->extents[i];
	return NULL;
}

/* Returns where the ids that are not mapped from @range.start on end. */
static uint64_t absent_end(const struct idmap *map, struct range range)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->extents[i].inner > range.start &&
		    map->extents[i].inner < range.end)
			range.end = map->extents[i].inner;
	return range.end;
}

/*
 * Appends the parts of an extent, each within one extent of @parent.
 * translate: their outer ids become those to which @parent maps.
 */
static int split_extent(const struct extent *extent, const struct idmap *parent,
			bool translate, struct idmap *map, struct range *ret_absent)
{
	struct range outer = extent_outer(extent);
	uint64_t inner = extent->inner;

	while (outer.start < outer.end) {
		const struct extent *around = find_inner(parent, outer.start);
		struct range part = outer;
		uint64_t first = outer.start;
		int r;

		if (!around) {
			part.end = absent_end(parent, part);
			*ret_absent = part;
			return IDMAP_LAYOUT_ABSENT;
		}
		if (extent_inner(around).end < part.end)
			part.end = extent_inner(around).end;
		if (translate)
			first = first - around->inner + around->outer;
		r = append(map, inner, first, range_count(part));
		if (r)
			return r;
		inner += range_count(part);
		outer.start = part.end;
	}
	return 0;
}

static int split_map(const struct idmap *map, const struct idmap *parent, bool translate,
		     struct idmap *ret_map, struct range *ret_absent)
{
	struct idmap made = { .n = 0 };

	for (size_t i = 0; i < map->n; i++) {
		int r = map->extents[i].count == 0 ?
				0 :
				split_extent(&map->extents[i], parent, translate, &made,
					     ret_absent);

		if (r)
			return r;
	}
	*ret_map = made;
	return 0;
}

/*
 * Splits the extents of a mapping where they cross a border of @parent, the mapping of
 * the user namespace in which it is written: the kernel takes only extents whose outer
 * ids are all inner ids of one extent of @parent. Extents with a count of 0 are left out.
 *
 * Returns 0; IDMAP_LAYOUT_FULL; or IDMAP_LAYOUT_ABSENT with the first outer ids that
 * @parent does not map. Thread-safe.
 */
int idmap_split(const struct idmap *map, const struct idmap *parent,
		struct idmap *ret_map, struct range *ret_absent)
{
	return split_map(map, parent, false, ret_map, ret_absent);
}

/*
 * Rewrites a mapping for a program inside the user namespace of @middle: outer ids become
 * inner ids of @middle.
 *
 * Returns 0; IDMAP_LAYOUT_FULL; or IDMAP_LAYOUT_ABSENT with the first outer ids that
 * @middle does not map. Thread-safe.
 */
int idmap_within(const struct idmap *map, const struct idmap *middle,
		 struct idmap *ret_map, struct range *ret_absent)
{
	struct idmap inverse = *middle;

	for (size_t i = 0; i < inverse.n; i++) {
		inverse.extents[i].inner = middle->extents[i].outer;
		inverse.extents[i].outer = middle->extents[i].inner;
	}
	return split_map(map, &inverse, true, ret_map, ret_absent);
}
