// SPDX-License-Identifier: BSD-3-Clause
/*
 * The transaction, in a temporary directory that is an image of another system.
 */
#include <dirent.h>

#include "libsubid/store/db.h"
#include "tests/unit/give.h"
#include "tests/unit/unit.h"

#define BEFORE "# ours\n\nelsa:3000000:1000000\nanna:0100:5\nanna:200000:10"

static struct tmpdir tmpdir;
static struct db db = DB_NONE;
static struct owner elsa;
static struct allocate allocate;

static void setup(void)
{
	struct account account;

	account_set(&account, "elsa", 4, 5001, 5001);
	owner_set(&elsa, &account);
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd", BYTES("root:x:0:0::/:\nbob:x:100001:5:::\n"), 0644);
	tmpdir_put(&tmpdir, "group", BYTES("root:x:0:\n"), 0644);
	tmpdir_put(&tmpdir, "subuid", BYTES(BEFORE), 0640);
	tmpdir_put(&tmpdir, "subgid", BYTES(BEFORE "\n"), 0644);
	allocate = (struct allocate){ 0 };
	cr_assert(db_begin(&db, tmpdir.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&db, &kind_uid, false) == 0);
	cr_assert(db_load(&db, &kind_gid, false) == 0);
}

/* Locks and temporary names are gone: only these files exist. */
static void check_names(size_t want)
{
	DIR *stream = opendir(tmpdir.path);
	size_t n = 0;

	cr_assert(stream);
	for (struct dirent *entry; (entry = readdir(stream));)
		n += entry->d_name[0] != '.';
	closedir(stream);
	cr_assert(n == want, "%zu names and not %zu", n, want);
}

static void teardown(void)
{
	db_end(&db);
	allocate_cleanup(&allocate);
	tmpdir_cleanup(&tmpdir);
}

static void check_file(const char *name, const char *want)
{
	char text[512];

	tmpdir_get(&tmpdir, name, text, sizeof(text));
	cr_assert_str_eq(text, want, "%s holds %s", name, text);
}

/* Both files change together; the old ones are the backups; mode and bytes are kept. */
Test(db, commits_both, .init = setup, .fini = teardown)
{
	struct stat status;

	cr_assert(db_revoke(&db, &kind_uid, &elsa, (struct range){ 3000010, 3000020 }) ==
		  0);
	cr_assert(give(&db, &allocate, &elsa, &kind_gid,
		       (struct range){ 3999990, 4000010 }) == 0);
	cr_assert(faccessat(tmpdir.fd, "subuid.lock", F_OK, 0) == 0);
	cr_assert(db_commit(&db) == 0);
	/* The same sync removes them with the old files, while all others are still
	 * locked out. */
	cr_assert(faccessat(tmpdir.fd, "subuid.lock", F_OK, 0) != 0);
	cr_assert(faccessat(tmpdir.fd, "subgid.lock", F_OK, 0) != 0);
	cr_assert(faccessat(tmpdir.fd, "subuid.subid-undo", F_OK, 0) != 0);
	cr_assert(lock_is_ours(&db.lock));
	db_end(&db);

	check_file("subuid", "# ours\n\nelsa:3000000:10\nanna:0100:5\nanna:200000:10\n"
			     "elsa:3000020:999980\n");
	check_file("subgid", BEFORE "\nelsa:4000000:10\n");
	check_file("subuid-", BEFORE);
	check_file("subgid-", BEFORE "\n");
	cr_assert(stat(tmpdir_path(&tmpdir, "subuid"), &status) == 0);
	cr_assert((status.st_mode & 07777) == 0640);
	check_names(6);
}

/* The backup is the old text, after an addition and after a removal. */
Test(db, backup, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 500000, 500010 }) == 0);
	cr_assert(give(&db, &allocate, &elsa, &kind_gid,
		       (struct range){ 500000, 500010 }) == 0);
	cr_assert(db_revoke(&db, &kind_gid, &elsa, (struct range){ 500000, 500005 }) ==
		  0);
	cr_assert(db_commit(&db) == 0);
	db_end(&db);
	check_file("subuid", BEFORE "\nelsa:500000:10\n");
	check_file("subgid", BEFORE "\nelsa:500005:5\n");
	check_file("subuid-", BEFORE);
	check_file("subgid-", BEFORE "\n");
}

/* A change that is not committed leaves nothing. */
Test(db, forgets, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 500000, 500010 }) == 0);
	db_end(&db);
	check_file("subuid", BEFORE);
	check_names(4);
}

/* A range that is held already is not written again; no range is no change. */
Test(db, grants_what_is_missing, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 3000000, 3000001 }) == 0);
	cr_assert(!db_changed(&db, &kind_uid));
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 2999999, 4000001 }) == 0);
	cr_assert(db_commit(&db) == 0);
	check_file("subuid", BEFORE "\nelsa:2999999:1\nelsa:4000000:1\n");
}

/* Ids of another owner, of an account, and 4294967295 are refused, all at once. */
Test(db, refuses, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 100000, 200001 }) == DB_CONFLICT);
	cr_assert(allocate.conflicts.n == 2);
	cr_assert_str_eq(allocate.conflicts.items[0].name, "bob");
	cr_assert_str_eq(allocate.conflicts.items[1].name, "anna");
	cr_assert(!db_changed(&db, &kind_uid));
	allocate.policy.allow_overlap = true;
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 100000, 200001 }) == 0);
	cr_assert(give(&db, &allocate, &elsa, &kind_uid, (struct range){ 0, 1 }) ==
		  DB_CONFLICT);
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 4294967290, 4294967296 }) == DB_CONFLICT);
}

/* An editor takes no lock: a file that it has written or replaced stays, and the other
 * file is not changed either. */
Test(db, changed_meanwhile, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 500000, 500010 }) == 0);
	cr_assert(give(&db, &allocate, &elsa, &kind_gid,
		       (struct range){ 500000, 500010 }) == 0);
	tmpdir_put(&tmpdir, "subgid-", BYTES("the one of before\n"), 0644);
	tmpdir_put(&tmpdir, "subgid", BYTES("emma:700000:1\n"), 0644);
	cr_assert(db_commit(&db) == -ESTALE);
	cr_assert(db.failed == &kind_gid);
	db_end(&db);
	check_file("subuid", BEFORE);
	check_file("subgid", "emma:700000:1\n");
	check_file("subgid-", "the one of before\n");
}

Test(db, no_file_any_more, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 500000, 500010 }) == 0);
	cr_assert(give(&db, &allocate, &elsa, &kind_gid,
		       (struct range){ 500000, 500010 }) == 0);
	cr_assert(unlink(tmpdir_path(&tmpdir, "subgid")) == 0);
	cr_assert(mkdir(tmpdir_path(&tmpdir, "subgid"), 0700) == 0);
	cr_assert(db_commit(&db) == -ESTALE);
	cr_assert(db.failed == &kind_gid);
	db_end(&db);
	check_file("subuid", BEFORE);
	check_names(4);
}
