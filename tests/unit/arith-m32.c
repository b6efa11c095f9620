// SPDX-License-Identifier: BSD-3-Clause
/*
 * The arithmetic of ids where long and size_t have 32 bits. Criterion is not available
 * there, so this is a separate program: it tests the edges one by one, and the model of
 * model.h.
 *
 * arith-m32.sh compiles and runs it.
 */
#include <string.h>
#include <time.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/idmap.h"
#include "libsubid/core/num.h"
#include "tests/unit/model.h"
#include "tests/unit/rng.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static unsigned int checks, failures;

#define CHECK(condition, ...)                                                  \
	do {                                                                   \
		checks++;                                                      \
		if (!(condition)) {                                            \
			failures++;                                            \
			printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			printf(__VA_ARGS__);                                   \
			printf("\n");                                          \
		}                                                              \
	} while (0)

static void numbers(void)
{
	static const uint64_t values[] = { 0,		1,	     2147483647,
					   2147483648U, 4294967294U, 4294967295U,
					   4294967296U, 4294967297U, UINT64_MAX - 1,
					   UINT64_MAX };

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		char text[32], out[NUM_BYTES];
		uint64_t value = 77;
		size_t len = (size_t)snprintf(text, sizeof(text), "%" PRIu64, values[i]);

		CHECK(num_parse(text, len, UINT64_MAX, &value) == 0 && value == values[i],
		      "%s", text);
		CHECK(num_parse(text, len, values[i], &value) == 0, "%s", text);
		if (values[i] > 0)
			CHECK(num_parse(text, len, values[i] - 1, &value) == NUM_TOO_BIG,
			      "%s", text);
		CHECK(num_format(values[i], out) == len && memcmp(out, text, len) == 0,
		      "%s", text);
	}
}

static void ranges(void)
{
	static const struct {
		uint64_t start, count;
		int r;
	} rows[] = {
		{ 0, 4294967296U, 0 },
		{ 0, 4294967297U, RANGE_BEYOND },
		{ 1, 4294967295U, 0 },
		{ 1, 4294967296U, RANGE_BEYOND },
		{ 4294967295U, 1, 0 },
		{ 4294967295U, 2, RANGE_BEYOND },
		{ 4294967296U, 1, RANGE_BEYOND },
		{ 2147483648U, 2147483648U, 0 },
		{ 2147483648U, 2147483649U, RANGE_BEYOND },
		{ 100000, UINT64_MAX - 99999, RANGE_BEYOND },
		{ 0, 0, RANGE_EMPTY },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct range range;
		int r = range_make(rows[i].start, rows[i].count, &range);

		CHECK(r == rows[i].r, "row %zu: %d", i, r);
		if (r == 0)
			CHECK(range_count(range) == rows[i].count, "row %zu", i);
	}
}

/* What subid.h counts in unsigned long: at most the real number, and never 0. */
static void counts(void)
{
	static const struct range ranges[] = { { 0, ID_END },
					       { 1, ID_END },
					       { 0, ID_END - 1 },
					       { 7, 8 },
					       { 100000, 100000 + 65536 } };

	for (size_t i = 0; i < COUNT_OF(ranges); i++) {
		uint64_t count = range_count_long(ranges[i]),
			 expected = range_count(ranges[i]);

		if (expected > ULONG_MAX)
			expected = ULONG_MAX;
		CHECK(count == expected, "%" PRIu64 " for %" PRIu64, count, expected);
	}
	CHECK(sizeof(time_t) == 8, "%zu bytes", sizeof(time_t));
}

static void lines(void)
{
	static const struct {
		const char *line;
		int r;
	} rows[] = {
		{ "a:0:4294967296", 0 },
		{ "a:0:4294967297", ENTRY_BEYOND },
		{ "a:4294967295:1", 0 },
		{ "a:4294967295:2", ENTRY_BEYOND },
		{ "a:4294967296:1", ENTRY_BEYOND },
		{ "a:4295067296:1", ENTRY_BEYOND },
		{ "a:1:18446744073709551615", ENTRY_BEYOND },
		{ "a:18446744073709551616:1", ENTRY_BEYOND },
		{ "4294967294:1:1", 0 },
		{ "4294967295:1:1", ENTRY_OWNER_NUMBER },
		{ "4294967296:1:1", ENTRY_OWNER_NUMBER },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char out[ENTRY_BYTES];
		struct entry entry;
		size_t len = strlen(rows[i].line);
		int r = entry_parse(rows[i].line, len, &entry);

		CHECK(r == rows[i].r, "'%s': %d", rows[i].line, r);
		if (r)
			continue;
		CHECK(entry_format(entry.owner, entry.owner_len, entry.range, out) ==
				      len + 1 &&
			      memcmp(out, rows[i].line, len) == 0,
		      "'%s'", rows[i].line);
		CHECK(entry_may_overlap(
			      rows[i].line, len,
			      (struct range){ entry.range.end - 1, entry.range.end }),
		      "'%s'", rows[i].line);
		CHECK(entry.range.start == 0 ||
			      !entry_may_overlap(rows[i].line, len,
						 (struct range){ 0, entry.range.start }),
		      "'%s'", rows[i].line);
	}
}

static void maps(void)
{
	static const struct {
		const char *inner, *outer, *count;
		int r;
	} rows[] = {
		{ "0", "0", "4294967295", 0 },
		{ "0", "0", "4294967296", IDMAP_BEYOND },
		{ "0", "1", "4294967295", IDMAP_BEYOND },
		{ "4294967294", "0", "1", 0 },
		{ "0", "4294967294", "1", 0 },
		{ "0", "4294967294", "2", IDMAP_BEYOND },
		{ "0", "4294967295", "1", IDMAP_BEYOND },
		{ "0", "5000000000", "1", IDMAP_BEYOND },
		{ "0", "4294967296", "1", IDMAP_BEYOND },
		{ "4294967296", "0", "1", IDMAP_BEYOND },
		{ "0", "0", "18446744073709551615", IDMAP_BEYOND },
		{ "0", "0", "18446744073709551616", IDMAP_NUMBER },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char words[3][24], out[IDMAP_LINE_BYTES], expected[80];
		char *arguments[] = { words[0], words[1], words[2] };
		static struct idmap map;
		size_t len;
		int r;

		snprintf(words[0], sizeof(words[0]), "%s", rows[i].inner);
		snprintf(words[1], sizeof(words[1]), "%s", rows[i].outer);
		snprintf(words[2], sizeof(words[2]), "%s", rows[i].count);
		r = idmap_parse(arguments, 3, &map);
		CHECK(r == rows[i].r, "row %zu: %d", i, r);
		if (r)
			continue;
		len = (size_t)snprintf(expected, sizeof(expected), "%s %s %s\n",
				       rows[i].inner, rows[i].outer, rows[i].count);
		CHECK(idmap_render(&map, out, sizeof(out)) == len &&
			      memcmp(out, expected, len) == 0,
		      "row %zu", i);
	}
}

static void models(void)
{
	const struct model_options all[] = {
		{ .upper = false },
		{ .upper = true },
		{ .decide = decide, .upper = false },
		{ .decide = decide, .upper = true },
		{ .decide = decide, .upper = true, .aliases = true },
		{ .decide = decide_narrow, .upper = true },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct model_options options = all[i];
		struct model_result result;

		options.seed = rng_seed() + i;
		options.cases = rng_setting("SUBID_MODEL_CASES", 200000);
		model_run(&options, &result);
		CHECK(result.complaint[0] == '\0', "model %zu: %s", i, result.complaint);
		CHECK(result.granted > options.cases / 5 &&
			      result.refused > options.cases / 5,
		      "model %zu", i);
	}
}

int main(void)
{
	numbers();
	ranges();
	counts();
	lines();
	maps();
	models();
	printf("%zu bits: %u checks, %u failures\n", 8 * sizeof(size_t), checks,
	       failures);
	return checks > 0 && failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
