// SPDX-License-Identifier: BSD-3-Clause
/*
 * Mappings: from triples to extents, clashes, the text for the kernel, and what decides.
 */
#include "libsubid/core/idmap.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

/* Splits at whitespace and parses. */
static int parse(const char *line, struct idmap *map)
{
	CLEANUP(cleanup_free) char *copy = strdup(line);
	char *arguments[64], *rest = copy, *word;
	size_t n = 0;

	cr_assert(copy);
	while ((word = strsep(&rest, " ")) && n < COUNT_OF(arguments))
		if (*word)
			arguments[n++] = word;
	return idmap_parse(arguments, n, map);
}

static struct idmap map_of(const char *line)
{
	struct idmap map;
	int r = parse(line, &map);

	cr_assert(r == 0, "'%s': %d", line, r);
	return map;
}

/* Which triples are a map, and what is wrong with the others. */
Test(idmap, parse)
{
	static const struct {
		const char *line;
		int r;
		size_t n;
	} rows[] = {
		{ "", IDMAP_NONE, 0 },
		{ "0", IDMAP_INCOMPLETE, 0 },
		{ "0 1", IDMAP_INCOMPLETE, 0 },
		{ "0 1 2", 0, 1 },
		{ "0 1 2 3", IDMAP_INCOMPLETE, 0 },
		{ "0 1 2 3 4", IDMAP_INCOMPLETE, 0 },
		{ "0 1 2 3 4 5", 0, 2 },
		{ "x y", IDMAP_INCOMPLETE, 0 },
		{ "0 0 0", 0, 1 },
		{ "0 3000000 1000000", 0, 1 },
		{ "0 0 4294967295", 0, 1 },
		{ "0 0 4294967296", IDMAP_BEYOND, 0 },
		{ "0 1 4294967294", 0, 1 },
		{ "0 1 4294967295", IDMAP_BEYOND, 0 },
		{ "1 0 4294967294", 0, 1 },
		{ "1 0 4294967295", IDMAP_BEYOND, 0 },
		{ "0 4294967294 1", 0, 1 },
		{ "4294967294 0 1", 0, 1 },
		{ "4294967294 4294967294 1", 0, 1 },
		{ "0 4294967294 2", IDMAP_BEYOND, 0 },
		{ "4294967294 0 2", IDMAP_BEYOND, 0 },
		{ "0 4294967295 1", IDMAP_BEYOND, 0 },
		{ "4294967295 0 1", IDMAP_BEYOND, 0 },
		/* None of it is an id: that is checked later. */
		{ "0 4294967295 0", 0, 1 },
		{ "4294967295 0 0", 0, 1 },
		{ "0 4294967294 0", 0, 1 },
		{ "0 4294967296 0", IDMAP_BEYOND, 0 },
		{ "4294967296 0 0", IDMAP_BEYOND, 0 },
		{ "0 4294967296 1", IDMAP_BEYOND, 0 },
		{ "4294967296 0 1", IDMAP_BEYOND, 0 },
		{ "0 5000000000 1", IDMAP_BEYOND, 0 },
		{ "0 0 18446744073709551615", IDMAP_BEYOND, 0 },
		{ "0 1 18446744073709551615", IDMAP_BEYOND, 0 },
		{ "0 18446744073709551615 1", IDMAP_BEYOND, 0 },
		{ "18446744073709551615 0 1", IDMAP_BEYOND, 0 },
		{ "18446744073709551615 18446744073709551615 18446744073709551615",
		  IDMAP_BEYOND, 0 },
		{ "0 18446744073709551616 1", IDMAP_NUMBER, 0 },
		{ "18446744073709551616 0 1", IDMAP_NUMBER, 0 },
		{ "0 0 18446744073709551616", IDMAP_NUMBER, 0 },
		{ "x 1 2", IDMAP_NUMBER, 0 },
		{ "0 x 2", IDMAP_NUMBER, 0 },
		{ "0 1 x", IDMAP_NUMBER, 0 },
		{ "0 1 2 3 4 x", IDMAP_NUMBER, 0 },
		{ "-1 1 2", IDMAP_NUMBER, 0 },
		{ "0 +1 2", IDMAP_NUMBER, 0 },
		{ "0 01 2", IDMAP_NUMBER, 0 },
		{ "0 0x1 2", IDMAP_NUMBER, 0 },
		{ "0 1 -1", IDMAP_NUMBER, 0 },
		{ "0 1\t 2", IDMAP_NUMBER, 0 },
		/* A malformed number at any place is reported before one that is too
		   large. */
		{ "0 4294967295 1 0 x 1", IDMAP_NUMBER, 0 },
		{ "0 x 1 0 4294967295 1", IDMAP_NUMBER, 0 },
		{ "0 1 2 0 4294967295 1", IDMAP_BEYOND, 0 },
		{ "0 4294967295 1 0 1 2", IDMAP_BEYOND, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct idmap map = { 0 };
		int r = parse(rows[i].line, &map);

		cr_assert(r == rows[i].r, "'%s': %d", rows[i].line, r);
		if (r == 0)
			cr_assert(map.n == rows[i].n, "'%s': %zu", rows[i].line, map.n);
	}
}

/* The fields come in the order inner, outer, count; an empty argument is no number. */
Test(idmap, fields)
{
	struct idmap map = map_of("7 3000000 1000000 4294967293 4294967292 2");
	char empty[] = "", one[] = "1";
	char *arguments[][3] = { { empty, one, one },
				 { one, empty, one },
				 { one, one, empty } };

	cr_assert(map.n == 2);
	cr_assert(map.extents[0].inner == 7 && map.extents[0].outer == 3000000 &&
		  map.extents[0].count == 1000000);
	cr_assert(map.extents[1].inner == 4294967293 &&
		  map.extents[1].outer == 4294967292 && map.extents[1].count == 2);
	cr_assert(extent_inner(&map.extents[1]).start == 4294967293 &&
		  extent_inner(&map.extents[1]).end == 4294967295);
	cr_assert(extent_outer(&map.extents[1]).start == 4294967292 &&
		  extent_outer(&map.extents[1]).end == 4294967294);
	for (size_t i = 0; i < COUNT_OF(arguments); i++)
		cr_assert(idmap_parse(arguments[i], 3, &map) == IDMAP_NUMBER);
}

/* 340 extents are the kernel's limit; more are an error before any is parsed. */
Test(idmap, limit)
{
	static const struct {
		size_t n;
		int r;
	} rows[] = {
		{ 3 * LIMIT_EXTENTS - 1, IDMAP_INCOMPLETE },
		{ 3 * LIMIT_EXTENTS, 0 },
		{ 3 * LIMIT_EXTENTS + 1, IDMAP_INCOMPLETE },
		{ 3 * LIMIT_EXTENTS + 2, IDMAP_INCOMPLETE },
	};
	static char *arguments[3 * LIMIT_EXTENTS + 3];
	char one[] = "1";
	struct idmap map;

	cr_assert(LIMIT_EXTENTS == 340);
	for (size_t i = 0; i < COUNT_OF(arguments); i++)
		arguments[i] = one;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		cr_assert(idmap_parse(arguments, rows[i].n, &map) == rows[i].r, "%zu",
			  rows[i].n);
	cr_assert(idmap_parse(arguments, 3 * LIMIT_EXTENTS, &map) == 0 &&
		  map.n == LIMIT_EXTENTS);
	cr_assert(idmap_parse(NULL, 3 * LIMIT_EXTENTS + 3, &map) == IDMAP_TOO_MANY);
	cr_assert(idmap_parse(NULL, SIZE_MAX, &map) == IDMAP_TOO_MANY);
	cr_assert(idmap_parse(NULL, 0, &map) == IDMAP_NONE);
}

static bool share(uint64_t a, uint64_t a_count, uint64_t b, uint64_t b_count)
{
	for (uint64_t i = a; i < a + a_count; i++)
		for (uint64_t j = b; j < b + b_count; j++)
			if (i == j)
				return true;
	return false;
}

/* Id by id. The kernel adds extents in order and compares with those before. */
static int clash_model(const struct idmap *map, size_t *ret_a, size_t *ret_b)
{
	for (size_t b = 0; b < map->n; b++) {
		for (size_t a = 0; a < b; a++) {
			const struct extent *x = &map->extents[a], *y = &map->extents[b];

			*ret_a = a;
			*ret_b = b;
			if (share(x->inner, x->count, y->inner, y->count))
				return IDMAP_CLASH_INNER;
			if (share(x->outer, x->count, y->outer, y->count))
				return IDMAP_CLASH_OUTER;
		}
	}
	return 0;
}

static uint32_t some_id(struct rng *rng)
{
	return (uint32_t)(rng_once_in(rng, 4) ? ID_NONE - 24 + rng_below(rng, 20) :
						rng_below(rng, 20));
}

/* The first pair that shares an id inside, or else outside. */
Test(idmap, clash)
{
	struct rng rng = { rng_seed() };
	size_t found[3] = { 0 };

	for (int i = 0; i < 200000; i++) {
		struct idmap map;
		size_t a = 77, b = 88, x = 77, y = 88;
		int r, s;

		map.n = rng_below(&rng, 6);
		for (size_t j = 0; j < map.n; j++)
			map.extents[j] = (struct extent){
				.inner = some_id(&rng),
				.outer = some_id(&rng),
				.count = 1 + (uint32_t)rng_below(&rng, 4),
			};
		r = idmap_clash(&map, &a, &b);
		s = clash_model(&map, &x, &y);
		cr_assert(r == s, "seed %" PRIu64 ", case %d: %d for %d", rng_seed(), i,
			  r, s);
		found[r]++;
		if (r)
			cr_assert(a == x && b == y,
				  "seed %" PRIu64 ", case %d: %zu and %zu", rng_seed(), i,
				  a, b);
		else
			cr_assert(a == 77 && b == 88);
	}
	cr_assert(found[0] > 1000 && found[IDMAP_CLASH_INNER] > 1000 &&
		  found[IDMAP_CLASH_OUTER] > 1000);
}

/* Adjacent extents do not clash, also at the ends of the ids. */
Test(idmap, no_clash)
{
	static const char *const lines[] = {
		"0 0 1",
		"0 0 1 1 1 1",
		"1 1 1 0 0 1",
		"0 10 10 10 0 10",
		"0 0 4294967294 4294967294 4294967294 1",
		"0 2147483648 2147483647 2147483647 0 2147483648",
	};
	size_t a, b;

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct idmap map = map_of(lines[i]);

		cr_assert(idmap_clash(&map, &a, &b) == 0, "'%s'", lines[i]);
	}
}

/* The last of 340 extents is compared with the first. */
Test(idmap, clash_far_apart)
{
	struct idmap map = { .n = LIMIT_EXTENTS };
	size_t a = 77, b = 88;

	for (uint32_t i = 0; i < LIMIT_EXTENTS; i++)
		map.extents[i] = (struct extent){ i * 10, 1000000 + i * 10, 10 };
	cr_assert(idmap_clash(&map, &a, &b) == 0);
	map.extents[LIMIT_EXTENTS - 1].outer = 1000009;
	cr_assert(idmap_clash(&map, &a, &b) == IDMAP_CLASH_OUTER);
	cr_assert(a == 0 && b == LIMIT_EXTENTS - 1);
	map.extents[LIMIT_EXTENTS - 1].inner = 9;
	cr_assert(idmap_clash(&map, &a, &b) == IDMAP_CLASH_INNER);
	cr_assert(a == 0 && b == LIMIT_EXTENTS - 1);
}

/* The text for the kernel, byte for byte. */
Test(idmap, render)
{
	static const struct {
		const char *line, *text;
	} rows[] = {
		{ "0 1000 1", "0 1000 1\n" },
		{ "0 1000 1 1 100000 65536", "0 1000 1\n1 100000 65536\n" },
		{ "4294967294 4294967294 1", "4294967294 4294967294 1\n" },
		{ "0 0 4294967295", "0 0 4294967295\n" },
		{ "0 0 0", "0 0 0\n" },
	};
	struct idmap none = { 0 };
	char out[256];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct idmap map = map_of(rows[i].line);
		size_t n = idmap_render(&map, out, sizeof(out));

		cr_assert(n == strlen(rows[i].text) && memcmp(out, rows[i].text, n) == 0,
			  "'%s': '%.*s'", rows[i].line, (int)n, out);
		cr_assert(idmap_render(&map, NULL, 0) == n);
	}
	cr_assert(idmap_render(&none, out, sizeof(out)) == 0);
}

/* A buffer that is too small is filled, not overrun; the full length is returned. */
Test(idmap, render_cut)
{
	struct idmap map = map_of("0 3000000 1000000 1000000 1000 1 4294967294 42 1");
	char whole[256];
	size_t len = idmap_render(&map, whole, sizeof(whole));

	cr_assert(len == 18 + 15 + 16);
	for (size_t size = 0; size <= len + 2; size++) {
		CLEANUP(cleanup_free) char *exact = malloc(size ? size : 1);
		char out[260];

		cr_assert(exact);
		memset(out, '~', sizeof(out));
		cr_assert(idmap_render(&map, exact, size) == len);
		cr_assert(idmap_render(&map, out, size) == len);
		for (size_t i = 0; i < sizeof(out); i++)
			cr_assert(out[i] == (i < size && i < len ? whole[i] : '~'),
				  "size %zu, byte %zu", size, i);
		cr_assert(memcmp(exact, out, size < len ? size : len) == 0);
	}
}

/* The longest possible map has the longest possible lines. */
Test(idmap, render_longest)
{
	struct idmap map = { .n = LIMIT_EXTENTS };
	static char out[LIMIT_EXTENTS * IDMAP_LINE_BYTES];

	for (size_t i = 0; i < LIMIT_EXTENTS; i++)
		map.extents[i] = (struct extent){ UINT32_MAX, UINT32_MAX, UINT32_MAX };
	cr_assert(idmap_render(&map, out, sizeof(out)) == LIMIT_EXTENTS * 33);
	cr_assert(LIMIT_EXTENTS * 33 <= sizeof(out));
	for (size_t i = 0; i < LIMIT_EXTENTS; i++)
		cr_assert(memcmp(out + i * 33, "4294967295 4294967295 4294967295\n",
				 33) == 0);
}

/* The rendered text is parsed as the same map. */
Test(idmap, round_trip)
{
	struct rng rng = { rng_seed() };

	for (int i = 0; i < 20000; i++) {
		struct idmap map, back = { 0 };
		char text[64 * IDMAP_LINE_BYTES];
		size_t n;

		map.n = 1 + rng_below(&rng, 20);
		for (size_t j = 0; j < map.n; j++) {
			uint64_t inner = rng_next(&rng) % ID_NONE >> rng_below(&rng, 32);
			uint64_t outer = rng_next(&rng) % ID_NONE >> rng_below(&rng, 32);
			uint64_t most = ID_NONE - (inner > outer ? inner : outer);

			map.extents[j] = (struct extent){
				(uint32_t)inner, (uint32_t)outer,
				(uint32_t)(rng_next(&rng) % (most + 1))
			};
		}
		n = idmap_render(&map, text, sizeof(text) - 1);
		text[n] = '\0';
		for (size_t j = 0; j < n; j++)
			if (text[j] == '\n')
				text[j] = ' ';
		cr_assert(parse(text, &back) == 0 && back.n == map.n &&
				  memcmp(map.extents, back.extents,
					 map.n * sizeof(map.extents[0])) == 0,
			  "seed %" PRIu64 ", case %d: '%s'", rng_seed(), i, text);
	}
}

/* The caller's own id: one extent of one outer id, with any inner id. */
Test(idmap, own_and_root)
{
	static const struct {
		const char *line;
		uint32_t own;
		bool is_own, maps_root;
	} rows[] = {
		{ "0 1000 1", 1000, true, false },
		{ "1000 1000 1", 1000, true, false },
		{ "4294967294 1000 1", 1000, true, false },
		{ "0 1000 2", 1000, false, false },
		{ "0 1000 0", 1000, false, false },
		{ "0 999 2", 1000, false, false },
		{ "0 1001 1", 1000, false, false },
		{ "1000 0 1", 1000, false, true },
		{ "0 0 1", 0, true, true },
		{ "0 0 0", 0, false, false },
		{ "0 0 2", 0, false, true },
		{ "0 1 1", 0, false, false },
		{ "0 1000 1 1 100000 1", 1000, false, false },
		{ "0 1000 1 1 1000 1", 1000, false, false },
		{ "1 100000 1 0 1000 1", 1000, false, false },
		{ "0 1000 1 1 0 1", 1000, false, true },
		{ "1 0 4294967294", 1000, false, true },
		{ "0 4294967294 1", 4294967294, true, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct idmap map = map_of(rows[i].line);

		cr_assert(idmap_is_own(&map, rows[i].own) == rows[i].is_own, "'%s'",
			  rows[i].line);
		cr_assert(idmap_maps_root(&map) == rows[i].maps_root, "'%s'",
			  rows[i].line);
	}
}

/* The ids that the database must grant: all but the own uid, or the own gid beside
 * others. */
Test(idmap, request)
{
	static const struct {
		const char *line;
		bool group;
		size_t n;
		struct range ranges[3];
	} rows[] = {
		{ "0 1000 1", false, 0, { { 0, 0 } } },
		{ "0 1000 1", true, 1, { { 1000, 1001 } } },
		{ "0 1000 0", false, 0, { { 0, 0 } } },
		{ "0 1000 0", true, 0, { { 0, 0 } } },
		{ "0 1000 2", false, 1, { { 1000, 1002 } } },
		{ "0 999 2", true, 1, { { 999, 1001 } } },
		{ "0 1000 1 1 100000 65536", false, 1, { { 100000, 165536 } } },
		{ "0 1000 1 1 100000 65536", true, 1, { { 100000, 165536 } } },
		{ "0 1000 1 1 1000 1", true, 0, { { 0, 0 } } },
		{ "0 50 10 10 40 10 20 90 5", false, 2, { { 40, 60 }, { 90, 95 } } },
		{ "0 90 5 1 7 0 5 0 1", false, 2, { { 0, 1 }, { 90, 95 } } },
		{ "0 0 4294967295", false, 1, { { 0, 4294967295 } } },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(range_set_cleanup)
		struct range_set set = RANGE_SET(LIMIT_EXTENTS);
		struct idmap map = map_of(rows[i].line);

		cr_assert(idmap_request(&map, 1000, rows[i].group, &set) == 0);
		cr_assert(set.n == rows[i].n, "row %zu: %zu ranges", i, set.n);
		for (size_t j = 0; j < set.n; j++)
			cr_assert(set.ranges[j].start == rows[i].ranges[j].start &&
					  set.ranges[j].end == rows[i].ranges[j].end,
				  "row %zu, range %zu", i, j);
	}
}

/* The largest number of extents, none of them adjacent to another. */
Test(idmap, request_many)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_EXTENTS);
	CLEANUP(range_set_cleanup) struct range_set small = RANGE_SET(LIMIT_EXTENTS - 1);
	struct idmap map = { .n = LIMIT_EXTENTS };

	for (uint32_t i = 0; i < LIMIT_EXTENTS; i++)
		map.extents[i] = (struct extent){ i, 2 * (LIMIT_EXTENTS - i), 1 };
	cr_assert(idmap_request(&map, 1, false, &set) == 0 && set.n == LIMIT_EXTENTS);
	cr_assert(idmap_request(&map, 1, false, &small) == RANGE_SET_FULL);
}

/* Ids left in the set are refused; the first extent that has one is named. */
Test(idmap, decide)
{
	static const struct {
		const char *line;
		struct range left; /* start == end: nothing */
		int r;
		size_t refused;
	} rows[] = {
		{ "0 1000 1", { 0, 0 }, 0, 0 },
		/* The own id needs no grant. */
		{ "0 1000 1", { 1000, 1001 }, 0, 0 },
		{ "0 1000 1", { 0, ID_END }, 0, 0 },
		{ "0 1000 2", { 1001, 1002 }, 1, 0 },
		{ "0 1000 2", { 0, 0 }, 0, 0 },
		{ "0 1000 0", { 0, 0 }, 1, 0 },
		{ "0 5 0", { 0, 0 }, 1, 0 },
		{ "0 100000 10", { 0, 0 }, 0, 0 },
		{ "0 100000 10", { 0, 100000 }, 0, 0 },
		{ "0 100000 10", { 0, 100001 }, 1, 0 },
		{ "0 100000 10", { 100005, 100006 }, 1, 0 },
		{ "0 100000 10", { 100009, ID_END }, 1, 0 },
		{ "0 100000 10", { 100010, ID_END }, 0, 0 },
		{ "0 1000 1 1 100000 10 11 200000 10", { 100000, 100001 }, 1, 1 },
		{ "0 1000 1 1 100000 10 11 200000 10", { 200000, 200001 }, 1, 2 },
		{ "0 1000 1 1 100000 10 11 200000 10", { 0, ID_END }, 1, 1 },
		{ "0 1000 1 1 100000 10 11 200000 0", { 0, 0 }, 1, 2 },
		{ "0 1001 1 1 1000 1", { 1000, 1002 }, 1, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(range_set_cleanup) struct range_set left = RANGE_SET(1);
		struct idmap map = map_of(rows[i].line);
		size_t refused = 77;
		int r;

		if (rows[i].left.start < rows[i].left.end)
			cr_assert(range_set_add(&left, rows[i].left) == 0);
		r = idmap_decide(&map, 1000, &left, &refused);
		cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		cr_assert(refused == (r ? rows[i].refused : 77), "row %zu: %zu", i,
			  refused);
	}
}
