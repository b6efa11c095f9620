// SPDX-License-Identifier: BSD-3-Clause
/*
 * Ids in use: all that the name service's `files` would find, and ids of lines that it
 * refuses.
 */
#include "libsubid/core/limits.h"
#include "libsubid/user/ids-in-use.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(ids_in_use, .init = set_up, .fini = tear_down);

/* The account with an id above 99 in this text, as `name=id`, or an empty string. */
static const char *found_in(const struct kind *kind, const char *text, size_t len)
{
	static char answer[64];
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };

	tmpdir_put(&tmpdir, kind->accounts, text, len, 0644);
	cr_assert(range_set_add(&wanted, (struct range){ 100, ID_END }) == 0);
	cr_assert(ids_in_use_local(tmpdir.fd, kind, &wanted, &found) == 0);
	cr_assert(found.accounts.n < 2 && found.primary.n == 0);
	answer[0] = '\0';
	if (found.accounts.n == 1)
		snprintf(answer, sizeof(answer), "%s=%u",
			 accounts_name(&found.accounts, &found.accounts.items[0]),
			 found.accounts.items[0].id);
	return answer;
}

/* Numbers as strtoul(3) reads them; an id that is missed here would be delegated. */
Test(ids_in_use, lines)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "elsa:x:1000:5::/:\n", "elsa=1000" },
		{ "root:x:0:0::/:\nelsa:x:1000:5::/:", "elsa=1000" },
		{ "elsa:x:1000", "elsa=1000" },
		{ "elsa:x:1000:", "elsa=1000" },
		{ "elsa::1000:not-a-gid:", "elsa=1000" },
		{ "elsa:x:01000:5::/:", "elsa=1000" },
		{ "elsa:x:0000000000000000000001000:5::/:", "elsa=1000" },
		{ "elsa:x:+1000:5::/:", "elsa=1000" },
		{ "elsa:x: \t1000:5::/:", "elsa=1000" },
		{ " \telsa:x:1000:5::/:", "elsa=1000" },
		{ "elsa:x:4294967294:5::/:", "elsa=4294967294" },
		{ "elsa:x:4294967295:5::/:", "" },
		{ "elsa:x:4294968296:5::/:", "" },
		{ "elsa:x:-1:5::/:", "" },
		{ "elsa:x:-18446744073709550616:5::/:", "elsa=1000" }, /* 2^64 - 1000 */
		{ "elsa:x:1000x:5::/:", "" },
		{ "elsa:x:0x1000:5::/:", "" },
		{ "elsa:x::5::/:", "" },
		{ "elsa:x:+:5::/:", "" },
		{ "elsa:x:", "" },
		{ "elsa:x", "" },
		{ "elsa", "" },
		{ ":x:1000:5::/:", "=1000" },
		{ "+elsa:x:1000:5::/:", "" },
		{ "-elsa:x:1000:5::/:", "" },
		{ "#elsa:x:1000:5::/:", "" },
		{ " #elsa:x:1000:5::/:", "" },
		{ "elsa:x:99:5::/:", "" },
		{ " ", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *text = rows[i].text;

		cr_expect_str_eq(found_in(&kind_uid, text, strlen(text)), rows[i].want,
				 "passwd: %s", text);
		cr_expect_str_eq(found_in(&kind_gid, text, strlen(text)), rows[i].want,
				 "group: %s", text);
	}
}

/* A group with very many members is one line, of which only the beginning is read. */
Test(ids_in_use, long_line)
{
	static char text[3 * LIMIT_LINE_BYTES] = "admins:x:1000:elsa";

	memset(text + strlen(text), ',', sizeof(text) - strlen(text));
	cr_expect_str_eq(found_in(&kind_gid, text, sizeof(text)), "admins=1000");
}

/* A missing file has no accounts; an unreadable one is an error. */
Test(ids_in_use, no_file)
{
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };

	cr_assert(range_set_add(&wanted, (struct range){ 0, ID_END }) == 0);
	cr_assert(ids_in_use_local(tmpdir.fd, &kind_uid, &wanted, &found) == 0);
	cr_assert(found.accounts.n == 0);
	cr_assert(symlink("/etc/passwd", tmpdir_path(&tmpdir, "passwd")) == 0);
	cr_assert(ids_in_use_local(tmpdir.fd, &kind_uid, &wanted, &found) == -ELOOP);
	/* Primary groups are not known either. */
	cr_assert(ids_in_use_local(tmpdir.fd, &kind_gid, &wanted, &found) == -ELOOP);
}

/* A gid is in use if it is a primary group, with or without a line in group. */
Test(ids_in_use, primary_groups)
{
	static const char passwd[] = "elsa:x:10:1000::/:\nanna:x:11:01001::/:\n"
				     "cut:x:12\nbob:x:13:50::/:\nnone:x:14:4294967295\n"
				     "serge:x:2000:1000::/:\n";
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	CLEANUP(ids_in_use_cleanup) struct ids_in_use uids = { 0 }, gids = { 0 };
	static const uint32_t wants[] = { 1000, 1001, 1000 };

	tmpdir_put(&tmpdir, "passwd", BYTES(passwd), 0644);
	tmpdir_put(&tmpdir, "group", BYTES("staff:x:1000:\n"), 0644);
	cr_assert(range_set_add(&wanted, (struct range){ 100, ID_END }) == 0);
	cr_assert(ids_in_use_local(tmpdir.fd, &kind_uid, &wanted, &uids) == 0);
	cr_assert(uids.accounts.n == 1 && uids.accounts.items[0].id == 2000);
	cr_assert(uids.primary.n == 0);
	cr_assert(ids_in_use_local(tmpdir.fd, &kind_gid, &wanted, &gids) == 0);
	cr_assert(gids.accounts.n == 1 && gids.accounts.items[0].id == 1000);
	cr_assert_eq(gids.primary.n, COUNT_OF(wants));
	for (size_t i = 0; i < COUNT_OF(wants); i++)
		cr_assert_eq(gids.primary.items[i].id, wants[i]);
	cr_assert_str_eq(accounts_name(&gids.primary, &gids.primary.items[1]), "anna");
}

/* The substitute for a name service: its accounts, how it answers, and how often. */
struct double_service {
	int r; /* of all calls */
	size_t enumerated, scans;
	uint32_t known;	  /* an id that it enumerates; 0: none */
	bool primary;	  /* as the primary group of a user */
	uint32_t hidden;  /* one that it has and does not enumerate; 0: none */
	uint64_t largest; /* the gap that a scan leaves */
	bool first_only;
	int64_t milliseconds;
};

static int double_enumerate(void *context, const struct kind *kind, int64_t milliseconds,
			    struct accounts *found)
{
	struct double_service *service = context;

	(void)kind;
	cr_assert(milliseconds <= IDS_IN_USE_SECONDS * 1000);
	service->enumerated++;
	if (service->known)
		cr_assert(accounts_add(found, "net", 3, service->known,
				       service->primary ? ID_NONE : 1) == 0);
	return service->r;
}

static int double_scan(void *context, struct name_service_scan *scan)
{
	struct double_service *service = context;

	service->scans++;
	service->first_only = scan->first_only;
	service->milliseconds = scan->milliseconds;
	if (service->hidden && range_contains(scan->range, service->hidden))
		cr_assert(accounts_add(scan->found, "", 0, service->hidden, 1) == 0);
	scan->asked = range_count(scan->range);
	scan->largest = service->largest;
	return service->r;
}

static void ask(struct double_service *expected, struct range range,
		struct ids_in_use_service *service, struct ids_in_use *found)
{
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	const struct name_service name_service = { .context = expected,
						   .enumerate = double_enumerate,
						   .scan = double_scan };
	const struct nsswitch nsswitch = { .passwd = "sss" };

	cr_assert(range_set_add(&wanted, range) == 0);
	ids_in_use_start(service, &nsswitch, &name_service);
	cr_assert(ids_in_use_ask(service, &kind_gid, &wanted, found) == 0);
}

/* Ids found by one enumeration, ids found one by one, and unknown ids. */
Test(ids_in_use, services)
{
	static const struct range small = { 1000, 1000 + IDS_IN_USE_ALL };
	static const struct range large = { 1000, 1000 + IDS_IN_USE_ALL + 1 };
	static const struct {
		struct double_service service;
		bool small;
		size_t found, scans;
		bool silent;
	} rows[] = {
		{ { .known = 1500 }, false, 1, 0, false },
		{ { .known = 99 }, false, 0, 1, false },
		/* The primary group of a user. */
		{ { .known = 1500, .primary = true }, false, 1, 0, false },
		{ { .hidden = 1500 }, false, 1, 1, false },
		{ { .hidden = 1500 }, true, 1, 1, false },
		{ { .largest = IDS_IN_USE_GAP }, false, 0, 1, false },
		{ { .largest = IDS_IN_USE_GAP + 1 }, false, 0, 1, true },
		/* In a small range all ids must be asked for. */
		{ { .largest = 1 }, true, 0, 1, true },
		{ { .largest = 0 }, true, 0, 1, false },
		{ { .r = -EAGAIN }, true, 0, 0, true },
		/* Accounts that were enumerated until then are in use. */
		{ { .r = -EAGAIN, .known = 1500 }, true, 1, 0, true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };
		CLEANUP(ids_in_use_service_cleanup)
		struct ids_in_use_service service = { .service = NULL };
		struct double_service expected = rows[i].service;

		ask(&expected, rows[i].small ? small : large, &service, &found);
		cr_assert((expected.primary ? found.primary.n : found.accounts.n) ==
					  rows[i].found &&
				  expected.scans == rows[i].scans &&
				  service.silent == rows[i].silent,
			  "row %zu: %zu found, %zu scans, %d", i, found.accounts.n,
			  expected.scans, service.silent);
		if (expected.scans == 0)
			continue;
		cr_assert(expected.first_only == !rows[i].small, "row %zu", i);
		cr_assert(expected.milliseconds <= (rows[i].small ?
							    IDS_IN_USE_SECONDS * 1000 :
							    IDS_IN_USE_A_RANGE),
			  "row %zu", i);
		/* A second question does not enumerate again. */
		ask(&expected, small, &service, &found);
		cr_assert_eq(expected.enumerated, 1);
	}
}

/* With `thorough` all ranges share the time, also adjacent and later ones. */
Test(ids_in_use, thorough)
{
	static struct range ranges[] = { { 1000, 101000 },
					 { 101000, 200000 },
					 { 500000, 500001 } };
	const struct range_set wanted = { .ranges = ranges, .n = COUNT_OF(ranges) };
	struct double_service expected = { .hidden = 1500, .largest = 100000 };
	const struct name_service name_service = { .context = &expected,
						   .enumerate = double_enumerate,
						   .scan = double_scan };
	const struct nsswitch nsswitch = { .passwd = "sss" };
	CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };
	CLEANUP(ids_in_use_service_cleanup)
	struct ids_in_use_service service = { .thorough = true, .to_come = 5 };

	ids_in_use_start(&service, &nsswitch, &name_service);
	cr_assert(ids_in_use_ask(&service, &kind_uid, &wanted, &found) == 0);
	cr_assert_eq(expected.scans, 3);
	cr_assert_eq(found.accounts.n, 1);
	cr_assert_eq(service.failed, 0);
	/* The last range is followed by five more. */
	cr_assert(expected.milliseconds > 0 &&
		  expected.milliseconds <= IDS_IN_USE_SECONDS * 1000 / 6);
	/* A service that has failed is not asked again. */
	expected.r = -EAGAIN;
	cr_assert(ids_in_use_ask(&service, &kind_uid, &wanted, &found) == 0);
	cr_assert_eq(service.failed, -EAGAIN);
	cr_assert_eq(expected.scans, 4);
	cr_assert(ids_in_use_ask(&service, &kind_uid, &wanted, &found) == 0);
	cr_assert_eq(expected.scans, 4);
}

/* Services that have only accounts of this system are not asked. */
Test(ids_in_use, no_services)
{
	static const struct nsswitch local = { .passwd = "systemd", .group = "systemd" };
	struct double_service expected = { .known = 1500, .hidden = 1501 };
	const struct name_service name_service = { .context = &expected,
						   .enumerate = double_enumerate,
						   .scan = double_scan };
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };
	CLEANUP(ids_in_use_service_cleanup)
	struct ids_in_use_service service = { .service = NULL };

	cr_assert(range_set_add(&wanted, (struct range){ 1000, 2000 }) == 0);
	cr_assert(ids_in_use_ask(&service, &kind_uid, &wanted, &found) == 0);
	ids_in_use_start(&service, &local, &name_service);
	cr_assert(ids_in_use_ask(&service, &kind_uid, &wanted, &found) == 0);
	cr_assert(ids_in_use_ask(&service, &kind_gid, &wanted, &found) == 0);
	cr_assert(expected.enumerated == 0 && expected.scans == 0);
	cr_assert(found.accounts.n == 0 && !service.silent);
}
