// SPDX-License-Identifier: BSD-3-Clause
/*
 * Ranges for several people at once, in a folder of the test's own. Random lists against
 * a model are in tests/kernel/test_subid_grant.py.
 */
#include "libsubid/allot.h"
#include "tests/unit/unit.h"

static struct folder folder;
static struct db db = DB_NONE;
static struct db_grant grant;
static struct people people;
static struct allotment items[4];
static struct allot allot;

static void set_up(void)
{
	folder_make(&folder);
	folder_put(&folder, "passwd",
		   BYTES("elsa:x:1000:1::/:\nelsa2:x:1000:1::/:\nanna:x:1001:1::/:\n"
			 "bob:x:1002:1::/:\ntaken:x:100025:1::/:\n"),
		   0644);
	folder_put(&folder, "group", BYTES("root:x:0:\n"), 0644);
	folder_put(&folder, "subuid", BYTES("anna:100000:10\n"), 0644);
	folder_put(&folder, "subgid", BYTES("ghost:100010:10\n"), 0644);
	grant = (struct db_grant){ .by_id = false };
	people = (struct people){ 0 };
	memset(items, 0, sizeof(items));
	allot = (struct allot){
		.people = &people,
		.items = items,
		.settings = { .requests = { { { 100000, 100060 }, 10, 0 },
					    { { 100000, 100060 }, 10, 0 } },
			      .uid_min = 1000 },
		.kinds = { true, true },
	};
	cr_assert(db_begin(&db, folder.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&db, &kind_uid, false) == 0);
	cr_assert(db_load(&db, &kind_gid, false) == 0);
}

static void tear_down(void)
{
	db_end(&db);
	overlap_list_cleanup(&grant.conflicts);
	people_cleanup(&people);
	folder_cleanup(&folder);
}

TestSuite(allot, .init = set_up, .fini = tear_down, .timeout = 60);

static int run(const char *const *names)
{
	CLEANUP(roster_cleanup) struct roster roster = { 0 };
	size_t index;

	for (; *names; names++)
		cr_assert(people_add(&people, *names, strlen(*names), &index) == 0);
	cr_assert(roster_load(folder.fd, &kind_uid, &roster) == 0);
	cr_assert(people_resolve(&people, &roster, NULL, false) == 0);
	allot.n = people.n;
	return allot_ranges(&db, &allot, &grant);
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

/* Pairs, in the order of the people, around what anybody has. */
Test(allot, pairs)
{
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == 0);
	check("anna:100000:10\nelsa:100026:10\nbob:100036:10\n",
	      "ghost:100010:10\nelsa:100026:10\nbob:100036:10\n");
	cr_assert(items[0].ranges[0].start == 100026 && items[1].ranges[1].end == 100046);
}

/* When there is no pair left: one of each. */
Test(allot, no_pair)
{
	allot.settings.requests[0].bounds.end = allot.settings.requests[1].bounds.end =
		100020;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("anna:100000:10\nelsa:100010:10\n", "ghost:100010:10\nelsa:100000:10\n");
}

/* Room for one of two is room for none. */
Test(allot, all_or_nothing)
{
	items[1].count = 40;
	cr_assert(run((const char *[]){ "elsa", "bob", NULL }) == DB_FULL);
	cr_assert(allot.full == &kind_uid && allot.full_for == 1);
	check("anna:100000:10\n", "ghost:100010:10\n");
}

/* By any name, and the other half like the first. */
Test(allot, if_missing)
{
	allot.if_missing = allot.mirror = true;
	cr_assert(run((const char *[]){ "anna", "elsa2", "elsa", NULL }) == 0);
	check("anna:100000:10\nelsa2:100026:10\n",
	      "ghost:100010:10\nanna:100000:10\nelsa2:100026:10\n");
}

/* A range of somebody else is refused in both databases, what is held is not written. */
Test(allot, fixed)
{
	allot.fixed = (struct range){ 100005, 100012 };
	cr_assert(run((const char *[]){ "bob", NULL }) == DB_CONFLICT);
	cr_assert(grant.conflicts.n == 2);
	check("anna:100000:10\n", "ghost:100010:10\n");
	grant.policy.allow_overlap = true;
	people_cleanup(&people);
	cr_assert(run((const char *[]){ "anna", NULL }) == 0);
	check("anna:100000:10\nanna:100010:2\n", "ghost:100010:10\nanna:100005:7\n");
}

/* Each uid has its place, and it is refused where somebody is there. */
Test(allot, deterministic)
{
	allot.settings.deterministic = true;
	allot.kinds[0] = false;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("anna:100000:10\n", "ghost:100010:10\nelsa:100000:10\n");
	people_cleanup(&people);
	cr_assert(run((const char *[]){ "anna", NULL }) == DB_CONFLICT);
	people_cleanup(&people);
	cr_assert(run((const char *[]){ "taken", NULL }) == DB_FULL);
}

static void load(const char *uid, const char *gid)
{
	db_end(&db);
	db = (struct db)DB_NONE;
	folder_put(&folder, "subuid", uid, strlen(uid), 0644);
	folder_put(&folder, "subgid", gid, strlen(gid), 0644);
	cr_assert(db_begin(&db, folder.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&db, &kind_uid, false) == 0);
	cr_assert(db_load(&db, &kind_gid, false) == 0);
	people_cleanup(&people);
	memset(items, 0, sizeof(items));
}

/*
 * Databases with the same text are read once, with the same answer as where the last
 * count makes a difference; but not where the bounds are others, and groups are no users.
 */
Test(allot, same_text)
{
	static const char text[] = "anna:100000:10\n1000:100052:3\nx:90000:5\n";
	static const char other[] = "anna:100000:10\n1000:100052:3\nx:90000:6\n";

	folder_put(&folder, "group", BYTES("sound:x:100041:\n"), 0644);
	for (int same = 0; same < 2; same++) {
		load(text, same ? text : other);
		allot.if_missing = true;
		cr_assert(run((const char *[]){ "elsa", "bob", "anna", NULL }) == 0);
		for (size_t i = 0; i < 3; i++)
			for (size_t k = 0; k < 2; k++)
				cr_assert_eq(items[i].ranges[k].start,
					     i == 1 ? 100010 : 0);

		/* The account and the group are in the way of a pair. */
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
		allot.settings.requests[1].bounds.start = 90000;
		items[0].count = 30;
		cr_assert(run((const char *[]){ "bob", NULL }) == DB_FULL);
		cr_assert(allot.full == &kind_uid);
		allot.kinds[0] = false;
		load(text, same ? text : other);
		items[0].count = 30;
		cr_assert(run((const char *[]){ "bob", NULL }) == 0);
		cr_assert_eq(items[0].ranges[1].start, same ? 90005 : 90006);
		allot.kinds[0] = true;
		allot.settings.requests[1].bounds.start = 100000;
	}
}

/* By uid where that is wanted. */
Test(allot, by_id)
{
	grant.by_id = true;
	cr_assert(run((const char *[]){ "elsa", NULL }) == 0);
	check("anna:100000:10\n1000:100026:10\n", "ghost:100010:10\n1000:100026:10\n");
}
