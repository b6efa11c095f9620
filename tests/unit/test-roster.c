// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/roster.h"
#include "tests/unit/unit.h"

static void load(const char *file, const char *text, size_t len, const struct kind *kind,
		 struct roster *ret_roster)
{
	char path[] = "/tmp/test-roster.XXXXXX", name[sizeof(path) + 16];
	CLEANUP(fd_cleanup) int folder = -1;

	cr_assert_not_null(mkdtemp(path));
	snprintf(name, sizeof(name), "%s/%s", path, file);
	if (text) {
		FILE *out = fopen(name, "we");

		cr_assert_eq(fwrite(text, 1, len, out), len);
		cr_assert_eq(fclose(out), 0);
	}
	folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(roster_load(folder, kind, ret_roster), 0);
	unlink(name);
	rmdir(path);
}

static void expect_name(const struct roster *roster, const char *name, int64_t id)
{
	const struct roster_account *found = roster_by_name(roster, name, strlen(name));

	cr_expect_eq(found ? (int64_t)found->id : -1, id, "%s: %d", name,
		     found ? (int)found->id : -1);
}

static void expect_id(const struct roster *roster, uint32_t id, const char *name)
{
	const struct roster_account *found = roster_by_id(roster, id);

	cr_expect_str_eq(found ? found->name : "", name ? name : "", "%u", id);
}

/* Prefixes of names are other names; the first line of a name or an id counts. */
Test(roster, users)
{
	static const char text[] = "root:x:0:0::/root:/bin/sh\n"
				   "elsa:x:1002:100:Elsa:/home/elsa:/bin/sh\n"
				   "els:x:1003:100::/:/bin/sh\n"
				   "elsatwin:x:1002:100::/:/bin/sh\n"
				   "elsa:x:1009:100::/:/bin/sh\n"
				   "# comment:x:5:5\n"
				   "+nis::6:6\n"
				   "octal:x:010:1\n"
				   "short:x:11\n"
				   "nul\0l:x:12:12:::\n"
				   "last:x:4294967294:1";
	CLEANUP(roster_cleanup) struct roster roster = { 0 };

	load("passwd", text, sizeof(text) - 1, &kind_uid, &roster);
	cr_expect_eq(roster.n, 6);
	expect_name(&roster, "root", 0);
	expect_name(&roster, "elsa", 1002);
	expect_name(&roster, "els", 1003);
	expect_name(&roster, "el", -1);
	expect_name(&roster, "elsatwi", -1);
	expect_name(&roster, "elsatwin", 1002);
	expect_name(&roster, "", -1);
	expect_name(&roster, "zoe", -1);
	expect_name(&roster, "nul", -1);
	expect_id(&roster, 0, "root");
	expect_id(&roster, 1002, "elsa");
	expect_id(&roster, 1009, "elsa");
	expect_id(&roster, 1001, NULL);
	expect_id(&roster, 4294967294, "last");
	expect_id(&roster, 4294967295, NULL);
	cr_expect_eq(roster_by_id(&roster, 1002)->gid, 100);
}

/* Groups have no primary group: the field behind the gid is a list of names. */
Test(roster, groups)
{
	static const char text[] = "staff:x:50:elsa,anna\nusers:x:100:\nshort:x:7\n";
	CLEANUP(roster_cleanup) struct roster roster = { 0 };

	load("group", text, sizeof(text) - 1, &kind_gid, &roster);
	expect_name(&roster, "staff", 50);
	expect_id(&roster, 100, "users");
	expect_id(&roster, 7, "short");
}

/* No file, no accounts, and no failure. */
Test(roster, missing)
{
	CLEANUP(roster_cleanup) struct roster roster = { 0 };

	load("passwd", NULL, 0, &kind_uid, &roster);
	cr_expect_eq(roster.n, 0);
	expect_name(&roster, "root", -1);
	expect_id(&roster, 0, NULL);
}

/* Each of many accounts is found by name and by id, whatever their order in the file. */
Test(roster, many)
{
	CLEANUP(roster_cleanup) struct roster roster = { 0 };
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (uint32_t i = 0; i < 5000; i++)
		fprintf(out, "user%u:x:%u:1:::\n", i * 7919 % 5000, 10000 + i);
	fclose(out);
	load("passwd", text, len, &kind_uid, &roster);
	cr_assert_eq(roster.n, 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "user%u", i * 7919 % 5000);
		expect_name(&roster, name, 10000 + i);
		expect_id(&roster, 10000 + i, name);
	}
}
