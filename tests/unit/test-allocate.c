// SPDX-License-Identifier: BSD-3-Clause
/*
 * Ranges for several users at once, in a temporary directory. Random lists
 * against a model are in tests/kernel/subid/test_subid_grant.py.
 */
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate.h"
#include "libsubid/user/passwd-file.h"
#include "tests/unit/give.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;
static struct db db = DB_NONE;
static struct owner_set people;
static struct allocate_item items[4];
static struct allocate allocate;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd",
		   BYTES("elsa:x:1000:1::/:\nelsa2:x:1000:1::/:\nanna:x:1001:1::/:\n"
			 "bob:x:1002:1::/:\ntaken:x:100025:1::/:\n"),
		   0644);
	tmpdir_put(&tmpdir, "group", BYTES("root:x:0:\n"), 0644);
	tmpdir_put(&tmpdir, "subuid", BYTES("anna:100000:10\n"), 0644);
	tmpdir_put(&tmpdir, "subgid", BYTES("ghost:100010:10\n"), 0644);
	people = (struct owner_set){ 0 };
	memset(items, 0, sizeof(items));
	allocate = (struct allocate){
		.people = &people,
		.items = items,
		.settings = { .requests = { { { 100000, 100060 }, 10, 0 },
					    { { 100000, 100060 }, 10, 0 } },
			      .uid_min = 1000 },
		.kinds = { true, true },
	};
	cr_assert(db_begin(&db, tmpdir.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&db, &kind_uid, false) == 0);
	cr_assert(db_load(&db, &kind_gid, false) == 0);
}

static void tear_down(void)
{
	db_end(&db);
	allocate_cleanup(&allocate);
	owner_set_cleanup(&people);
	tmpdir_cleanup(&tmpdir);
}

TestSuite(allocate, .init = set_up, .fini = tear_down);

static int run(const char *const *names)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	size_t index;

	for (; *names; names++)
		cr_assert(owner_set_add(&people, *names, strlen(*names), &index) == 0);
	cr_assert(passwd_file_load(tmpdir.fd, &kind_uid, &accounts) == 0);
	cr_assert(owner_set_resolve(&people, &accounts, &db.lookup, false) == 0);
	allocate.n = people.n;
	return allocate_ranges(&db, &allocate);
}

static void check(const char *uid, const char *gid)
{
	const char *wants[] = { uid, gid };

	for (size_t k = 0; k < 2; k++) {
		const struct table *table = &db.sides[k].table;

		cr_assert(table->len == strlen(wants[k]) &&
				  memcmp(table->text, wants[k], table->len) == 0,
			  "%.*s and not %s", (int)table->len, table->text, wants[k]);
	}
}

static void load(const char *uid, const char *gid)
{
	db_end(&db);
	db = (struct db)DB_NONE;
	tmpdir_put(&tmpdir, "subuid", uid, strlen(uid), 0644);
	tmpdir_put(&tmpdir, "subgid", gid, strlen(gid), 0644);
	cr_assert(db_begin(&db, tmpdir.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&db, &kind_uid, false) == 0);
	cr_assert(db_load(&db, &kind_gid, false) == 0);
	owner_set_cleanup(&people);
	memset(items, 0, sizeof(items));
}

/* Pairs, in the order of the users, around all ids in use. */
Test(allocate, pairs)
{
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == 0);
	check("anna:100000:10\nelsa:100026:10\nbob:100036:10\n",
	      "ghost:100010:10\nelsa:100026:10\nbob:100036:10\n");
	cr_assert(items[0].ranges[0].start == 100026 && items[1].ranges[1].end == 100046);
}

/* If no pair is left: a range of each kind. */
Test(allocate, no_pair)
{
	allocate.settings.requests[0].bounds.end =
		allocate.settings.requests[1].bounds.end = 100020;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("anna:100000:10\nelsa:100010:10\n", "ghost:100010:10\nelsa:100000:10\n");
}

/* If only one of two users can have a range, neither gets one. */
Test(allocate, all_or_nothing)
{
	items[1].count = 40;
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == DB_FULL);
	cr_assert(allocate.full.kind == &kind_uid && allocate.full.item == 1);
	check("anna:100000:10\n", "ghost:100010:10\n");
}

/* By any name; the other database gets the same range as the first. */
Test(allocate, if_missing)
{
	allocate.if_missing = allocate.mirror = true;
	cr_assert(run((const char *[]){ "anna", "elsa2", "elsa", NULL }) == 0);
	check("anna:100000:10\nelsa2:100026:10\n",
	      "ghost:100010:10\nanna:100000:10\nelsa2:100026:10\n");
}

/* What an owner has is counted once, by any name; the rest of the total is given. */
Test(allocate, at_least)
{
	allocate.at_least = true;
	load("elsa:100000:10\n1000:100005:10\n", "elsa2:100000:40\n");
	items[0].count = items[1].count = 20;
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == 0);
	check("elsa:100000:10\n1000:100005:10\nelsa:100015:5\nbob:100040:20\n",
	      "elsa2:100000:40\nbob:100040:20\n");
	cr_assert(items[0].held[0] == 15 && items[0].held[1] == 40 &&
		  items[1].held[0] == 0);
}

/* A range of another owner is refused in both databases; a held one is not written. */
Test(allocate, fixed)
{
	allocate.fixed = true;
	items[0].ranges[0] = items[0].ranges[1] = (struct range){ 100005, 100012 };
	cr_assert(run((const char *[]){ "bob", NULL }) == DB_CONFLICT);
	cr_assert(allocate.conflicts.n == 2);
	check("anna:100000:10\n", "ghost:100010:10\n");
	allocate.policy.allow_overlap = true;
	owner_set_cleanup(&people);
	cr_assert(run((const char *[]){ "anna", NULL }) == 0);
	check("anna:100000:10\nanna:100010:2\n", "ghost:100010:10\nanna:100005:7\n");
}

/*
 * Several ranges of one owner: each id is written once, in the order of the ranges. A
 * refusal has all conflicts, each with its line number on disk.
 */
Test(allocate, several_fixed)
{
	struct owner elsa = { 0 };

	items[0].ranges[1] = (struct range){ 100040, 100050 };
	items[1].ranges[0] = (struct range){ 100045, 100055 };
	items[2].ranges[1] = (struct range){ 100045, 100060 };
	items[3].ranges[0] = (struct range){ 100030, 100060 };
	allocate.fixed = true;
	allocate.n = 4;
	cr_assert(owner_find(&elsa, "elsa", &db.lookup, false) == 0);
	cr_assert(allocate_for_owner(&db, &allocate, &elsa) == 0);
	check("anna:100000:10\nelsa:100045:10\nelsa:100030:15\nelsa:100055:5\n",
	      "ghost:100010:10\nelsa:100040:10\nelsa:100050:10\n");

	/* Elsa's ranges are removed: these lines are the second and the first on disk. */
	cr_assert(table_subtract(&db.sides[0].table, owner_is, &elsa,
				 (struct range){ 0, ID_END }) == 0);
	items[0].ranges[1] = (struct range){ 100012, 100015 };
	items[1].ranges[0] = (struct range){ 100000, 100001 };
	items[2].ranges[1] = (struct range){ 0 };
	items[3].ranges[0] = (struct range){ 100005, 100026 };
	cr_assert(allocate_for_owner(&db, &allocate, &elsa) == DB_CONFLICT);
	cr_assert(allocate.conflicts.n == 4);
	cr_assert(allocate.conflicts.items[0].kind == &kind_gid &&
		  allocate.conflicts.items[0].line == 1);
	cr_assert(allocate.conflicts.items[1].why == OVERLAP_ACCOUNT);
	for (size_t i = 2; i < 4; i++)
		cr_assert(allocate.conflicts.items[i].kind == &kind_uid &&
			  allocate.conflicts.items[i].line == 1);
	check("anna:100000:10\n", "ghost:100010:10\nelsa:100040:10\nelsa:100050:10\n");
	owner_cleanup(&elsa);
}

/*
 * New ids that follow the last line of their owner make it longer; all others, and those
 * of a caller who does not ask for that, are appended.
 */
Test(allocate, join)
{
	allocate.join = true;
	load("elsa:100000:10\n# one\nanna:100010:5\n", "anna:100010:5\nelsa:100000:15");
	cr_assert(run((const char *[]){ "anna", "elsa", "bob", NULL }) == 0);
	check("elsa:100000:10\n# one\nanna:100010:15\nelsa:100026:10\nbob:100036:10\n",
	      "anna:100010:15\nelsa:100000:15\nelsa:100026:10\nbob:100036:10\n");
	cr_assert(db.sides[0].table.changed && db.sides[1].table.changed);

	/* The lengths of the lines are the same; the second owner's line comes first. */
	load("bob:100030:10\nanna:100000:10\n", "");
	allocate.kinds[1] = false;
	cr_assert(run((const char *[]){ "anna", "bob", NULL }) == 0);
	check("bob:100030:20\nanna:100000:20\n", "");
	cr_assert(db.sides[0].table.changed && !db.sides[1].table.changed);

	/* Not the last line of the owner, or not with the name of a new line. */
	load("elsa:100000:10\nelsa2:100050:1\n", "1000:100000:10\n");
	allocate.kinds[1] = true;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("elsa:100000:10\nelsa2:100050:1\nelsa:100010:10\n",
	      "1000:100000:10\nelsa:100010:10\n");
	load("elsa:100000:10\n", "1000:100000:10\n");
	allocate.settings.by_id = true;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("elsa:100000:10\n1000:100010:10\n", "1000:100000:20\n");

	load("elsa:100000:10\n", "elsa:100000:10\n");
	allocate.join = allocate.settings.by_id = false;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("elsa:100000:10\nelsa:100010:10\n", "elsa:100000:10\nelsa:100010:10\n");
}

/* Lines before a conflict have gone: it is numbered as on disk, twins each in turn. */
Test(allocate, numbers_lines)
{
	struct owner elsa = { 0 };

	load("elsa:1:1\nanna:100000:10\n#\n1000:2:1\nanna:100000:10\nelsa2:3:1\nx:7:5\n",
	     "");
	cr_assert(owner_find(&elsa, "elsa", &db.lookup, false) == 0);
	cr_assert(db_revoke(&db, &kind_uid, &elsa, (struct range){ 0, ID_END }) == 0);
	cr_assert(give(&db, &allocate, &elsa, &kind_uid, (struct range){ 9, 100001 }) ==
		  DB_CONFLICT);
	cr_assert(allocate.conflicts.n == 7);
	cr_assert(allocate.conflicts.items[4].line == 2);
	cr_assert(allocate.conflicts.items[5].line == 5);
	cr_assert(allocate.conflicts.items[6].line == 7);
	owner_cleanup(&elsa);
}

/* Several owners cannot be given the same ids. */
Test(allocate, fixed_of_several)
{
	allocate.fixed = true;
	items[0].ranges[0] = (struct range){ 100040, 100050 };
	items[1].ranges[0] = (struct range){ 100049, 100060 };
	items[1].person = 2;
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == -EINVAL);
	owner_set_cleanup(&people);
	items[1].person = 1;
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == -EINVAL);
	check("anna:100000:10\n", "ghost:100010:10\n");
	owner_set_cleanup(&people);
	items[1].ranges[0].start = 100050;
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == 0);
	check("anna:100000:10\nelsa:100040:10\nbob:100050:10\n", "ghost:100010:10\n");
	items[1].person = 0;
}

/* The range follows from the uid, and is refused where another owner has it. */
Test(allocate, deterministic)
{
	allocate.settings.deterministic = true;
	allocate.kinds[0] = false;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("anna:100000:10\n", "ghost:100010:10\nelsa:100000:10\n");
	owner_set_cleanup(&people);
	cr_assert(run((const char *[]){ "anna", NULL }) == DB_CONFLICT);
	owner_set_cleanup(&people);
	cr_assert(run((const char *[]){ "taken", NULL }) == DB_FULL);
	cr_assert(allocate.full.why == ALLOC_BEYOND && allocate.full.uid == 100025 &&
		  allocate.full.kind == &kind_gid);
	owner_set_cleanup(&people);
	allocate.settings.uid_min = 1001;
	cr_assert(run((const char *[]){ "elsa", NULL }) == DB_FULL);
	cr_assert(allocate.full.why == ALLOC_BELOW);
}

/* The same range of both kinds or none, also where a range follows from the uid. */
Test(allocate, together)
{
	allocate.together = true;
	allocate.settings.requests[0].bounds.end =
		allocate.settings.requests[1].bounds.end = 100020;
	cr_assert(run((const char *[]){ "elsa", NULL }) == DB_FULL);
	cr_assert(allocate.full.why == ALLOC_NONE);
	owner_set_cleanup(&people);
	allocate.settings.deterministic = true;
	allocate.settings.requests[0].bounds.start = 99990;
	cr_assert(run((const char *[]){ "elsa", NULL }) == DB_FULL);
	check("anna:100000:10\n", "ghost:100010:10\n");
}

/* More ids than the bounds hold, and no gap, are two reasons. */
Test(allocate, count_beyond_bounds)
{
	allocate.settings.requests[1].count = 61;
	cr_assert(run((const char *[]){ "elsa", NULL }) == DB_FULL);
	cr_assert(allocate.full.why == ALLOC_COUNT && allocate.full.kind == &kind_gid &&
		  allocate.full.count == 61);
	owner_set_cleanup(&people);
	allocate.settings.requests[1].count = 60;
	cr_assert(run((const char *[]){ "elsa", NULL }) == DB_FULL);
	cr_assert(allocate.full.why == ALLOC_NONE);
}

/*
 * Databases with the same text are searched once, with the same result as if only the
 * last count differed; not if the bounds differ. Groups are not users.
 */
Test(allocate, same_text)
{
	static const char text[] = "anna:100000:10\n1000:100052:3\nx:90000:5\n";
	static const char other[] = "anna:100000:10\n1000:100052:3\nx:90000:6\n";

	tmpdir_put(&tmpdir, "group", BYTES("sound:x:100041:\n"), 0644);
	for (int same = 0; same < 2; same++) {
		load(text, same ? text : other);
		allocate.if_missing = true;
		cr_assert(run((const char *[]){ "elsa", "bob", "anna", NULL }) == 0);
		for (size_t i = 0; i < 3; i++)
			for (size_t k = 0; k < 2; k++)
				cr_assert_eq(items[i].ranges[k].start,
					     i == 1 ? 100010 : 0);

		/* The account and the group prevent a pair. */
		load(text, same ? text : other);
		items[0].count = 16;
		cr_assert(run((const char *[]){ "bob", NULL }) == 0);
		cr_assert(items[0].ranges[0].start == 100026 &&
			  items[0].ranges[1].start == 100010);
		load(text, same ? text : other);
		items[0].count = 15;
		cr_assert(run((const char *[]){ "bob", NULL }) == 0);
		cr_assert(items[0].ranges[0].start == 100010 &&
			  items[0].ranges[1].start == 100010);

		load(text, same ? text : other);
		allocate.settings.requests[1].bounds.start = 90000;
		items[0].count = 30;
		cr_assert(run((const char *[]){ "bob", NULL }) == DB_FULL);
		cr_assert(allocate.full.kind == &kind_uid);
		allocate.kinds[0] = false;
		load(text, same ? text : other);
		items[0].count = 30;
		cr_assert(run((const char *[]){ "bob", NULL }) == 0);
		cr_assert_eq(items[0].ranges[1].start, same ? 90005 : 90006);
		allocate.kinds[0] = true;
		allocate.settings.requests[1].bounds.start = 100000;
	}
}

/* By uid, if that is set. */
Test(allocate, by_id)
{
	allocate.settings.by_id = true;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("anna:100000:10\n1000:100026:10\n", "ghost:100010:10\n1000:100026:10\n");
}

#define UNIVERSE 64

/* Random lines or accounts in a file. Returns their ids. */
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
	tmpdir_put(&tmpdir, name, text, len, 0644);
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

/* The same range of both kinds, or a range of one, for an owner without account. */
static int find(const bool kinds[static 2], const struct alloc_request *request,
		struct range *ret_range)
{
	const struct accounts no_accounts = { 0 };
	size_t index;
	int r;

	owner_set_cleanup(&people);
	cr_assert(owner_set_add(&people, "new", 3, &index) == 0);
	cr_assert(owner_set_resolve(&people, &no_accounts, &db.lookup, true) == 0);
	memset(items, 0, sizeof(items));
	allocate.n = 1;
	allocate.settings.requests[0] = allocate.settings.requests[1] = *request;
	allocate.kinds[0] = kinds[0];
	allocate.kinds[1] = kinds[1];
	allocate.together = allocate.policy.allow_root = true;
	r = allocate_ranges(&db, &allocate);
	if (r == 0 && kinds[0] && kinds[1])
		cr_assert(items[0].ranges[0].start == items[0].ranges[1].start);
	if (r == 0)
		*ret_range = items[0].ranges[kinds[0] ? 0 : 1];
	return r;
}

/*
 * Random databases and accounts, at both ends of all ids: the lowest range that is free
 * for both kinds, or for one, is found if there is one.
 */
Test(allocate, finds_what_a_bitmap_finds)
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
		struct range found = { 0 };
		int r;

		db_end(&db);
		for (int group = 0; group < 2; group++) {
			unsigned lines = (unsigned)rng_below(&rng, 12);

			used[group] = put_random(&rng, group ? "subgid" : "subuid",
						 "x:", "", base, lines, 6) |
				      put_random(&rng, group ? "group" : "passwd",
						 "n:x:", ":5:::", base, 3, 1);
		}
		/* The primary group of the users is a gid in use. */
		if (base == 0)
			used[1] |= UINT64_C(1) << 5;
		if (rng_once_in(&rng, 3))
			kinds[rng_below(&rng, 2)] = false;
		db = (struct db)DB_NONE;
		cr_assert(db_begin(&db, tmpdir.fd, DB_PREFIX) == 0);
		cr_assert(db_load(&db, &kind_uid, false) == 0);
		cr_assert(db_load(&db, &kind_gid, false) == 0);
		want = lowest_free(&request, base,
				   (kinds[0] ? used[0] : 0) | (kinds[1] ? used[1] : 0));
		r = find(kinds, &request, &found);
		cr_assert(r == (want == UINT64_MAX ? DB_FULL : 0),
			  "seed %" PRIu64 " round %u: %d", rng_seed(), round, r);
		cr_assert(r || (found.start == want && found.end == want + request.count),
			  "seed %" PRIu64 " round %u: %" PRIu64 " and not %" PRIu64,
			  rng_seed(), round, found.start, want);
		*(r ? &found_none : &found_some) += 1;
	}
	cr_assert(found_some > 100 && found_none > 20, "%u, %u", found_some, found_none);
}

/*
 * No range is placed where another program reads a malformed line of any owner. For a
 * given range, a malformed line of the user is no conflict; one of another user is.
 */
Test(allocate, malformed_lines)
{
	load("anna:0x186a0:40:\n", "elsa:+100000:20\n");
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	cr_assert(items[0].ranges[0].start == 100040 &&
		  items[0].ranges[1].start == 100040);

	load("elsa:100000:20 \n", "elsa:+100000:20\n");
	allocate.fixed = true;
	items[0].ranges[0] = items[0].ranges[1] = (struct range){ 100005, 100012 };
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("elsa:100000:20 \nelsa:100005:7\n", "elsa:+100000:20\nelsa:100005:7\n");

	load("anna:100000:20 \n", "elsa:+100000:20\n");
	items[0].ranges[0] = items[0].ranges[1] = (struct range){ 100005, 100012 };
	cr_assert(run((const char *[]){ "elsa", NULL }) == DB_CONFLICT);
	cr_assert(allocate.conflicts.n == 1 && allocate.conflicts.items[0].malformed);
}

/*
 * If the range follows from the uid, a malformed line is a conflict for all users but its
 * own, also for others who get ranges by the same command.
 */
Test(allocate, malformed_line_of_a_neighbour)
{
	allocate.settings.deterministic = true;
	load("elsa:+100000:10\n", "anna:+100010:10\n");
	cr_assert(run((const char *[]){ "elsa", "anna", NULL }) == 0);
	load("elsa:+100000:20\n", "");
	cr_assert(run((const char *[]){ "elsa", "anna", NULL }) == DB_CONFLICT);
	cr_assert(allocate.conflicts.n == 1 &&
		  allocate.conflicts.items[0].ids.start == 100000);
}

/*
 * Reserved ids are never chosen. If the range that follows from a uid has any, the user
 * gets none, also in an image. A given range may have them.
 */
Test(allocate, reserved)
{
	const struct range bounds = { 65510, 65560 }, one = { 65510, 65511 };

	load("", "");
	allocate.settings.requests[0].bounds = allocate.settings.requests[1].bounds =
		bounds;
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == 0);
	cr_assert(items[0].ranges[0].start == 65520 && items[0].ranges[0].end == 65530);
	cr_assert(items[1].ranges[0].start == 65536);

	load("", "");
	allocate.settings.deterministic = true;
	cr_assert(!db.keeps_reserved);
	cr_assert(run((const char *[]){ "elsa", NULL }) == DB_CONFLICT);
	cr_assert(allocate.conflicts.items[0].why == OVERLAP_RESERVED);
	check("", "");

	allocate.fixed = true;
	for (int i = 0; i < 3; i++) {
		load("", "");
		db.keeps_reserved = i > 0;
		allocate.policy.allow_reserved = i > 1;
		items[0].ranges[0] = items[0].ranges[1] = one;
		cr_assert_eq(run((const char *[]){ "elsa", NULL }),
			     i == 1 ? DB_CONFLICT : 0);
	}
}
