// SPDX-License-Identifier: BSD-3-Clause
/*
 * Allocation for the library: one kind or both, and in both or in none.
 */
#include "libsubid/api/change.h"
#include "tests/unit/give.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;
static struct db db = DB_NONE;
static struct owner owner;
static struct allocate allocate;

static void setup(void)
{
	struct settings_error error;

	allocate = (struct allocate){ 0 };
	tmpdir_make(&tmpdir);
	tmpdir_make_etc(&tmpdir);
	tmpdir_put(&tmpdir, "etc/passwd", BYTES("elsa:x:1001:1001::/:\n"), 0644);
	tmpdir_put(&tmpdir, "etc/group", BYTES("team:x:100:\n"), 0644);
	tmpdir_put(&tmpdir, "etc/subuid", BYTES("anna:1000:10\n"), 0644);
	tmpdir_put(&tmpdir, "etc/subgid", BYTES(""), 0644);
	tmpdir_put(&tmpdir, "etc/login.defs",
		   BYTES("SUB_UID_MIN 1000\nSUB_UID_MAX 2000\nSUB_UID_COUNT 10\n"
			 "SUB_GID_MIN 500\nSUB_GID_MAX 1500\nSUB_GID_COUNT 10\n"),
		   0644);
	cr_assert(change_begin(&db, tmpdir.path, CHANGE_UID | CHANGE_GID) == 0);
	cr_assert(settings_read(db.directory, &allocate.settings, &error) == 0);
	cr_assert(owner_find(&owner, "elsa", &db.lookup, false) == 0);
}

static void teardown(void)
{
	db_end(&db);
	owner_cleanup(&owner);
	allocate_cleanup(&allocate);
	tmpdir_cleanup(&tmpdir);
}

/* Both kinds get the same range, within both bounds and where no account has ids. */
Test(change, allocates_both, .init = setup, .fini = teardown)
{
	const struct change_request request = { 0 };
	struct range range;

	cr_assert(change_allocate(&db, CHANGE_UID | CHANGE_GID, &owner, &request,
				  &allocate, &range) == 0);
	cr_assert(range.start == 1010 && range.end == 1020);
	cr_assert(change_allocate(&db, CHANGE_GID, &owner, &request, &allocate, &range) ==
		  0);
	cr_assert(range.start == 500);
}

/* A range that does not fit is given in neither database. */
Test(change, gives_in_both_or_none, .init = setup, .fini = teardown)
{
	struct change_request request = { .bounds = { 0, 5 }, .count = 5 };
	struct range range;

	cr_assert(change_allocate(&db, CHANGE_UID | CHANGE_GID, &owner, &request,
				  &allocate, &range) == DB_CONFLICT);
	cr_assert(!db_changed(&db, &kind_uid) && !db_changed(&db, &kind_gid));
	request = (struct change_request){ .count = 2000 };
	cr_assert(change_allocate(&db, CHANGE_UID, &owner, &request, &allocate, &range) ==
		  DB_FULL);
	allocate.settings.requests[1].count = 0;
	request = (struct change_request){ 0 };
	cr_assert(change_allocate(&db, CHANGE_UID | CHANGE_GID, &owner, &request,
				  &allocate, &range) == DB_FULL);
	cr_assert(change_allocate(&db, CHANGE_GID, &owner, &request, &allocate, &range) ==
		  -EINVAL);
}

/* If a range follows from the uid, the user gets this range, and no other user does. */
Test(change, allocates_deterministically, .init = setup, .fini = teardown)
{
	struct change_request request = { 0 };
	struct range range;

	allocate.settings.deterministic = true;
	allocate.settings.uid_min = 1000;
	cr_assert(change_allocate(&db, CHANGE_UID, &owner, &request, &allocate, &range) ==
		  0);
	cr_assert(range.start == 1010);
	request.count = 11;
	cr_assert(change_allocate(&db, CHANGE_UID, &owner, &request, &allocate, &range) ==
		  DB_FULL);
	request.count = 0;
	owner.account.uid = ID_NONE;
	cr_assert(change_allocate(&db, CHANGE_UID, &owner, &request, &allocate, &range) ==
		  DB_FULL);
}

/* The lines of the transaction are listed in their order. */
Test(change, tells_ranges, .init = setup, .fini = teardown)
{
	CLEANUP(query_ranges_cleanup) struct query_ranges ranges = { 0 };

	cr_assert(give(&db, &allocate, &owner, &kind_gid, (struct range){ 700, 710 }) ==
		  0);
	cr_assert(give(&db, &allocate, &owner, &kind_gid, (struct range){ 600, 610 }) ==
		  0);
	cr_assert(change_ranges(&db, &kind_gid, &owner, &ranges) == 0);
	cr_assert(ranges.n == 2 && ranges.ranges[0].start == 700);
}
