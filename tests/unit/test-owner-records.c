// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner-records: which lines are records, that what is written can be read again, and
 * which record of an id counts.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/owner-records.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct owner_records records_of(const char *text)
{
	struct owner_records records = { .n = 0 };

	cr_assert(owner_records_parse(&records, text, strlen(text)) == 0);
	cr_assert(owner_records_sort(&records) == 0);
	return records;
}

/* A record is read and written without a change; of anything else nothing is read. */
Test(owner_records, lines)
{
	static const struct {
		const char *text;
		bool read;
	} rows[] = {
		{ "uid 100000 65536 bob 1001 1700000000 retire\n", true },
		{ "gid 0 1 bob - 0 \n", true },
		{ "gid 4294967295 1 bob 4294967294 0 two words\n", true },
		{ "uid 5 6 two\\040words 7 8 x\n", true },
		{ "uid 5 6 back\\134slash 7 8 x\n", true },
		{ "pid 5 6 bob 7 8 x\n", false },
		{ "uids 5 6 bob 7 8 x\n", false },
		{ "uid 05 6 bob 7 8 x\n", false },
		{ "uid 5 0 bob 7 8 x\n", false },
		{ "uid 4294967295 2 bob 7 8 x\n", false },
		{ "uid 5 6 -bob 7 8 x\n", false },
		{ "uid 5 6 bob\\000 7 8 x\n", false },
		{ "uid 5 6 bob\\012 7 8 x\n", false },
		{ "uid 5 6 bob\\04 7 8 x\n", false },
		{ "uid 5 6 bob 4294967295 8 x\n", false },
		{ "uid 5 6 bob -- 8 x\n", false },
		{ "uid 5 6 bob 7 100000000000 x\n", false },
		{ "uid 5 6 bob 7 8 x\x7f\n", false },
		{ "uid  5 6 bob 7 8 x\n", false },
		{ "\n", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct owner_records records = records_of(rows[i].text);
		char *text = NULL;
		size_t len = 0;

		cr_assert(owner_records_format(&records, &text, &len) == 0);
		cr_assert(records.n == (rows[i].read && len > 0), "%s", rows[i].text);
		if (rows[i].read)
			cr_assert(len == strlen(rows[i].text) &&
					  memcmp(text, rows[i].text, len) == 0,
				  "%s is %.*s", rows[i].text, (int)len, text);
		cr_assert(records.skipped == !rows[i].read, "%s", rows[i].text);
		free(text);
		owner_records_cleanup(&records);
	}
}

static struct entry entry_of(const char *owner)
{
	return (struct entry){ .owner = owner, .owner_len = strlen(owner) };
}

Test(owner_records, names)
{
	char name[RETIRED_NAME_BYTES], long_name[LIMIT_OWNER_BYTES];

	cr_assert(retired_name("bob", 3, name) == 4 && memcmp(name, "~bob", 4) == 0);
	cr_assert(retired_name("", 0, name) == 1 && name[0] == '~');
	memset(long_name, 'n', sizeof(long_name));
	cr_assert(retired_name(long_name, sizeof(long_name), name) == LIMIT_OWNER_BYTES);
	cr_assert(entry_check_owner(name, LIMIT_OWNER_BYTES) == 0);
	memset(long_name + 200, ' ', sizeof(long_name) - 201);
	cr_assert(retired_name(long_name, sizeof(long_name), name) == 201);
	cr_assert(entry_check_owner(name, 201) == 0);
}

/* The newest record of an id and a name counts. */
Test(owner_records, finds)
{
	struct owner_records records = records_of("uid 100 10 bob 1 11 x\n"
						  "uid 100 10 eve 2 12 x\n"
						  "uid 105 5 bob 3 13 x\n"
						  "gid 100 10 bob 4 14 x\n"
						  "uid 0 1000 bob 5 10 x\n");
	static const struct {
		bool group;
		uint64_t id;
		const char *owner;
		uint32_t uid; /* 0: none is found */
	} rows[] = {
		{ false, 99, "~bob", 5 },   { false, 100, "~bob", 5 },
		{ false, 105, "~eve", 2 },  { true, 100, "~bob", 4 },
		{ true, 99, "~bob", 0 },    { false, 100, "bob", 0 },
		{ false, 100, "~bobb", 0 }, { false, 1000, "~bob", 0 },
		{ true, 110, "~bob", 0 },   { false, 999, "~bob", 5 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct entry entry = entry_of(rows[i].owner);
		const struct owner_record *record =
			owner_records_find(&records, rows[i].group, rows[i].id, &entry);

		cr_assert((record ? record->uid : 0) == rows[i].uid, "row %zu: %u", i,
			  record ? record->uid : 0);
	}
	owner_records_cleanup(&records);
}

/* The newest record of a range and an owner. */
Test(owner_records, finds_exactly)
{
	struct owner_records records = records_of("uid 100 10 bob 1 11 x\n"
						  "uid 100 11 bob 2 12 x\n"
						  "uid 100 10 bob 3 13 x\n"
						  "uid 100 10 eve 4 14 x\n"
						  "gid 100 10 bob 5 14 x\n"
						  "uid 0 1000 bob 6 15 x\n");
	static const struct {
		bool group;
		struct range range;
		const char *owner;
		uint32_t uid; /* 0: none is found */
	} rows[] = {
		{ false, { 100, 110 }, "bob", 3 },  { false, { 100, 111 }, "bob", 2 },
		{ false, { 100, 110 }, "eve", 4 },  { true, { 100, 110 }, "bob", 5 },
		{ false, { 0, 1000 }, "bob", 6 },   { false, { 100, 112 }, "bob", 0 },
		{ false, { 100, 110 }, "bobb", 0 }, { false, { 99, 110 }, "bob", 0 },
		{ true, { 0, 1000 }, "bob", 0 },    { true, { 101, 110 }, "bob", 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct owner_record *record = owner_records_find_exact(
			&records, rows[i].group, rows[i].range, rows[i].owner);

		cr_assert((record ? record->uid : 0) == rows[i].uid, "row %zu", i);
	}
	owner_records_cleanup(&records);
}

/* The search finds what a pass over all records finds. */
Test(owner_records, model)
{
	const struct entry entry = entry_of("~bob");
	struct rng rng = { .state = rng_seed() };

	for (int round = 0; round < 200; round++) {
		struct owner_records records = { .n = 0 };
		size_t n = rng_below(&rng, 30);

		for (size_t i = 0; i < n; i++) {
			uint64_t start = rng_below(&rng, 40);
			struct owner_record record = {
				.range = { start, start + 1 + rng_below(&rng, 10) },
				.uid = (uint32_t)i,
				.group = rng_below(&rng, 2),
			};

			cr_assert(owner_records_add(&records, record, "bob", 3, "") == 0);
		}
		cr_assert(owner_records_sort(&records) == 0);
		for (uint64_t id = 0; id < 60; id++) {
			const struct owner_record *want = NULL;

			for (size_t i = 0; i < records.n; i++)
				if (records.items[i].group &&
				    range_contains(records.items[i].range, id))
					want = &records.items[i];
			cr_assert(owner_records_find(&records, true, id, &entry) == want);
		}
		owner_records_cleanup(&records);
	}
}
