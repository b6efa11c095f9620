// SPDX-License-Identifier: BSD-3-Clause
/*
 * idmap: parses a requested mapping, decides whether it is allowed, and formats it.
 *
 * MUST: an extent is allowed only if the database grants each of its outer ids, or if it
 * is only the caller's own id; the default is to refuse.
 * MUST: what is checked is what is written: numbers are read once, stored as 32 bits and
 * formatted from there (the kernel silently truncates `0 5000000000 1`).
 */
#include <string.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/num.h"

static int parse_number(const char *text, uint64_t *ret)
{
	return num_parse(text, strlen(text), UINT64_MAX, ret) ? IDMAP_NUMBER : 0;
}

/*
 * Makes an extent of foreign numbers. The largest id is ID_NONE - 1, so the largest end
 * is ID_NONE. Returns 0 or IDMAP_BEYOND. Thread-safe.
 */
int extent_make(uint64_t inner, uint64_t outer, uint64_t count, struct extent *ret_extent)
{
	if (inner > ID_NONE || outer > ID_NONE || count > ID_NONE - inner ||
	    count > ID_NONE - outer)
		return IDMAP_BEYOND;

	*ret_extent = (struct extent){
		.inner = (uint32_t)inner,
		.outer = (uint32_t)outer,
		.count = (uint32_t)count,
	};
	return 0;
}

/*
 * Reads triples `inner outer count`.
 *
 * Checks the number of arguments first, so that a huge command line costs nothing.
 * Returns 0 or an IDMAP_ value; *ret_map is complete only with 0. Thread-safe.
 */
int idmap_parse(char *const *arguments, size_t n, struct idmap *ret_map)
{
	bool beyond = false;

	if (n == 0)
		return IDMAP_NONE;
	if (n / 3 > LIMIT_EXTENTS)
		return IDMAP_TOO_MANY;
	if (n % 3 != 0)
		return IDMAP_INCOMPLETE;

	ret_map->n = 0;
	for (size_t i = 0; i < n; i += 3) {
		uint64_t inner, outer, count;

		if (parse_number(arguments[i], &inner) ||
		    parse_number(arguments[i + 1], &outer) ||
		    parse_number(arguments[i + 2], &count))
			return IDMAP_NUMBER;
		if (extent_make(inner, outer, count, &ret_map->extents[ret_map->n]))
			beyond = true;
		else
			ret_map->n++;
	}
	return beyond ? IDMAP_BEYOND : 0;
}

/* Returns the inner ids of an extent; its count must not be 0. */
struct range extent_inner(const struct extent *extent)
{
	return (struct range){ extent->inner, (uint64_t)extent->inner + extent->count };
}

/* Returns the outer ids of an extent; its count must not be 0. */
struct range extent_outer(const struct extent *extent)
{
	return (struct range){ extent->outer, (uint64_t)extent->outer + extent->count };
}

/*
 * Finds two extents that share an inner or outer id: the kernel refuses them. No count
 * may be 0.
 * Returns 0, or an enum idmap_clash with the two positions, the smaller one first.
 * Thread-safe.
 */
int idmap_clash(const struct idmap *map, size_t *ret_a, size_t *ret_b)
{
	/* At most 340 * 339 / 2 pairs. */
	for (size_t b = 1; b < map->n; b++) {
		for (size_t a = 0; a < b; a++) {
			const struct extent *x = &map->extents[a], *y = &map->extents[b];
			int clash = 0;

			if (range_overlaps(extent_inner(x), extent_inner(y)))
				clash = IDMAP_CLASH_INNER;
			else if (range_overlaps(extent_outer(x), extent_outer(y)))
				clash = IDMAP_CLASH_OUTER;
			if (clash) {
				*ret_a = a;
				*ret_b = b;
				return clash;
			}
		}
	}
	return 0;
}

/*
 * Writes the map as the kernel reads it: a line `inner outer count` for each extent.
 *
 * out, size: what does not fit is cut off. Not NUL-terminated.
 * Returns the size of the whole map. Thread-safe.
 */
size_t idmap_render(const struct idmap *map, char *out, size_t size)
{
	size_t total = 0;

	for (size_t i = 0; i < map->n; i++) {
		const struct extent *extent = &map->extents[i];
		char line[IDMAP_LINE_BYTES];
		size_t n = 0;

		n += num_format(extent->inner, line + n);
		line[n++] = ' ';
		n += num_format(extent->outer, line + n);
		line[n++] = ' ';
		n += num_format(extent->count, line + n);
		line[n++] = '\n';

		if (total < size)
			memcpy(out + total, line, n < size - total ? n : size - total);
		total += n;
	}
	return total;
}

static bool extent_is_own(const struct extent *extent, uint32_t own_id)
{
	return extent->outer == own_id && extent->count == 1;
}

/* Returns whether an extent must be granted; @all: also the caller's own id. */
static bool is_asked(const struct extent *extent, uint32_t own_id, bool all)
{
	return extent->count > 0 && (all || !extent_is_own(extent, own_id));
}

/*
 * Lists the outer ranges that idmap_request() collects, without joining them. Returns
 * their number. Thread-safe.
 */
size_t idmap_asked(const struct idmap *map, uint32_t own_id, bool group,
		   struct range ret_ranges[static LIMIT_EXTENTS])
{
	bool all = group && idmap_is_own(map, own_id);
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++)
		if (is_asked(&map->extents[i], own_id, all))
			ret_ranges[n++] = extent_outer(&map->extents[i]);
	return n;
}

/*
 * Collects the outer ids that the database must grant: all but the caller's own id.
 *
 * group: a gid map of only the caller's own gid asks for that id, because
 * /proc/PID/setgroups stays as it is if the database grants any extent.
 * set: empty, with room for LIMIT_EXTENTS ranges.
 * Returns 0 or -ENOMEM. Thread-safe.
 */
int idmap_request(const struct idmap *map, uint32_t own_id, bool group,
		  struct range_set *set)
{
	bool all = group && idmap_is_own(map, own_id);

	for (size_t i = 0; i < map->n; i++) {
		const struct extent *extent = &map->extents[i];
		int r;

		if (!is_asked(extent, own_id, all))
			continue;
		r = range_set_add(set, extent_outer(extent));
		if (r)
			return r;
	}
	return 0;
}

/*
 * Decides. left: the ids of idmap_request() that the database does not grant.
 *
 * Returns 0 if every extent is allowed, or 1 with the first refused one in *ret_refused.
 * Thread-safe.
 */
int idmap_decide(const struct idmap *map, uint32_t own_id, const struct range_set *left,
		 size_t *ret_refused)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct extent *extent = &map->extents[i];

		if (extent->count > 0 &&
		    (extent_is_own(extent, own_id) ||
		     !range_set_overlaps(left, extent_outer(extent))))
			continue;
		*ret_refused = i;
		return 1;
	}
	return 0;
}

/* Returns whether the map is only the caller's own id. Thread-safe. */
bool idmap_is_own(const struct idmap *map, uint32_t own_id)
{
	return map->n == 1 && extent_is_own(&map->extents[0], own_id);
}

/* Returns whether outer id 0 is mapped: uid 0 needs CAP_SETFCAP. Thread-safe. */
bool idmap_maps_root(const struct idmap *map)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->extents[i].outer == 0 && map->extents[i].count > 0)
			return true;
	return false;
}
