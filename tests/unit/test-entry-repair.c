// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which line a malformed line was meant to be.
 */
#include "libsubid/core/limits.h"
#include "libsubid/findings/entry-repair.h"
#include "tests/unit/unit.h"

Test(entry_repair, rows)
{
	static const struct {
		const char *line;
		const char *owner;
		size_t n;
		bool owner_ok;
		struct range shadow, others;
		uint64_t begin;
	} rows[] = {
		/* Bytes around the fields. */
		{ "elsa:10:5\r", "elsa", 1, true, { 0 }, { 10, 15 }, 0 },
		{ "elsa:10:5 \t", "elsa", 1, true, { 0 }, { 10, 15 }, 0 },
		{ " elsa:10:5", "elsa", 1, true, { 0 }, { 10, 15 }, 0 },
		{ "elsa : 10 : 5", "elsa", 1, true, { 0 }, { 10, 15 }, 0 },
		{ "\"elsa\":\"10\":'5'", "elsa", 1, true, { 0 }, { 10, 15 }, 0 },
		{ "elsa:10:5 # five", "elsa", 1, true, { 0 }, { 10, 15 }, 0 },
		{ "elsa 10\t5", "elsa", 1, true, { 0 }, { 10, 15 }, 0 },
		{ "\xef\xbb\xbf"
		  "elsa:10: 5\r",
		  "elsa",
		  1,
		  true,
		  { 0 },
		  { 10, 15 },
		  0 },
		/* Two readings, or the same one in all programs. */
		{ "elsa:010:5", "elsa", 2, true, { 8, 13 }, { 10, 15 }, 0 },
		{ "elsa:+10:5", "elsa", 1, true, { 10, 15 }, { 0 }, 0 },
		{ "elsa:0x10:5", "elsa", 1, true, { 16, 21 }, { 0 }, 0 },
		{ "elsa:10:5:", "elsa", 1, true, { 10, 15 }, { 0 }, 0 },
		/* Ids beyond the last one, and 4294967295. */
		{ "elsa:4294967290:10",
		  "elsa",
		  1,
		  true,
		  { 4294967290, ID_NONE },
		  { 0 },
		  0 },
		{ "elsa:4294967295:2", "elsa", 0, true, { 0 }, { 0 }, 0 },
		{ "elsa:4294967296:2", "elsa", 0, true, { 0 }, { 0 }, 0 },
		/* Owners that no line can have. */
		{ "+elsa:10:5", "+elsa", 1, false, { 10, 15 }, { 0 }, 0 },
		{ "05:10:5", "05", 1, false, { 10, 15 }, { 0 }, 0 },
		{ ":10:5", "", 1, false, { 0 }, { 10, 15 }, 0 },
		/* No range. */
		{ "elsa:10", "elsa", 0, true, { 0 }, { 0 }, 10 },
		{ "elsa:10:x", "elsa", 0, true, { 0 }, { 0 }, 10 },
		{ "elsa:10:0", "elsa", 0, true, { 0 }, { 0 }, 0 },
		{ "elsa:0:0", "elsa", 0, true, { 0 }, { 0 }, 0 },
		{ "elsa:x:5", "elsa", 0, true, { 0 }, { 0 }, 0 },
		{ "elsa", "elsa", 0, true, { 0 }, { 0 }, 0 },
		{ "", "", 0, false, { 0 }, { 0 }, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(cleanup_free)
		char *line = exact_copy(rows[i].line, strlen(rows[i].line));
		struct entry_repair repair;

		entry_repair(line, strlen(rows[i].line), &repair);
		cr_assert(strcmp(repair.owner, rows[i].owner) == 0, "'%s': owner '%s'",
			  rows[i].line, repair.owner);
		cr_assert(repair.n == rows[i].n, "'%s': %zu readings", rows[i].line,
			  repair.n);
		cr_assert(repair.owner_ok == rows[i].owner_ok, "'%s'", rows[i].line);
		cr_assert(repair.by_shadow.start == rows[i].shadow.start &&
				  repair.by_shadow.end == rows[i].shadow.end,
			  "'%s': shadow", rows[i].line);
		cr_assert(repair.by_others.start == rows[i].others.start &&
				  repair.by_others.end == rows[i].others.end,
			  "'%s': others %d-%d", rows[i].line, (int)repair.by_others.start,
			  (int)repair.by_others.end);
		cr_assert(repair.begin.start == rows[i].begin, "'%s'", rows[i].line);
	}
}

/*
 * A NUL at the end of a field is invisible, and no program reads a range in such a line:
 * the number is kept, as in a line that ends with whitespace, and the policy decides
 * about the ids. Within a number it is no digit. A long line names nothing.
 */
Test(entry_repair, bytes)
{
	struct entry_repair repair;
	char line[LIMIT_LINE_BYTES + 2];

	entry_repair("elsa:1\0:5", 9, &repair);
	cr_assert(repair.n == 1 && repair.by_others.start == 1 &&
		  repair.by_others.end == 6);
	entry_repair("\0elsa\0:1:5\0\0", 12, &repair);
	cr_assert(repair.n == 1 && repair.by_others.start == 1 && repair.owner_ok &&
		  strcmp(repair.owner, "elsa") == 0);
	entry_repair("elsa:1\0"
		     "2:5",
		     10, &repair);
	cr_assert(repair.n == 0);
	memset(line, '1', sizeof(line));
	memcpy(line, "elsa:1:", 7);
	entry_repair(line, sizeof(line), &repair);
	cr_assert(repair.n == 0 && !repair.owner_ok);
}

static bool is_low(struct range range, void *context)
{
	const uint64_t *limit = context;

	return range.start < *limit;
}

/* Of two readings the visible one, unless only the other one can be given. */
Test(entry_repair, choice)
{
	static const struct {
		const char *line;
		uint64_t limit; /* lower ids are refused */
		struct range range;
		bool refused;
	} rows[] = {
		{ "elsa:010:5", 0, { 10, 15 }, false },
		{ "elsa:010:5", 9, { 10, 15 }, false },
		{ "elsa:010:5", 11, { 10, 15 }, true },
		{ "elsa:0x10:5", 9, { 16, 21 }, false },
		{ "elsa:0x10:5", 17, { 16, 21 }, true },
		{ "elsa:10:5 ", 11, { 10, 15 }, true },
		{ "elsa:10", 0, { 10, 65546 }, false },
		{ "elsa:10", 11, { 10, 65546 }, true },
		{ "elsa:4294967290", 0, { 0, 0 }, false },
		{ "elsa:x:5", 9, { 0, 0 }, false },
	};
	struct entry_repair repair;
	uint64_t limit;
	struct range range;
	bool refused;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		limit = rows[i].limit;
		entry_repair(rows[i].line, strlen(rows[i].line), &repair);
		range = entry_repair_choose(&repair, is_low, &limit, &refused);
		cr_assert(range.start == rows[i].range.start &&
				  range.end == rows[i].range.end &&
				  refused == rows[i].refused,
			  "'%s'", rows[i].line);
	}
	repair = (struct entry_repair){ .by_shadow = { 64, 65 },
					.by_others = { 10, 11 },
					.n = 2 };
	limit = 20;
	range = entry_repair_choose(&repair, is_low, &limit, &refused);
	cr_assert(range.start == 64 && !refused);
	range = entry_repair_choose(&repair, NULL, NULL, &refused);
	cr_assert(range.start == 10 && !refused);
}
