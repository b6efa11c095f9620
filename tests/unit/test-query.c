// SPDX-License-Identifier: BSD-3-Clause
/*
 * Queries of the databases in a directory: their lines, and errors, which are no answer.
 */
#include "libsubid/api/query.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;
static struct query query = QUERY_NONE;

static void put(const char *text, size_t len)
{
	tmpdir_put(&tmpdir, "etc/subuid", text, len, 0644);
}

static void setup(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_make_etc(&tmpdir);
	tmpdir_put(&tmpdir, "etc/passwd",
		   BYTES("elsa:x:5001:5001::/:\nanna:x:5002:1::/:\n"), 0644);
	cr_assert(query_open(&query, tmpdir.path, false) == 0);
}

static void teardown(void)
{
	query_cleanup(&query);
	tmpdir_cleanup(&tmpdir);
}

static size_t count_ranges(const char *name, struct range *ret_first)
{
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	CLEANUP(query_ranges_cleanup) struct query_ranges ranges = { 0 };

	cr_assert(owner_find(&owner, name, &query.lookup, false) == 0);
	cr_assert(query_ranges(&query, &kind_uid, &owner, &ranges) == 0);
	if (ranges.n > 0)
		*ret_first = ranges.ranges[0];
	return ranges.n;
}

/* In the order of the file, with overlaps; an owner is compared as a whole. */
Test(query, finds_ranges, .init = setup, .fini = teardown)
{
	struct range first;

	put(BYTES("elsabeth:1:1\nelsa:500:10\nels:2:1\n5001:100:10\n50011:7:7\n"
		  "elsa:505:10\nelsa:0x5:5\nelsa:9:9"));
	cr_assert(count_ranges("elsa", &first) == 4);
	cr_assert(first.start == 500 && first.end == 510);
	cr_assert(count_ranges("5001", &first) == 1);
	cr_assert(count_ranges("anna", &first) == 0);
	cr_assert(count_ranges("elsabeth", &first) == 1);
}

/* A range of all ids has a count that is not 0, whatever the width of unsigned long. */
Test(query, counts_all_ids)
{
	const struct range all = { 0, ID_END }, last = { 1, ID_END };

	cr_assert(range_count_long(all) == (ULONG_MAX > ID_END - 1 ? ID_END : ULONG_MAX));
	cr_assert(range_count_long(last) == 4294967295U);
}

/* Each spelling once, with the uid if it has one. */
Test(query, finds_owners, .init = setup, .fini = teardown)
{
	CLEANUP(query_owners_cleanup) struct query_owners owners = { 0 };

	put(BYTES("gone:100:10\nelsa:100:10\n5001:105:1\nelsa:105:1\nanna:0:105\n"
		  "anna:106:4\nanna:0105:1\n"));
	cr_assert(query_owners(&query, &kind_uid, 105, &owners) == 0);
	cr_assert(owners.n == 3);
	cr_assert_str_eq(owners.owners[0].name, "gone");
	cr_assert(!owners.owners[0].has_uid);
	cr_assert(owners.owners[1].has_uid && owners.owners[1].uid == 5001);
	cr_assert_str_eq(owners.owners[2].name, "5001");
}

/* A missing database, or one that others could have written, does not mean "none". */
Test(query, tells_errors, .init = setup, .fini = teardown)
{
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	CLEANUP(query_ranges_cleanup) struct query_ranges ranges = { 0 };
	CLEANUP(query_owners_cleanup) struct query_owners owners = { 0 };
	CLEANUP(table_cleanup) struct table table = { 0 };

	cr_assert(owner_find(&owner, "elsa", &query.lookup, false) == 0);
	cr_assert(query_ranges(&query, &kind_uid, &owner, &ranges) == -ENOENT);
	cr_assert(query_owners(&query, &kind_uid, 1, &owners) == -ENOENT);
	cr_assert(query_table(&query, &kind_uid, &table) == -ENOENT);
	tmpdir_put(&tmpdir, "etc/subuid", BYTES("elsa:1:1\n"), 0646);
	cr_assert(query_ranges(&query, &kind_uid, &owner, &ranges) == -EACCES);
	cr_assert(unlinkat(tmpdir.fd, "etc/subuid", 0) == 0);
	cr_assert(mkfifoat(tmpdir.fd, "etc/subuid", 0644) == 0);
	cr_assert(query_ranges(&query, &kind_uid, &owner, &ranges) == -EINVAL);
}

/* The whole text, unchanged. */
Test(query, reads_tables, .init = setup, .fini = teardown)
{
	CLEANUP(table_cleanup) struct table table = { 0 };

	put(BYTES("elsa:1:1\nno newline"));
	cr_assert(query_table(&query, &kind_uid, &table) == 0);
	cr_assert(memcmp(table.text, "elsa:1:1\nno newline", 19) == 0);
}

/* A missing directory, and a name that no line can have. */
Test(query, refuses, .init = setup, .fini = teardown)
{
	CLEANUP(query_cleanup) struct query other = QUERY_NONE;
	struct owner owner;

	cr_assert(query_open(&other, "/nonexistent", false) == -ENOENT);
	cr_assert(owner_find(&owner, "a:b", &query.lookup, false) == OWNER_INVALID);
}
