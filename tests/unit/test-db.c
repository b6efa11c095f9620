// SPDX-License-Identifier: BSD-3-Clause
/*
 * The transaction, in a directory of the test's own, as in an image of another system.
 */
#include <dirent.h>
#include <inttypes.h>

#include "libsubid/allot.h"
#include "libsubid/core/limits.h"
#include "libsubid/db.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define BEFORE "# ours\n\nelsa:3000000:1000000\nanna:0100:5\nanna:200000:10"

static struct folder folder;
static struct db db = DB_NONE;
static struct owner elsa = {
	.account = { .name = "elsa",
		     .name_len = 4,
		     .name_owns = true,
		     .uid = 5001,
		     .number = "5001",
		     .number_len = 4 },
};
static struct db_grant grant;

static void setup(void)
{
	folder_make(&folder);
	folder_put(&folder, "passwd", BYTES("root:x:0:0::/:\nbob:x:100001:5:::\n"), 0644);
	folder_put(&folder, "group", BYTES("root:x:0:\n"), 0644);
	folder_put(&folder, "subuid", BYTES(BEFORE), 0640);
	folder_put(&folder, "subgid", BYTES(BEFORE "\n"), 0644);
	grant = (struct db_grant){ .owner = &elsa };
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
	overlap_list_cleanup(&grant.conflicts);
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
	cr_assert(db_grant(&db, &kind_gid, &grant, (struct range){ 3999990, 4000010 }) ==
		  0);
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
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 500000, 500010 }) ==
		  0);
	cr_assert(db_grant(&db, &kind_gid, &grant, (struct range){ 500000, 500010 }) ==
		  0);
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
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 500000, 500010 }) ==
		  0);
	db_end(&db);
	check_file("subuid", BEFORE);
	check_names(4);
}

/* What is held already is not written again, and nothing at all is no change. */
Test(db, grants_what_is_missing, .init = setup, .fini = teardown)
{
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 3000000, 3000001 }) ==
		  0);
	cr_assert(!db_changed(&db, &kind_uid));
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 2999999, 4000001 }) ==
		  0);
	cr_assert(db_commit(&db) == 0);
	check_file("subuid", BEFORE "\nelsa:2999999:1\nelsa:4000000:1\n");
}

/* Another owner's ids, an account's and the id that is none are refused, all at once. */
Test(db, refuses, .init = setup, .fini = teardown)
{
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 100000, 200001 }) ==
		  DB_CONFLICT);
	cr_assert(grant.conflicts.n == 2);
	cr_assert_str_eq(grant.conflicts.items[0].name, "bob");
	cr_assert_str_eq(grant.conflicts.items[1].name, "anna");
	cr_assert(!db_changed(&db, &kind_uid));
	grant.policy.allow_overlap = true;
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 100000, 200001 }) ==
		  0);
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 0, 1 }) ==
		  DB_CONFLICT);
	cr_assert(db_grant(&db, &kind_uid, &grant,
			   (struct range){ 4294967290, 4294967296 }) == DB_CONFLICT);
}

/* The same free range in both: beside the ids of bob and anna. */
Test(db, finds_a_pair, .init = setup, .fini = teardown)
{
	const struct alloc_request request = { .bounds = { 100000, 300000 },
					       .count = 10 };
	struct range found;

	cr_assert(db_find_free(&db, true, true, &request, &found) == 0);
	cr_assert(found.start == 100002 && found.end == 100012);
	cr_assert(db_find_free(&db, false, true, &request, &found) == 0);
	cr_assert(found.start == 100000);
	cr_assert(db_find_free(&db, true, false,
			       &(struct alloc_request){ { 200000, 200010 }, 1, 0 },
			       &found) == DB_FULL);
}

/* An editor takes no lock: what it has written, or made of a file, stays, and the other
 * file is not changed either. */
Test(db, changed_meanwhile, .init = setup, .fini = teardown)
{
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 500000, 500010 }) ==
		  0);
	cr_assert(db_grant(&db, &kind_gid, &grant, (struct range){ 500000, 500010 }) ==
		  0);
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
	cr_assert(db_grant(&db, &kind_uid, &grant, (struct range){ 500000, 500010 }) ==
		  0);
	cr_assert(db_grant(&db, &kind_gid, &grant, (struct range){ 500000, 500010 }) ==
		  0);
	cr_assert(unlink(folder_path(&folder, "subgid")) == 0);
	cr_assert(mkdir(folder_path(&folder, "subgid"), 0700) == 0);
	cr_assert(db_commit(&db) == -ESTALE);
	cr_assert(db.failed == &kind_gid);
	db_end(&db);
	check_file("subuid", BEFORE);
	check_names(4);
}

#define UNIVERSE 64

/* Random lines or accounts in a file; returns the ids that they have. */
static uint64_t put_random(struct rng *rng, const char *name, const char *before,
			   const char *behind, uint64_t base, unsigned lines,
			   unsigned longest)
{
	char text[2048] = "";
	uint64_t used = 0;
	size_t len = 0;

	for (unsigned i = 0; i < lines; i++) {
		uint64_t at = rng_below(rng, UNIVERSE - 1), n = 1;

		if (longest > 1)
			n += rng_below(rng, longest);
		if (at + n > UNIVERSE - 1)
			n = UNIVERSE - 1 - at;
		for (uint64_t id = at; id < at + n; id++)
			used |= UINT64_C(1) << id;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%" PRIu64,
					before, base + at);
		if (longest > 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						":%" PRIu64, n);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", behind);
	}
	folder_put(&folder, name, text, len, 0644);
	return used;
}

static uint64_t lowest_free(const struct alloc_request *request, uint64_t base,
			    uint64_t used)
{
	for (uint64_t at = request->bounds.start;
	     at + request->count <= request->bounds.end; at++) {
		bool free = request->align < 2 || at % request->align == 0;

		for (uint64_t id = at; free && id < at + request->count; id++)
			free = id != ID_NONE && !(used >> (id - base) & 1);
		if (free)
			return at;
	}
	return UINT64_MAX;
}

/*
 * Whatever the databases and accounts hold, at both ends of all ids: the lowest range
 * that is free of both kinds, or of one, is found, and none is found only if there is
 * none.
 */
Test(db, finds_what_a_bitmap_finds, .init = setup, .fini = teardown)
{
	static const uint64_t bases[] = { 0, 99968, 4294967296 - UNIVERSE };
	struct rng rng = { rng_seed() };
	unsigned found_some = 0, found_none = 0;

	for (unsigned round = 0; round < 600; round++) {
		uint64_t base = bases[rng_below(&rng, COUNT_OF(bases))], used[2], want;
		struct alloc_request request = {
			.bounds = { base, base + UNIVERSE },
			.count = 1 + rng_below(&rng, 9),
			.align = rng_below(&rng, 9),
		};
		bool kinds[2] = { true, true };
		struct range found;
		int r;

		db_end(&db);
		for (int group = 0; group < 2; group++) {
			unsigned lines = (unsigned)rng_below(&rng, 12);

			used[group] = put_random(&rng, group ? "subgid" : "subuid",
						 "x:", "", base, lines, 6) |
				      put_random(&rng, group ? "group" : "passwd",
						 "n:x:", ":5:::", base, 3, 1);
		}
		if (rng_once_in(&rng, 3))
			kinds[rng_below(&rng, 2)] = false;
		db = (struct db)DB_NONE;
		cr_assert(db_begin(&db, folder.fd, DB_PREFIX) == 0);
		cr_assert(db_load(&db, &kind_uid, false) == 0);
		cr_assert(db_load(&db, &kind_gid, false) == 0);
		want = lowest_free(&request, base,
				   (kinds[0] ? used[0] : 0) | (kinds[1] ? used[1] : 0));
		r = db_find_free(&db, kinds[0], kinds[1], &request, &found);
		cr_assert(r == (want == UINT64_MAX ? DB_FULL : 0),
			  "seed %" PRIu64 " round %u: %d", rng_seed(), round, r);
		cr_assert(r || (found.start == want && found.end == want + request.count),
			  "seed %" PRIu64 " round %u: %" PRIu64 " and not %" PRIu64,
			  rng_seed(), round, found.start, want);
		*(r ? &found_none : &found_some) += 1;
	}
	cr_assert(found_some > 100 && found_none > 20, "%u, %u", found_some, found_none);
}
