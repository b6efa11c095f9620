// SPDX-License-Identifier: BSD-3-Clause
/*
 * decide: what the model of test-model.c does not reach: unusable databases, what is read
 * and looked up, and sizes.
 */
#include <inttypes.h>

#include "libsubid/sys/scan.h"
#include "mapwriter/decide.h"
#include "tests/unit/unit.h"

/* The name service: `alias` is elsa, `broken` cannot be looked up. */
static size_t asked;

static int user(void *context, const char *name, struct account *ret_account)
{
	bool elsas = strcmp(name, "alias") == 0 || strcmp(name, "elsa") == 0;

	(void)context;
	asked++;
	if (strcmp(name, "broken") == 0)
		return -EIO;
	if (!elsas && strcmp(name, "anna") != 0)
		return ACCOUNT_NONE;
	account_set(ret_account, name, strlen(name), elsas ? 1000 : 1001, 100);
	return 0;
}

static const struct name_service service = { .user = user };
static const struct lookup lookup = { .service = &service };

static const struct account elsa = {
	.name = "elsa",
	.name_len = 4,
	.exists = true,
	.number = "1000",
	.number_len = 4,
	.uid = 1000,
	.gid = 100,
};

static struct dbfile file_from(const char *text, size_t len)
{
	return (struct dbfile){
		.fd = file_of(text, len),
		.status = { .st_mode = S_IFREG | 0644, .st_size = (off_t)len },
	};
}

static struct dbfile missing_file(void)
{
	return (struct dbfile){ .fd = -1, .fault = DBFILE_CLOSED, .error = ENOENT };
}

static struct idmap map_of(uint32_t outer, uint32_t count)
{
	return (struct idmap){ .extents = { { 0, outer, count } }, .n = 1 };
}

/* Decides about one database and closes it. */
static int decide_text(const struct kind *kind, const char *text, const struct idmap *map,
		       struct decision *decision)
{
	struct dbfile file = file_from(text, strlen(text));
	int r;

	asked = 0;
	*decision = (struct decision){ .refused = 77 };
	r = decide(kind, map, &lookup, &elsa, kind->group ? 100 : 1000, &file, decision);
	dbfile_cleanup(&file);
	return r;
}

/* Without a database only the caller's own id is granted. */
Test(decide, no_database)
{
	static const struct {
		uint32_t outer, count;
		bool group;
		int r;
	} rows[] = {
		{ 1000, 1, false, 0 },
		{ 100, 1, true, 0 },
		{ 1000, 2, false, DECIDE_NO_DATABASE },
		{ 1001, 1, false, DECIDE_NO_DATABASE },
		{ 0, 1, false, DECIDE_NO_DATABASE },
		/* The own uid is no gid, and the other way round. */
		{ 1000, 1, true, DECIDE_NO_DATABASE },
		{ 100, 1, false, DECIDE_NO_DATABASE },
		/* A request without ids is refused, with or without a database. */
		{ 1000, 0, false, DECIDE_REFUSED },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct idmap map = map_of(rows[i].outer, rows[i].count);
		struct dbfile file = missing_file();
		struct decision decision = { 0 };
		int r = decide(rows[i].group ? &kind_gid : &kind_uid, &map, &lookup,
			       &elsa, rows[i].group ? 100 : 1000, &file, &decision);

		cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		cr_assert(file.fault == DBFILE_CLOSED && file.error == ENOENT);
		if (r == 0)
			cr_assert_not(decision.delegated);
	}
}

/* A database that is not trusted grants nothing, which is an error if it was needed. */
Test(decide, not_believed)
{
	struct idmap own = map_of(1000, 1), other = map_of(100000, 1);
	struct dbfile file = file_from(BYTES("elsa:100000:65536\n"));
	struct decision decision = { 0 };

	file.status.st_mode |= S_IWOTH;
	cr_assert(decide(&kind_uid, &own, &lookup, &elsa, 1000, &file, &decision) == 0);
	cr_assert(decide(&kind_uid, &other, &lookup, &elsa, 1000, &file, &decision) ==
		  DECIDE_NO_DATABASE);
	cr_assert(file.fault == DBFILE_WRITABLE && file.error == EACCES);
	dbfile_cleanup(&file);
}

/* Lines that were read before a failure do not decide, even if they grant everything. */
Test(decide, unreadable)
{
	struct idmap own = map_of(1000, 1), other = map_of(100000, 1);
	struct idmap own_group = map_of(100, 1);
	struct dbfile file = file_from(BYTES("elsa:100000:65536\nelsa:100:1\n"));
	struct decision decision = { .delegated = true };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file.fd);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert(fd >= 0);
	fd_close(file.fd);
	file.fd = fd;
	cr_assert(decide(&kind_uid, &other, &lookup, &elsa, 1000, &file, &decision) ==
		  DECIDE_NO_DATABASE);
	cr_assert(file.fault == DBFILE_UNREADABLE && file.error == EBADF);
	cr_assert(decide(&kind_uid, &own, &lookup, &elsa, 1000, &file, &decision) == 0);
	cr_assert_not(decision.delegated);
	/* The own group is mapped, but does not count as granted. */
	cr_assert(decide(&kind_gid, &own_group, &lookup, &elsa, 100, &file, &decision) ==
		  0);
	cr_assert_not(decision.delegated);
	dbfile_cleanup(&file);
}

/* Whether setgroups stays allowed: if the database grants the own group. */
Test(decide, own_group)
{
	struct idmap own = map_of(100, 1), more = map_of(100, 2);
	struct decision decision;

	cr_assert(decide_text(&kind_gid, "", &own, &decision) == 0);
	cr_assert_not(decision.delegated);
	cr_assert(decide_text(&kind_gid, "anna:100:1\n", &own, &decision) == 0);
	cr_assert_not(decision.delegated);
	cr_assert(decide_text(&kind_gid, "elsa:101:1\n", &own, &decision) == 0);
	cr_assert_not(decision.delegated);
	cr_assert(decide_text(&kind_gid, "elsa:100:1\n", &own, &decision) == 0);
	cr_assert(decision.delegated);
	cr_assert(decide_text(&kind_gid, "1000:0:4294967296\n", &own, &decision) == 0);
	cr_assert(decision.delegated);
	cr_assert(decide_text(&kind_gid, "alias:50:100\n", &own, &decision) == 0);
	cr_assert(decision.delegated);
	/* Keyed by the user, not by the group. */
	cr_assert(decide_text(&kind_gid, "100:100:1\n", &own, &decision) == 0);
	cr_assert_not(decision.delegated);
	/* The own uid never needs the database. */
	own = map_of(1000, 1);
	cr_assert(decide_text(&kind_uid, "elsa:1000:1\n", &own, &decision) == 0);
	cr_assert_not(decision.delegated);
	/* More than the own group needs the database. */
	cr_assert(decide_text(&kind_gid, "elsa:101:1\n", &more, &decision) ==
		  DECIDE_REFUSED);
	cr_assert(decision.missing.start == 100 && decision.missing.end == 101);
	cr_assert(decide_text(&kind_gid, "elsa:100:1\nelsa:101:1\n", &more, &decision) ==
		  0);
	cr_assert(decision.delegated);
}

/* One extent covered by several grants in any order, and by each form of the owner. */
Test(decide, joined)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "elsa:100:50\nelsa:150:50\n", 0 },
		{ "elsa:150:50\nelsa:100:50\n", 0 },
		{ "elsa:100:80\nelsa:120:80\n", 0 },
		{ "elsa:0:4294967296\n", 0 },
		{ "elsa:100:50\n1000:150:50\n", 0 },
		{ "1000:100:50\nalias:150:50\n", 0 },
		{ "alias:150:50\n1000:100:50\n", 0 },
		{ "alias:100:50\nalias:150:50\n", 0 },
		{ "alias:150:50\nalias:100:50\n", 0 },
		{ "alias:100:30\nelsa:130:40\n1000:170:30", 0 },
		{ "alias:160:40\nanna:100:100\nalias:130:40\nalias:100:31\n", 0 },
		{ "elsa:100:99\n", DECIDE_REFUSED },
		{ "elsa:101:99\n", DECIDE_REFUSED },
		{ "elsa:100:50\nelsa:151:49\n", DECIDE_REFUSED },
		{ "elsa:100:50\nanna:150:50\n", DECIDE_REFUSED },
		{ "elsa:100:50\nbroken:150:50\n", DECIDE_REFUSED },
		{ "elsa:100:50\n1001:150:50\n", DECIDE_REFUSED },
		{ "elsa:100:50\nelsa:150:50 \n", DECIDE_REFUSED },
		{ "elsa:100:50\nelsa:150:050\n", DECIDE_REFUSED },
		{ "elsa:100:50\nelsa:150:0\n", DECIDE_REFUSED },
		{ "elsa:0:0\n", DECIDE_REFUSED },
		{ "", DECIDE_REFUSED },
		{ "#elsa:100:100\n", DECIDE_REFUSED },
	};
	struct idmap map = map_of(100, 100);
	struct decision decision;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int r = decide_text(&kind_uid, rows[i].text, &map, &decision);

		cr_assert(r == rows[i].r, "row %zu '%s': %d", i, rows[i].text, r);
		if (r == 0)
			cr_assert(decision.delegated);
	}
}

/* A directory service may have names with another meaning in a line. */
Test(decide, odd_names)
{
	static const struct {
		const char *name, *text;
		int r;
	} rows[] = {
		{ "anna:100", "anna:100:100\n", DECIDE_REFUSED },
		{ "anna:100", "1000:100:100\n", 0 },
		{ "#elsa", "#elsa:100:100\n", DECIDE_REFUSED },
		{ "", ":100:100\n", DECIDE_REFUSED },
		{ " elsa", " elsa:100:100\n", DECIDE_REFUSED },
		{ "01001", "01001:100:100\n", DECIDE_REFUSED },
		{ "1001", "1001:100:100\n", 0 },
		{ "elsa b", "elsa b:100:100\n", 0 },
	};
	struct idmap map = map_of(100, 100);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct dbfile file = file_from(rows[i].text, strlen(rows[i].text));
		struct account account = elsa;
		struct decision decision;
		int r;

		account.name_len = strlen(rows[i].name);
		memcpy(account.name, rows[i].name, account.name_len + 1);
		r = decide(&kind_uid, &map, &lookup, &account, 1000, &file, &decision);
		dbfile_cleanup(&file);
		cr_assert(r == rows[i].r, "row %zu '%s': %d", i, rows[i].name, r);
	}
}

/* Only lines that can matter cause a lookup, and a failed lookup is an error. */
Test(decide, asks_little)
{
	static const struct {
		const char *text;
		size_t asked;
		int r;
		int name_service;
	} rows[] = {
		{ "elsa:100:100\nanna:100:100\nbroken:100:100\n", 0, 0, 0 },
		{ "anna:100:100\nbroken:100:100\nelsa:100:100\n", 0, 0, 0 },
		{ "anna:200:100\nbroken:99:1\n", 0, DECIDE_REFUSED, 0 },
		/* The lowest missing id decides. */
		{ "anna:101:99\n", 0, DECIDE_REFUSED, 0 },
		{ "elsa:100:10\nanna:100:10\nanna:111:89\n", 0, DECIDE_REFUSED, 0 },
		{ "elsa:100:10\nanna:110:90\n", 1, DECIDE_REFUSED, 0 },
		{ "1001:100:100\n2:100:100\n", 0, DECIDE_REFUSED, 0 },
		{ "anna:100:100 \n", 0, DECIDE_REFUSED, 0 },
		{ "alias:100:100\n", 1, 0, 0 },
		{ "alias:100:100\nanna:100:100\n", 1, 0, 0 },
		{ "broken:100:100\n", 1, DECIDE_REFUSED, EIO },
		{ "broken:100:100\nalias:100:100\n", 2, 0, EIO },
	};
	struct idmap map = map_of(100, 100);
	struct decision decision;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int r = decide_text(&kind_uid, rows[i].text, &map, &decision);

		cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		cr_assert(asked == rows[i].asked, "row %zu: asked %zu times", i, asked);
		cr_assert(decision.name_service == rows[i].name_service, "row %zu: %d", i,
			  decision.name_service);
	}
}

/* The rest of the database is not read when everything is granted. */
Test(decide, reads_little)
{
	static char text[1024 * 1024];
	struct idmap map = map_of(100, 100);
	struct decision decision;
	struct dbfile file;

	memset(text, '#', sizeof(text));
	memcpy(text, "elsa:100:100\n", 13);
	file = file_from(text, sizeof(text));
	cr_assert(decide(&kind_uid, &map, &lookup, &elsa, 1000, &file, &decision) == 0);
	cr_assert(lseek(file.fd, 0, SEEK_CUR) <= SCAN_BYTES);
	dbfile_cleanup(&file);
}

/* Appends a line; the buffer is large enough. */
static void put_line(char **end, const char *owner, uint32_t start, uint32_t count)
{
	*end += sprintf(*end, "%s:%" PRIu32 ":%" PRIu32 "\n", owner, start, count);
}

/*
 * More holes than the set can hold. Single lines for every second id, in ascending order,
 * split the set most.
 */
Test(decide, many_holes)
{
	enum { IDS = 20000 };
	struct idmap map = map_of(1000000, IDS);
	CLEANUP(cleanup_free) char *text = malloc(IDS * 32);
	struct decision decision;
	char *end = text;

	cr_assert(text);
	for (uint32_t i = 1; i < IDS; i += 2)
		put_line(&end, i % 4 == 1 ? "elsa" : "1000", 1000000 + i, 1);
	for (uint32_t i = 0; i < IDS; i += 2)
		put_line(&end, i % 4 == 0 ? "elsa" : "1000", 1000000 + i, 1);
	cr_assert(decide_text(&kind_uid, text, &map, &decision) == 0);
	cr_assert(decision.delegated && asked == 0);

	/* One of them belongs to another user. */
	memcpy(strstr(text, "elsa:1010000:1\n"), "anna", 4);
	cr_assert(decide_text(&kind_uid, text, &map, &decision) == DECIDE_REFUSED);
	cr_assert(decision.refused == 0);
	put_line(&end, "elsa", 1010000, 1);
	cr_assert(decide_text(&kind_uid, text, &map, &decision) == 0);
}

/* All 340 extents, one grant for each, or one for all. */
Test(decide, many_extents)
{
	struct idmap map = { .n = LIMIT_EXTENTS };
	CLEANUP(cleanup_free) char *text = malloc(LIMIT_EXTENTS * 64);
	struct decision decision;
	char *end = text;

	cr_assert(text);
	*end = '\0';
	for (uint32_t i = 0; i < LIMIT_EXTENTS; i++) {
		map.extents[i] = (struct extent){ i * 10, 4000000000 - i * 1000, 10 };
		put_line(&end, i % 3 ? "elsa" : "1000", 4000000000 - i * 1000, 10);
	}
	cr_assert(decide_text(&kind_uid, text, &map, &decision) == 0);
	cr_assert(decide_text(&kind_uid, "elsa:3000000000:1000000010\n", &map,
			      &decision) == 0);
	cr_assert(decide_text(&kind_uid, "elsa:3000000000:1000000009\n", &map,
			      &decision) == DECIDE_REFUSED);
	cr_assert(decision.refused == 0);
	cr_assert(decision.missing.start == 4000000009 &&
		  decision.missing.end == 4000000010);
	map.extents[LIMIT_EXTENTS - 1].count++;
	cr_assert(decide_text(&kind_uid, text, &map, &decision) == DECIDE_REFUSED);
	cr_assert(decision.refused == LIMIT_EXTENTS - 1);
}

/* Lines of other users, by the hundred thousand, cost one pass and no question. */
Test(decide, many_lines)
{
	enum { LINES = 200000 };
	struct idmap map = map_of(100, 100);
	CLEANUP(cleanup_free) char *text = malloc(LINES * 32);
	struct decision decision;
	char *end = text;

	cr_assert(text);
	for (uint32_t i = 0; i < LINES; i++)
		put_line(&end, "anna", 100000 + i * 10, 10);
	cr_assert(decide_text(&kind_uid, text, &map, &decision) == DECIDE_REFUSED);
	cr_assert(asked == 0);
	put_line(&end, "elsa", 100, 100);
	cr_assert(decide_text(&kind_uid, text, &map, &decision) == 0);
	cr_assert(asked == 0);
}
