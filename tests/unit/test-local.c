// SPDX-License-Identifier: BSD-3-Clause
/*
 * Local users without the name service: what is said is what its `files` would say, which
 * is read here with the same reader, fgetpwent(3).
 */
#include <pwd.h>

#include "libsubid/sys/local.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define NO_UID ((uid_t)-1)

static struct folder folder;

static void set_up(void)
{
	folder_make(&folder);
}

static void tear_down(void)
{
	folder_cleanup(&folder);
}

TestSuite(local, .init = set_up, .fini = tear_down, .timeout = 60);

/* Whom getpwnam(3), or with @name NULL getpwuid(3), would find in the file first. */
static bool find_by_libc(const char *path, const char *name, uid_t uid,
			 struct account *ret_account)
{
	FILE *file = fopen(path, "re");
	const struct passwd *entry;

	cr_assert(file);
	while ((entry = fgetpwent(file)))
		if (!strchr("+-", entry->pw_name[0]) &&
		    (name ? strcmp(entry->pw_name, name) == 0 : entry->pw_uid == uid))
			break;
	if (entry)
		account_set(ret_account, entry->pw_name, strlen(entry->pw_name),
			    entry->pw_uid, entry->pw_gid);
	fclose(file);
	return entry;
}

/* Asks both ways. Returns whether there was an answer; it must be libc's. */
static bool expect_right(const char *text, size_t len, const char *name, uid_t uid)
{
	const char *path = folder_put(&folder, "passwd", text, len, 0644);
	struct account account, libcs;
	int r = name ? local_user_in(path, name, &account) :
		       local_uid_in(path, uid, &account);

	if (r) {
		cr_assert_eq(r, LOCAL_UNSURE);
		return false;
	}
	cr_assert(find_by_libc(path, name, uid, &libcs), "'%.*s'", (int)len, text);
	cr_assert(memcmp(&account, &libcs, sizeof(account)) == 0,
		  "'%.*s': %s %u %u, %s %u %u", (int)len, text, account.name, account.uid,
		  account.gid, libcs.name, libcs.uid, libcs.gid);
	return true;
}

#define ELSA "elsa:x:5001:5002:Elsa:/home/elsa:/bin/sh\n"

/* Usual lines are enough, whatever stands around them; odd ones are no answer. */
Test(local, lines)
{
	static const struct {
		const char *text;
		bool by_name; /* elsa is found by name, */
		bool by_uid;  /* and by her uid */
	} rows[] = {
		{ ELSA, true, true },
		{ "elsa:x:5001:5002", true, true },
		{ "root:x:0:0:root:/root:/bin/sh\n\n  \n# elsa:x:1:1:::\n" ELSA, true,
		  true },
		{ "+elsa:x:1:1:::\n-elsa\n+\n+@group\n" ELSA, true, true },
		{ "elsab:x:1:1:::\nels:x:2:2:::\n" ELSA, true, true },
		{ "anna:x:5001:1:::\n" ELSA, true, true },
		{ ELSA "elsa:x:1:1:::\n elsa:x:1:1:::\n", true, true },
		{ ":x:7:7:::\n" ELSA, true, false },
		{ "what is this\n" ELSA, true, false },
		{ " anna:x:7:7:::\n" ELSA, true, false },
		{ "anna:x:0x7:7:::\n" ELSA, true, false },
		{ "anna:x:4294967295:7:::\n" ELSA, true, false },
		{ "", false, false },
		{ "anna:x:7:7:::\n", false, false },
		{ " elsa:x:7:7:::\n" ELSA, false, false },
		{ "\f\v\relsa:x:7:7:::\n" ELSA, false, false },
		{ "elsa\n" ELSA, false, false },
		{ "elsa:x:\n" ELSA, false, false },
		{ "elsa:x:07:7:::\n" ELSA, false, false },
		{ "elsa:x: 7:7:::\n" ELSA, false, false },
		{ "elsa:x:+7:7:::\n" ELSA, false, false },
		{ "elsa:x:-7:7:::\n" ELSA, false, false },
		{ "elsa:x:7:7\r\n" ELSA, false, false },
		{ "elsa:x::7:::\n" ELSA, false, false },
		{ "elsa:x:4294967296:7:::\n" ELSA, false, false },
		{ "elsa:x:7:4294967295:::\n" ELSA, false, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *text = rows[i].text;

		cr_expect_eq(expect_right(text, strlen(text), "elsa", NO_UID),
			     rows[i].by_name, "row %zu", i);
		cr_expect_eq(expect_right(text, strlen(text), NULL, 5001), rows[i].by_uid,
			     "row %zu", i);
	}
}

/* A NUL ends the line for others. */
Test(local, nul)
{
	static const char field[] = "elsa:x\0:7:7:::\n" ELSA, before[] = "\0\n" ELSA;
	static const char behind[] = "elsa:x:7:7:\0::\n" ELSA;

	cr_expect_not(expect_right(field, sizeof(field) - 1, "elsa", NO_UID));
	cr_expect_not(expect_right(behind, sizeof(behind) - 1, "elsa", NO_UID));
	cr_expect_not(expect_right(field, sizeof(field) - 1, NULL, 5001));
	cr_expect_not(expect_right(before, sizeof(before) - 1, NULL, 5001));
	cr_expect(expect_right(before, sizeof(before) - 1, "elsa", NO_UID));
}

/* Of a line that is longer than the reader's not all is known. */
Test(local, long_lines)
{
	static char text[10000];

	for (size_t more = 4080; more < 4096; more++) {
		int len = sprintf(text, "elsa:%0*d:5001:500200:::\n", (int)more, 0);

		expect_right(text, (size_t)len, "elsa", NO_UID);
		expect_right(text, (size_t)len, NULL, 5001);
		len = sprintf(text, "%*s" ELSA ELSA, (int)more, "");
		cr_expect_not(expect_right(text, (size_t)len, "elsa", NO_UID));
		cr_expect_not(expect_right(text, (size_t)len, NULL, 5001));
	}
	cr_expect_not(expect_right(text, (size_t)sprintf(text, "%5000s" ELSA ELSA, ""),
				   "elsa", NO_UID));
}

/* No such file, no such name, and names that no line can have. */
Test(local, nobody)
{
	static const char *const names[] = {
		"", ":", "+elsa", "#elsa", "elsa:x", " elsa"
	};
	static const char *const blanks[] = { "", " ", "  ", "       " };
	struct account account;

	cr_expect(local_user_in("/nonexistent", "elsa", &account) == LOCAL_UNSURE);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (size_t j = 0; j < COUNT_OF(blanks); j++) {
			char text[200];
			int len = snprintf(text, sizeof(text),
					   "%s+elsa:x:1:1\n%s#elsa:x:1:1\n%s" ELSA,
					   blanks[j], blanks[j], blanks[j]);

			cr_expect_not(expect_right(text, (size_t)len, names[i], NO_UID));
		}
}

/* Lines out of odd pieces: there is an answer or none, but never a wrong one. */
Test(local, random)
{
	static const char *const pieces[] = {
		"elsa", "elsa", ":",
		":",	":",	":x:",
		":x:",	"5001", "5001",
		"7",	"0",	"07",
		"-",	"+",	" ",
		"\t",	"\r",	"\v",
		"#",	"\n",	"\n",
		"anna", ":::a", ELSA,
		"x",	"=",	":x:5001:7:::\n",
	};
	static const char *const names[] = { "elsa:x",	    " elsa", "anna",
					     "elsa:x:5001", "x:",    "5001" };
	struct rng rng = { rng_seed() };
	size_t found = 0;

	for (size_t i = 0; i < 20000; i++) {
		char text[1024] = "";
		size_t n = rng_below(&rng, 16);

		while (n-- > 0)
			strcat(text, pieces[rng_below(&rng, COUNT_OF(pieces))]);
		if (rng_once_in(&rng, 3))
			strcat(text, "\n" ELSA);
		found += expect_right(text, strlen(text), "elsa", NO_UID);
		found += expect_right(text, strlen(text), NULL, 5001);
		expect_right(text, strlen(text), names[rng_below(&rng, COUNT_OF(names))],
			     NO_UID);
	}
	cr_expect_gt(found, 5000);
}

/* With the system's own files: as getpwnam(3) and getpwuid(3), or no answer. */
Test(local, system)
{
	const struct passwd *entry = getpwnam("root");
	struct account account;

	cr_assert(entry);
	if (local_user("root", &account) == 0)
		cr_expect(account.uid == entry->pw_uid && account.gid == entry->pw_gid);
	cr_expect(local_user("no such user", &account) == LOCAL_UNSURE);
	entry = getpwuid(0);
	if (local_uid(0, &account) == 0)
		cr_expect_str_eq(account.name, entry->pw_name);
	cr_expect(local_uid(3999999999U, &account) == LOCAL_UNSURE);
}
