// SPDX-License-Identifier: BSD-3-Clause
/*
 * idmap: the caller's id and a few grants, then the arguments, separated by NULs or
 * spaces.
 */
#include "libsubid/core/idmap.h"
#include "tests/fuzz/fuzz.h"

#define GRANTS 8

static int compare_inner(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return x->inner < y->inner ? -1 : x->inner > y->inner;
}

static int compare_outer(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return x->outer < y->outer ? -1 : x->outer > y->outer;
}

/* In ascending order only adjacent extents can overlap. */
static bool any_clash(const struct idmap *map)
{
	struct idmap sorted = *map;
	bool clash = false;

	qsort(sorted.extents, map->n, sizeof(sorted.extents[0]), compare_inner);
	for (size_t i = 1; i < map->n; i++)
		clash |= (uint64_t)sorted.extents[i - 1].inner +
				 sorted.extents[i - 1].count >
			 sorted.extents[i].inner;
	qsort(sorted.extents, map->n, sizeof(sorted.extents[0]), compare_outer);
	for (size_t i = 1; i < map->n; i++)
		clash |= (uint64_t)sorted.extents[i - 1].outer +
				 sorted.extents[i - 1].count >
			 sorted.extents[i].outer;
	return clash;
}

static void check_clash(const struct idmap *map)
{
	size_t a = 0, b = 0;
	int r;

	for (size_t i = 0; i < map->n; i++)
		if (map->extents[i].count == 0)
			return;
	r = idmap_clash(map, &a, &b);
	FUZZ_ASSERT((r != 0) == any_clash(map));
	if (r) {
		const struct extent *x = &map->extents[a], *y = &map->extents[b];
		uint64_t p = r == IDMAP_CLASH_INNER ? x->inner : x->outer;
		uint64_t q = r == IDMAP_CLASH_INNER ? y->inner : y->outer;

		FUZZ_ASSERT(a < b && b < map->n && p < q + y->count && q < p + x->count);
	}
}

/* Cuts a text into arguments at NULs, spaces and newlines. It must end with one. */
static size_t split(char *text, size_t len, char **arguments, size_t max)
{
	bool inside = false;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bool separator = !text[i] || text[i] == ' ' || text[i] == '\n';

		if (!separator && !inside) {
			if (n == max)
				return n;
			arguments[n++] = text + i;
		}
		if (separator)
			text[i] = '\0';
		inside = !separator;
	}
	return n;
}

/* The rendered text is parsed as the same map, and a smaller buffer is not overrun. */
static void check_render(const struct idmap *map, size_t cut)
{
	static char *arguments[3 * LIMIT_EXTENTS];
	size_t len = idmap_render(map, NULL, 0);
	char *text = malloc(len), *part = malloc(cut ? cut : 1);
	static struct idmap again;

	FUZZ_ASSERT(text && part && len > 0 && len <= LIMIT_EXTENTS * IDMAP_LINE_BYTES);
	FUZZ_ASSERT(idmap_render(map, text, len) == len && text[len - 1] == '\n');
	FUZZ_ASSERT(idmap_render(map, part, cut) == len);
	FUZZ_ASSERT(memcmp(text, part, cut < len ? cut : len) == 0);
	FUZZ_ASSERT(split(text, len, arguments, COUNT_OF(arguments)) == 3 * map->n);
	FUZZ_ASSERT(idmap_parse(arguments, 3 * map->n, &again) == 0 && again.n == map->n);
	FUZZ_ASSERT(memcmp(again.extents, map->extents,
			   map->n * sizeof(again.extents[0])) == 0);
	free(text);
	free(part);
}

/* From the first id on, as long as the ids are granted. */
static bool covered(uint64_t id, uint64_t end, const struct range *grants, size_t n)
{
	bool step = true;

	while (id < end && step) {
		step = false;
		for (size_t i = 0; i < n; i++) {
			if (grants[i].start <= id && id < grants[i].end) {
				id = grants[i].end;
				step = true;
			}
		}
	}
	return id >= end;
}

static void check_authorisation(const struct idmap *map, uint32_t own_id, bool group,
				const struct range *grants, size_t n)
{
	struct range_set left = RANGE_SET(LIMIT_EXTENTS + GRANTS);
	size_t refused = map->n, expected = map->n;
	int r;

	for (size_t i = 0; i < map->n && expected == map->n; i++) {
		const struct extent *extent = &map->extents[i];

		if (extent->count == 0 ||
		    (!(extent->count == 1 && extent->outer == own_id) &&
		     !covered(extent->outer, (uint64_t)extent->outer + extent->count,
			      grants, n)))
			expected = i;
	}
	FUZZ_ASSERT(idmap_request(map, own_id, group, &left) == 0);
	for (size_t i = 0; i < n; i++)
		FUZZ_ASSERT(range_set_subtract(&left, grants[i]) == 0);
	r = idmap_decide(map, own_id, &left, &refused);
	FUZZ_ASSERT((r == 0) == (expected == map->n));
	FUZZ_ASSERT(refused == expected);
	range_set_clear(&left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *arguments[3 * LIMIT_EXTENTS + 4];
	static struct idmap map;
	struct fuzz_input input = { data, size };
	uint32_t own_id = (uint32_t)fuzz_id(&input);
	uint8_t choice = fuzz_byte(&input);
	struct range grants[GRANTS];
	size_t n = 0, n_arguments;
	char *text;
	int r;

	while (n < choice % GRANTS) {
		uint64_t start = fuzz_id(&input);

		if (range_make(start, 1 + fuzz_id(&input) % 100000, &grants[n]))
			grants[n] = (struct range){ start, start + 1 };
		n++;
	}
	text = malloc(input.size + 1);
	FUZZ_ASSERT(text);
	if (input.size > 0)
		memcpy(text, input.data, input.size);
	text[input.size] = '\0';
	n_arguments = split(text, input.size + 1, arguments, COUNT_OF(arguments));

	r = idmap_parse(arguments, n_arguments, &map);
	FUZZ_ASSERT((r == IDMAP_NONE) == (n_arguments == 0));
	FUZZ_ASSERT((r == IDMAP_TOO_MANY) == (n_arguments >= 3 * LIMIT_EXTENTS + 3));
	if (r == 0) {
		FUZZ_ASSERT(map.n > 0 && map.n * 3 == n_arguments);
		for (size_t i = 0; i < map.n; i++)
			FUZZ_ASSERT(
				(uint64_t)map.extents[i].inner + map.extents[i].count <=
					ID_NONE &&
				(uint64_t)map.extents[i].outer + map.extents[i].count <=
					ID_NONE);
		check_clash(&map);
		check_render(&map, choice);
		check_authorisation(&map, own_id, choice & 128, grants, n);
	}
	free(text);
	return 0;
}
