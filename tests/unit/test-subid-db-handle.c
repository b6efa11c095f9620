// SPDX-License-Identifier: BSD-3-Clause
/*
 * The calls of <subid-db.h>, on the root of another system in a directory of the test's
 * own.
 */
#include <subid-db.h>

#include "tests/unit/unit.h"

#define BOTH (SUBID_DB_UID | SUBID_DB_GID)
#define SUBUID                                                                     \
	"# ours\nelsa:3000000:1000\nanna:0100:5\n5001:100000:10\ntwin:100010:10\n" \
	"containers:2147483648:10\n"

static struct tmpdir tmpdir;
static struct subid_db *db;

static void setup(void)
{
	struct subid_db_options options = { .size = sizeof(options),
					    .root = tmpdir.path };

	tmpdir_make(&tmpdir);
	tmpdir_make_etc(&tmpdir);
	tmpdir_put(
		&tmpdir, "etc/passwd",
		BYTES("elsa:x:5001:5001::/:\ntwin:x:5001:5001::/:\nanna:x:5002:5002::/:\n"
		      "bob:x:100100:5003::/:\n"),
		0644);
	tmpdir_put(&tmpdir, "etc/group", BYTES("elsa:x:5001:\n"), 0644);
	tmpdir_put(&tmpdir, "etc/subuid", BYTES(SUBUID), 0644);
	tmpdir_put(&tmpdir, "etc/subgid", BYTES("elsa:3000000:1000\n"), 0644);
	cr_assert(subid_db_open(&options, &db) == 0);
}

static void teardown(void)
{
	cr_expect(!subid_db_close(db));
	tmpdir_cleanup(&tmpdir);
}

static void check_file(const char *name, const char *want)
{
	char text[1024];

	tmpdir_get(&tmpdir, name, text, sizeof(text));
	cr_assert_str_eq(text, want, "%s holds %s", name, text);
}

static struct subid_db_range range(uint64_t start, uint64_t count)
{
	return (struct subid_db_range){ start, count };
}

/* All lines are listed with their numbers, malformed ones with the reason. */
Test(subid_db_handle, iterates, .init = setup, .fini = teardown)
{
	const struct subid_db_line *line = NULL;
	struct subid_db_iter *iter;
	unsigned int entries = 0, faults = 0;

	cr_assert(subid_db_iter_new(db, SUBID_DB_UID, &iter) == 0);
	for (uint64_t number = 1; subid_db_iter_next(iter, &line) == 1; number++) {
		cr_assert(line->number == number);
		entries += !line->fault;
		faults += line->fault && !line->harmless;
		if (number == 1)
			cr_assert(line->harmless && line->len == 6);
		if (number == 2) {
			cr_assert_str_eq(line->owner, "elsa");
			cr_assert(line->range.start == 3000000 &&
				  line->range.count == 1000);
		}
	}
	cr_assert(entries == 4 && faults == 1);
	cr_assert(!subid_db_iter_free(iter));
	cr_assert(!subid_db_iter_free(NULL));
	cr_assert(subid_db_iter_new(db, BOTH, &iter) == SUBID_DB_INVALID);
}

/* Each name and the uid give the same answer: they are one owner. */
Test(subid_db_handle, finds_ranges, .init = setup, .fini = teardown)
{
	static const char *const names[] = { "elsa", "twin", "5001" };
	struct subid_db_range *ranges;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		cr_assert(subid_db_ranges(db, SUBID_DB_UID, names[i], &ranges, &n) == 0);
		cr_assert(n == 3 && ranges[0].start == 3000000 &&
				  ranges[1].start == 100000 && ranges[2].count == 10,
			  "%s: %zu", names[i], n);
		free(ranges);
	}
	cr_assert(subid_db_ranges(db, SUBID_DB_UID, "containers", &ranges, &n) == 0);
	free(ranges);
}

/* Each reason has its code. */
Test(subid_db_handle, tells_errors_apart, .init = setup, .fini = teardown)
{
	static const struct {
		const char *owner;
		int want;
	} rows[] = {
		{ "anna", SUBID_DB_NO_RANGE },	 { "gone", SUBID_DB_NO_USER },
		{ "9999", SUBID_DB_NO_USER },	 { "a:b", SUBID_DB_INVALID },
		{ "a\nb", SUBID_DB_INVALID },	 { "", SUBID_DB_INVALID },
		{ NULL, SUBID_DB_INVALID },	 { "-x", SUBID_DB_INVALID },
		{ " x", SUBID_DB_INVALID },	 { "0123", SUBID_DB_INVALID },
		{ "100100", SUBID_DB_NO_RANGE },
	};
	struct subid_db_range *ranges;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int r = subid_db_ranges(db, SUBID_DB_UID, rows[i].owner, &ranges, &n);

		cr_assert(r == rows[i].want, "%zu: %d", i, r);
	}
	cr_assert(unlinkat(tmpdir.fd, "etc/subuid", 0) == 0);
	cr_assert(subid_db_ranges(db, SUBID_DB_UID, "elsa", &ranges, &n) ==
		  SUBID_DB_MISSING);
	cr_assert(subid_db_errno(db) == ENOENT);
	cr_assert(strstr(subid_db_where(db), "/etc/subuid"), "%s", subid_db_where(db));
	cr_assert(subid_db_begin(db, SUBID_DB_UID) == SUBID_DB_MISSING);
	cr_assert(symlinkat("/etc/passwd", tmpdir.fd, "etc/subuid") == 0);
	cr_assert(subid_db_ranges(db, SUBID_DB_UID, "elsa", &ranges, &n) ==
		  SUBID_DB_SYSTEM);
	cr_assert(subid_db_errno(db) == ELOOP);
	cr_assert(unlinkat(tmpdir.fd, "etc/subuid", 0) == 0);
	tmpdir_put(&tmpdir, "etc/subuid", BYTES(SUBUID), 0666);
	cr_assert(subid_db_ranges(db, SUBID_DB_UID, "elsa", &ranges, &n) ==
		  SUBID_DB_NOT_PERMITTED);
}

/* Every code has a sentence, and other numbers read nothing out of bounds. */
Test(subid_db_handle, has_sentences)
{
	static const int others[] = { 2, -14, INT32_MAX, INT32_MIN, -1000 };

	for (int error = SUBID_DB_UNSURE; error >= SUBID_DB_SYSTEM; error--)
		cr_assert(strcmp(subid_db_strerror(error), "unknown error") != 0, "%d",
			  error);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		cr_assert_str_eq(subid_db_strerror(others[i]), "unknown error");
}

/* Owners are listed as in the database, with the uid if they have one. */
Test(subid_db_handle, finds_owners, .init = setup, .fini = teardown)
{
	struct subid_db_owner *owners;
	size_t n;

	cr_assert(subid_db_owners(db, SUBID_DB_UID, 100015, &owners, &n) == 0);
	cr_assert(n == 1 && owners->has_uid && owners->uid == 5001);
	cr_assert_str_eq(owners->name, "twin");
	free(owners);
	cr_assert(subid_db_owners(db, SUBID_DB_UID, 2147483650U, &owners, &n) == 0);
	cr_assert(n == 1 && !owners->has_uid);
	free(owners);
	cr_assert(subid_db_owners(db, SUBID_DB_UID, 7, &owners, &n) == SUBID_DB_NO_RANGE);
}

/* The missing ids and their owners, and nothing about ids that are held. */
Test(subid_db_handle, explains, .init = setup, .fini = teardown)
{
	struct subid_db_conflict *list;
	size_t n;

	cr_assert(subid_db_explain(db, SUBID_DB_UID, "elsa", range(100000, 20), &list,
				   &n) == 0);
	cr_assert(n == 0 && !list);
	cr_assert(subid_db_explain(db, SUBID_DB_UID, "anna", range(99990, 200), &list,
				   &n) == 0);
	cr_assert(n == 4, "%zu", n);
	cr_assert(list[0].why == SUBID_DB_NOT_HELD && list[0].ids.count == 200);
	cr_assert(list[1].why == SUBID_DB_OF_ACCOUNT && list[1].ids.start == 100100);
	cr_assert_str_eq(list[1].name, "bob");
	cr_assert(list[2].why == SUBID_DB_OF_OWNER && list[2].line == 4);
	cr_assert_str_eq(list[3].name, "twin");
	free(list);
	cr_assert(subid_db_explain(db, SUBID_DB_UID, "elsa", range(0, 0), &list, &n) ==
		  SUBID_DB_INVALID);
	cr_assert(subid_db_explain(db, SUBID_DB_UID, "elsa", range(UINT64_MAX, 2), &list,
				   &n) == SUBID_DB_INVALID);
}

/* The findings are those of findings.c, the malformed line among them. */
Test(subid_db_handle, checks, .init = setup, .fini = teardown)
{
	struct subid_db_finding *list;
	bool found = false;
	size_t n;

	cr_assert(subid_db_check(db, &list, &n) == 0);
	for (size_t i = 0; i < n; i++) {
		cr_assert(list[i].code && list[i].severity >= SUBID_DB_NOTE);
		found |= list[i].type == SUBID_DB_UID && list[i].line == 3;
	}
	cr_assert(found);
	free(list);
}

/* Both files change together; ranges of the open transaction are listed. */
Test(subid_db_handle, changes_both, .init = setup, .fini = teardown)
{
	const struct subid_db_request request = {
		.size = sizeof(request),
		.count = 20,
		.align = 100,
		.first = 100000,
		.last = 200000,
	};
	struct subid_db_range *ranges, given;
	size_t n;

	cr_assert(subid_db_begin(db, BOTH) == 0);
	cr_assert(subid_db_allocate(db, BOTH, "anna", &request, &given) == 0);
	/* 100000 is elsa's, 100100 is bob. */
	cr_assert(given.start == 100200 && given.count == 20, "%lu",
		  (unsigned long)given.start);
	cr_assert(subid_db_revoke(db, SUBID_DB_UID, "5001", range(100005, 10)) == 0);
	cr_assert(subid_db_grant(db, SUBID_DB_GID, "gone", range(500000, 1),
				 SUBID_DB_NO_ACCOUNT) == 0);
	cr_assert(subid_db_ranges(db, SUBID_DB_UID, "anna", &ranges, &n) == 0);
	cr_assert(n == 1);
	free(ranges);
	check_file("etc/subuid", SUBUID);
	cr_assert(subid_db_commit(db) == 0);
	check_file("etc/subuid", "# ours\nelsa:3000000:1000\nanna:0100:5\n5001:100000:5\n"
				 "twin:100015:5\ncontainers:2147483648:10\n"
				 "anna:100200:20\n");
	check_file("etc/subgid", "elsa:3000000:1000\nanna:100200:20\ngone:500000:1\n");
}

/* Reserved ids are never chosen; in an image a caller can get them as a given range. */
Test(subid_db_handle, reserved, .init = setup, .fini = teardown)
{
	const struct subid_db_request request = {
		.size = sizeof(request),
		.count = 10,
		.first = 65500,
		.last = 65600,
		.flags = SUBID_DB_ALLOW_RESERVED,
	};
	struct subid_db_range given;

	cr_assert(subid_db_begin(db, BOTH) == 0);
	cr_assert(subid_db_allocate(db, BOTH, "anna", &request, &given) == 0);
	cr_assert(given.start == 65520 && given.count == 10);
	cr_assert(subid_db_grant(db, SUBID_DB_UID, "anna", range(61184, 1),
				 SUBID_DB_ALLOW_RESERVED) == 0);
	cr_assert(subid_db_grant(db, SUBID_DB_GID, "anna", range(61184, 1), 0) == 0);
}

/* A refusal has all conflicts, and the transaction is unchanged. */
Test(subid_db_handle, refuses, .init = setup, .fini = teardown)
{
	const struct subid_db_conflict *list;
	struct subid_db_request request = { .size = sizeof(request),
					    .count = 1ULL << 31 };
	struct subid_db_range given;
	size_t n;

	cr_assert(subid_db_grant(db, SUBID_DB_UID, "anna", range(1, 1), 0) ==
		  SUBID_DB_INVALID);
	cr_assert(subid_db_begin(db, SUBID_DB_UID) == 0);
	cr_assert(subid_db_begin(db, SUBID_DB_UID) == SUBID_DB_INVALID);
	cr_assert(subid_db_grant(db, SUBID_DB_GID, "anna", range(1, 1), 0) ==
		  SUBID_DB_INVALID);
	cr_assert(subid_db_grant(db, SUBID_DB_UID, "anna", range(99990, 200), 0) ==
		  SUBID_DB_CONFLICT);
	list = subid_db_conflicts(db, &n);
	cr_assert(n == 3 && list[0].why == SUBID_DB_OF_ACCOUNT);
	cr_assert_str_eq(list[1].name, "5001");
	cr_assert(subid_db_grant(db, SUBID_DB_UID, "anna", range(0, 5), 0) ==
		  SUBID_DB_CONFLICT);
	cr_assert(subid_db_grant(db, SUBID_DB_UID, "gone", range(500000, 5), 0) ==
		  SUBID_DB_NO_USER);
	cr_assert(subid_db_conflicts(db, &n) == NULL && n == 0);
	cr_assert(subid_db_allocate(db, SUBID_DB_UID, "anna", &request, &given) ==
		  SUBID_DB_FULL);
	request.flags = 1024;
	cr_assert(subid_db_allocate(db, SUBID_DB_UID, "anna", &request, &given) ==
		  SUBID_DB_INVALID);
	cr_assert(subid_db_commit(db) == 0);
	check_file("etc/subuid", SUBUID);
	cr_assert(subid_db_commit(db) == SUBID_DB_INVALID);
}

/* A conflict has its line number on disk, also after lines of another owner were revoked.
 */
Test(subid_db_handle, numbers_lines, .init = setup, .fini = teardown)
{
	const struct subid_db_conflict *list;
	size_t n;

	cr_assert(subid_db_begin(db, SUBID_DB_UID) == 0);
	cr_assert(subid_db_revoke(db, SUBID_DB_UID, "elsa", range(0, 1ULL << 31)) == 0);
	cr_assert(subid_db_grant(db, SUBID_DB_UID, "anna", range(2147483650, 1), 0) ==
		  SUBID_DB_CONFLICT);
	list = subid_db_conflicts(db, &n);
	cr_assert(n == 1);
	cr_assert_str_eq(list[0].name, "containers");
	cr_assert(list[0].line == 6, "%lu", (unsigned long)list[0].line);
}

/* A change that was not committed has no effect, and its locks are released. */
Test(subid_db_handle, discards, .init = setup, .fini = teardown)
{
	cr_assert(subid_db_begin(db, BOTH) == 0);
	cr_assert(subid_db_grant(db, SUBID_DB_UID, "anna", range(500000, 5), 0) == 0);
	cr_assert(faccessat(tmpdir.fd, "etc/subuid.lock", F_OK, 0) == 0);
	subid_db_discard(db);
	subid_db_discard(db);
	cr_assert(faccessat(tmpdir.fd, "etc/subuid.lock", F_OK, 0) != 0);
	check_file("etc/subuid", SUBUID);
}

/* The larger structure of a newer program is accepted if its new members are 0. */
Test(subid_db_handle, takes_sizes, .init = setup, .fini = teardown)
{
	struct {
		struct subid_db_options options;
		unsigned long news;
	} newer = { .options = { .size = sizeof(newer), .root = tmpdir.path } };
	struct subid_db *other;

	cr_assert(subid_db_open(&newer.options, &other) == 0);
	subid_db_close(other);
	newer.news = 1;
	cr_assert(subid_db_open(&newer.options, &other) == SUBID_DB_INVALID);
	newer.options.size = 0;
	cr_assert(subid_db_open(&newer.options, &other) == SUBID_DB_INVALID);
	newer.options.size = sizeof(size_t);
	cr_assert(subid_db_open(&newer.options, &other) == 0);
	subid_db_close(other);
	cr_assert(subid_db_open(NULL, NULL) == SUBID_DB_INVALID);
	cr_assert(!subid_db_close(NULL));
}
