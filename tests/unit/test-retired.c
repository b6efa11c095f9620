// SPDX-License-Identifier: BSD-3-Clause
/*
 * Retiring in a transaction on an image: no id gets free, and each retired line is on
 * record. Random lines are compared with a model that counts ids one by one.
 */
#include "libsubid/core/cleanup.h"
#include "libsubid/store/retired.h"
#include "libsubid/store/state-file.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	umask(022);
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd", BYTES("root:x:0:0::/:\n"), 0644);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(retired, .init = set_up, .fini = tear_down);

/* Begins a transaction on these lines of both databases. */
static void begin(struct db *db, const char *lines)
{
	for (size_t k = 0; k < 2; k++)
		tmpdir_put(&tmpdir, kind_all[k]->database, lines, strlen(lines), 0644);
	db->root = tmpdir.path;
	cr_assert(db_begin(db, tmpdir.fd, DB_PREFIX) == 0);
	for (size_t k = 0; k < 2; k++)
		cr_assert(db_load(db, kind_all[k], false) == 0);
}

static struct owner owner_of(const char *name, uid_t uid)
{
	struct account account;
	struct owner owner;

	if (uid == ID_NONE)
		account_set_text(&account, name, strlen(name));
	else
		account_set(&account, name, strlen(name), uid, uid);
	owner_set(&owner, &account);
	return owner;
}

static void expect(const struct db *db, size_t k, const char *lines)
{
	const struct table *table = &db->sides[k].table;

	cr_assert(table->len == strlen(lines) &&
			  memcmp(table->text, lines, table->len) == 0,
		  "%.*s", (int)table->len, table->text);
}

Test(retired, takes_and_frees)
{
	struct retired retired = { .epoch = 7, .note = "test" };
	struct owner bob = owner_of("bob", 1001);
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(SIZE_MAX);
	struct db db = DB_NONE;

	begin(&db, "# x\nbob:100000:10\nanna:100010:5\n1001:100020:4\n");
	cr_assert(!retired_are_any(&db.sides[0].table));
	cr_assert(retired_take(&db, &kind_uid, &bob, (struct range){ 100004, 100022 },
			       &retired) == 0);
	expect(&db, 0,
	       "# x\nbob:100000:4\n~bob:100004:6\nanna:100010:5\n~bob:100020:2\n"
	       "1001:100022:2\n");
	expect(&db, 1, "# x\nbob:100000:10\nanna:100010:5\n1001:100020:4\n");
	cr_assert(retired_are_any(&db.sides[0].table));
	cr_assert(retired.records.n == 2 && retired.records.items[0].uid == 1001);
	cr_assert(retired_held(&db, &kind_uid, (struct range){ 0, 100006 }, &held) == 0);
	cr_assert(held.n == 1 &&
		  range_equals(held.ranges[0], (struct range){ 100004, 100006 }));
	cr_assert(retired_free(&db, &kind_uid, (struct range){ 100005, 100021 }) == 0);
	expect(&db, 0,
	       "# x\nbob:100000:4\n~bob:100004:1\nanna:100010:5\n~bob:100021:1\n"
	       "1001:100022:2\n");
	retired_cleanup(&retired);
	db_end(&db);
}

/* What is written is what retired lines need, and no more. */
Test(retired, writes_records)
{
	struct retired retired = { .epoch = 7, .note = "test" };
	struct owner bob = owner_of("bob", 1001), eve = owner_of("7777", ID_NONE);
	CLEANUP(owner_records_cleanup) struct owner_records records = { .n = 0 };
	struct db db = DB_NONE;

	if (geteuid() != 0)
		unit_skip("only root can make files of root");
	begin(&db, "bob:100000:10\n7777:200000:5\n");
	cr_assert(retired_take(&db, &kind_uid, &bob, (struct range){ 0, ID_END },
			       &retired) == 0);
	cr_assert(retired_take(&db, &kind_gid, &eve, (struct range){ 0, ID_END },
			       &retired) == 0);
	cr_assert(retired_write(&db, &retired) == 0);
	/* Once more; the record of a line that is gone is dropped. */
	owner_records_cleanup(&retired.records);
	cr_assert(retired_free(&db, &kind_uid, (struct range){ 0, ID_END }) == 0);
	cr_assert(retired_write(&db, &retired) == 0);
	cr_assert(retired_read(tmpdir.path, &records) == 0);
	cr_assert(records.n == 1 && records.items[0].uid == 7777 &&
		  records.items[0].group && records.items[0].epoch == 7);
	db_end(&db);
	/* Others could write it: it is not used. */
	cr_assert(fchmodat(tmpdir.fd, &(STATE_DIRECTORY "/" STATE_RETIRED)[1], 0666, 0) ==
		  0);
	owner_records_cleanup(&records);
	cr_assert(retired_read(tmpdir.path, &records) == -EPERM && records.n == 0);
}

#define IDS 60

/* Whose each id is: `b`ob's, `a`nna's, `~` retired, or 0; a later line does not count. */
static void count_ids(const struct table *table, char ret_ids[static IDS])
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	memset(ret_ids, 0, IDS);
	while (table_next(table, &cursor, &line))
		for (uint64_t id = line.entry.range.start;
		     line.fault == 0 && id < line.entry.range.end; id++)
			if (ret_ids[id] == 0 || line.entry.owner[0] == '~')
				ret_ids[id] = line.entry.owner[0];
}

Test(retired, model)
{
	struct rng rng = { .state = rng_seed() };

	for (int round = 0; round < 300; round++) {
		struct retired retired = { .epoch = 7, .note = "test" };
		struct owner bob = owner_of("bob", 1001);
		char text[512] = "", before[IDS], after[IDS];
		uint64_t start = rng_below(&rng, IDS - 1);
		struct range range = { start, start + 1 + rng_below(&rng, IDS - start) };
		struct db db = DB_NONE;
		size_t n = 0;

		/* Only bob's lines share ids. */
		for (uint64_t i = rng_below(&rng, 6); i > 0; i--)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "bob:%u:%u\n",
					      (unsigned)rng_below(&rng, 30),
					      1 + (unsigned)rng_below(&rng, 10));
		snprintf(text + n, sizeof(text) - n, "anna:45:10\n");
		begin(&db, text);
		count_ids(&db.sides[0].table, before);
		cr_assert(retired_take(&db, &kind_uid, &bob, range, &retired) == 0);
		count_ids(&db.sides[0].table, after);
		for (uint64_t id = 0; id < IDS; id++)
			cr_assert(after[id] == (before[id] == 'b' && range_contains(range,
										    id) ?
							'~' :
							before[id]),
				  "id %u of\n%safter\n%.*s", (unsigned)id, text,
				  (int)db.sides[0].table.len, db.sides[0].table.text);
		retired_cleanup(&retired);
		db_end(&db);
	}
}
