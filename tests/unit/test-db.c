// SPDX-License-Identifier: BSD-3-Clause
/*
 * The transaction, in a directory of the test's own, as in an image of another system.
 */
#include <dirent.h>

#include "libsubid/store/db.h"
#include "tests/unit/give.h"
#include "tests/unit/unit.h"

#define BEFORE "# ours\n\nelsa:3000000:1000000\nanna:0100:5\nanna:200000:10"

static struct folder folder;
static struct db db = DB_NONE;
static struct owner elsa;
static struct allocate allocate;

static void setup(void)
{
	struct account account;

	account_set(&account, "elsa", 4, 5001, 5001);
	owner_set(&elsa, &account);
	folder_make(&folder);
	folder_put(&folder, "passwd", BYTES("root:x:0:0::/:\nbob:x:100001:5:::\n"), 0644);
	folder_put(&folder, "group", BYTES("root:x:0:\n"), 0644);
	folder_put(&folder, "subuid", BYTES(BEFORE), 0640);
	folder_put(&folder, "subgid", BYTES(BEFORE "\n"), 0644);
	allocate = (struct allocate){ 0 };
	cr_assert(db_begin(&db, folder.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&db, &kind_uid, false) == 0);
	cr_assert(db_load(&db, &kind_gid, false) == 0);
}

/* Locks and temporary names are gone: only these files are there. */
static void check_names(size_t want)
{
	DIR *open_folder = opendir(folder.path);
	size_t n = 0;

	cr_assert(open_folder);
	for (struct dirent *entry; (entry = readdir(open_folder));)
		n += entry->d_name[0] != '.';
	closedir(open_folder);
	cr_assert(n == want, "%zu names and not %zu", n, want);
}

static void teardown(void)
{
	db_end(&db);
	allocate_cleanup(&allocate);
	folder_cleanup(&folder);
}

static void check_file(const char *name, const char *want)
{
	char text[512];

	folder_get(&folder, name, text, sizeof(text));
	cr_assert_str_eq(text, want, "%s holds %s", name, text);
}

/* Both files change as one act; the old ones are the backups; mode and bytes survive. */
Test(db, commits_both, .init = setup, .fini = teardown)
{
	struct stat status;

	cr_assert(db_revoke(&db, &kind_uid, &elsa, (struct range){ 3000010, 3000020 }) ==
		  0);
	cr_assert(give(&db, &allocate, &elsa, &kind_gid,
		       (struct range){ 3999990, 4000010 }) == 0);
	cr_assert(faccessat(folder.fd, "subuid.lock", F_OK, 0) == 0);
	cr_assert(db_commit(&db) == 0);
	/* Gone with the same sync as the old files, and everybody else is still locked
	 * out. */
	cr_assert(faccessat(folder.fd, "subuid.lock", F_OK, 0) != 0);
	cr_assert(faccessat(folder.fd, "subgid.lock", F_OK, 0) != 0);
	cr_assert(faccessat(folder.fd, "subuid.subid-undo", F_OK, 0) != 0);
	cr_assert(lock_is_ours(&db.lock));
	db_end(&db);

	check_file("subuid", "# ours\n\nelsa:3000000:10\nanna:0100:5\nanna:200000:10\n"
			     "elsa:3000020:999980\n");
	check_file("subgid", BEFORE "\nelsa:4000000:10\n");
	check_file("subuid-", BEFORE);
	check_file("subgid-", BEFORE "\n");
	cr_assert(stat(folder_path(&folder, "subuid"), &status) == 0);
	cr_assert((status.st_mode & 07777) == 0640);
	check_names(6);
}

/* The backup is the old text where it was appended to, and where it was cut as well. */
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

/* What is not committed is forgotten, and leaves nothing. */
Test(db, forgets, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 500000, 500010 }) == 0);
	db_end(&db);
	check_file("subuid", BEFORE);
	check_names(4);
}

/* What is held already is not written again, and nothing at all is no change. */
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

/* Another owner's ids, an account's and the id that is none are refused, all at once. */
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

/* An editor takes no lock: what it has written, or made of a file, stays, and the other
 * file is not changed either. */
Test(db, changed_meanwhile, .init = setup, .fini = teardown)
{
	cr_assert(give(&db, &allocate, &elsa, &kind_uid,
		       (struct range){ 500000, 500010 }) == 0);
	cr_assert(give(&db, &allocate, &elsa, &kind_gid,
		       (struct range){ 500000, 500010 }) == 0);
	folder_put(&folder, "subgid-", BYTES("the one of before\n"), 0644);
	folder_put(&folder, "subgid", BYTES("emma:700000:1\n"), 0644);
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
	cr_assert(unlink(folder_path(&folder, "subgid")) == 0);
	cr_assert(mkdir(folder_path(&folder, "subgid"), 0700) == 0);
	cr_assert(db_commit(&db) == -ESTALE);
	cr_assert(db.failed == &kind_gid);
	db_end(&db);
	check_file("subuid", BEFORE);
	check_names(4);
}
