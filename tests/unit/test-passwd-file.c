// SPDX-License-Identifier: BSD-3-Clause
/*
 * Files of users and groups: what is found, and what is uncertain. The service `files`
 * would find the same: the expected result is from its reader, fgetpwent(3).
 */
#include "libsubid/core/limits.h"
#include "libsubid/user/passwd-file.h"
#include "tests/unit/accounts-expect.h"
#include "tests/unit/passwd-libc.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define TEN	 "abcdefghij"
#define FIFTY	 TEN TEN TEN TEN TEN
#define NAME_256 FIFTY FIFTY FIFTY FIFTY FIFTY "abcdef"
#define NAME_257 NAME_256 "g"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(passwd_file, .init = set_up, .fini = tear_down);

/* The user that getpwnam(3), or with @name NULL getpwuid(3), would find in the file. */
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

static void expect_same(const char *text, size_t len, const struct account *account,
			const struct account *libcs)
{
	cr_assert(memcmp(account, libcs, sizeof(*account)) == 0,
		  "'%.*s': %s %u %u, %s %u %u", (int)len, text, account->name,
		  account->uid, account->gid, libcs->name, libcs->uid, libcs->gid);
}

/*
 * Looks up a user in the file. A certain answer is libc's. An uncertain one is the same,
 * too, unless lines are too long or the last one has no newline: libc (2.36) reads some
 * bytes twice if it begins with whitespace. Returns whether there certainly is such a
 * user.
 */
static bool find_right(const char *text, size_t len, const char *name, uid_t uid,
		       bool long_lines)
{
	const char *path = tmpdir_path(&tmpdir, "passwd");
	bool whole = !long_lines && len > 0 && text[len - 1] == '\n';
	struct account account, libcs;
	bool doubt, there = find_by_libc(path, name, uid, &libcs);
	int r = passwd_file_find(tmpdir.fd, name, uid, &account, &doubt);

	cr_assert(r == 0 || r == ACCOUNT_NONE);
	if (r == 0 && (!doubt || whole)) {
		cr_assert(there, "'%.*s'", (int)len, text);
		expect_same(text, len, &account, &libcs);
	}
	if (r == ACCOUNT_NONE && !doubt)
		cr_assert_not(there, "'%.*s'", (int)len, text);
	return r == 0 && !doubt;
}

static bool expect_right(const char *text, size_t len, const char *name, uid_t uid,
			 bool long_lines)
{
	tmpdir_put(&tmpdir, "passwd", text, len, 0644);
	return find_right(text, len, name, uid, long_lines);
}

#define NO_UID ((uid_t)-1)
#define ELSA   "elsa:x:5001:5002:Elsa:/home/elsa:/bin/sh\n"

/* A line as tools write it is certain, with any lines around it. */
Test(passwd_file, lines)
{
	static const struct {
		const char *text;
		bool by_name; /* elsa is certainly found by name */
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
		/* Odd lines of others are read as libc reads them. */
		{ ":x:7:7:::\n" ELSA, true, true },
		{ "what is this\n" ELSA, true, true },
		{ " anna:x:7:7:::\n" ELSA, true, true },
		{ "anna:x:0x7:7:::\n" ELSA, true, true },
		{ "anna:x:4294967295:7:::\n" ELSA, true, true },
		{ "", false, false },
		{ "anna:x:7:7:::\n", false, false },
		/* An odd line of the name is found, and the name service is asked. */
		{ " elsa:x:7:7:::\n" ELSA, false, true },
		{ "\f\v\relsa:x:7:7:::\n" ELSA, false, true },
		{ "elsa:x:07:7:::\n" ELSA, false, true },
		{ "elsa:x: 7:7:::\n" ELSA, false, true },
		{ "elsa:x:+7:7:::\n" ELSA, false, true },
		{ "elsa:x:7:7\r\n" ELSA, false, true },
		{ "elsa:x:7:4294967295:::\n" ELSA, false, true },
		/* A line that libc refuses has no user. */
		{ "elsa\n" ELSA, true, true },
		{ "elsa:x:\n" ELSA, true, true },
		{ "elsa:x:-7:7:::\n" ELSA, true, true },
		{ "elsa:x::7:::\n" ELSA, true, true },
		/* One with an id: getpwnam(3) does not find it, and the answer is
		   uncertain. */
		{ "elsa:x:5001:x\n" ELSA, false, false },
		/* The same for the uid of the odd line. */
		{ "anna:x:05001:7:::\n" ELSA, true, false },
		{ "anna:x: 5001:7:::\n" ELSA, true, false },
		{ ":x:5001:7:::\n" ELSA, true, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *text = rows[i].text;

		cr_expect_eq(expect_right(text, strlen(text), "elsa", NO_UID, false),
			     rows[i].by_name, "row %zu", i);
		cr_expect_eq(expect_right(text, strlen(text), NULL, 5001, false),
			     rows[i].by_uid, "row %zu", i);
	}
}

/* The uid that is no id: libc reads it, and every larger number, as 2^32 - 1. */
Test(passwd_file, no_uid)
{
	static const char text[] = "elsa:x:4294967296:7:::\n" ELSA;
	struct account account;
	bool doubt;

	tmpdir_put(&tmpdir, "passwd", BYTES(text), 0644);
	cr_assert(passwd_file_find(tmpdir.fd, "elsa", 0, &account, &doubt) == 0);
	cr_expect(account.uid == 5001 && !doubt);
	cr_assert(passwd_file_find(tmpdir.fd, NULL, NO_UID, &account, &doubt) ==
		  ACCOUNT_NONE);
}

/* A NUL ends the line for libc. */
Test(passwd_file, nul)
{
	static const char field[] = "elsa:x\0:7:7:::\n" ELSA, before[] = "\0\n" ELSA;
	static const char behind[] = "elsa:x:7:7:\0::\n" ELSA;
	static const char id[] = "elsa:x:7:7\0:::\n" ELSA;

	cr_expect(expect_right(BYTES(field), "elsa", NO_UID, false));
	cr_expect(expect_right(BYTES(behind), "elsa", NO_UID, false));
	cr_expect(expect_right(BYTES(field), NULL, 5001, false));
	cr_expect(expect_right(BYTES(before), NULL, 5001, false));
	cr_expect(expect_right(BYTES(before), "elsa", NO_UID, false));
	cr_expect_not(expect_right(BYTES(id), "elsa", NO_UID, false));
	cr_expect_not(expect_right(BYTES(id), NULL, 7, false));
}

/* A line that is longer than our limit is known only in part. */
Test(passwd_file, long_lines)
{
	static char text[10000];

	for (size_t more = 4080; more < 4096; more++) {
		int len = sprintf(text, "elsa:%0*d:5001:500200:::\n", (int)more, 0);

		expect_right(text, (size_t)len, "elsa", NO_UID, true);
		expect_right(text, (size_t)len, NULL, 5001, true);
		len = sprintf(text, "%*s" ELSA ELSA, (int)more, "");
		cr_expect_not(expect_right(text, (size_t)len, "elsa", NO_UID, true));
		cr_expect_not(expect_right(text, (size_t)len, NULL, 5001, true));
	}
	cr_expect_not(expect_right(text, (size_t)sprintf(text, "%5000s" ELSA ELSA, ""),
				   "elsa", NO_UID, true));
}

/* No such file, no such name, and names that no line can have. */
Test(passwd_file, none)
{
	static const char *const names[] = {
		"", ":", "+elsa", "#elsa", "elsa:x", " elsa"
	};
	static const char *const spaces[] = { "", " ", "  ", "       " };
	struct account account = { .name = "untouched" };
	bool doubt = true;

	cr_expect(passwd_file_find(tmpdir.fd, "elsa", 0, &account, &doubt) ==
		  ACCOUNT_NONE);
	cr_expect_not(doubt);
	cr_expect_str_eq(account.name, "untouched");
	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (size_t j = 0; j < COUNT_OF(spaces); j++) {
			char text[200];
			int len = snprintf(text, sizeof(text),
					   "%s+elsa:x:1:1\n%s#elsa:x:1:1\n%s" ELSA,
					   spaces[j], spaces[j], spaces[j]);

			cr_expect_not(
				expect_right(text, (size_t)len, names[i], NO_UID, false));
		}
}

/* Lines of odd pieces: the answer is libc's, or uncertain. */
Test(passwd_file, random)
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
		found += expect_right(text, strlen(text), "elsa", NO_UID, false);
		found += find_right(text, strlen(text), NULL, 5001, false);
		find_right(text, strlen(text), names[rng_below(&rng, COUNT_OF(names))],
			   NO_UID, false);
	}
	cr_expect_gt(found, 5000);
}

/* By uid: the first line that libc accepts. */
Test(passwd_file, by_uid)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: none */
		gid_t gid;
	} rows[] = {
		{ "", NULL, 0 },
		{ "\n", NULL, 0 },
		{ "elsa:x:3999999999:1100::/:/bin/sh\n", "elsa", 1100 },
		{ "elsa:x:3999999999:1100::/:/bin/sh", "elsa", 1100 },
		{ "elsa:x:3999999999:1100\n", "elsa", 1100 },
		{ "elsa::3999999999:4294967294:::\n", "elsa", 4294967294 },
		{ "elsa:x:3999999999:0:::\n", "elsa", 0 },
		{ "root:x:0:0:::\nelsa:x:3999999999:7:::\n", "elsa", 7 },
		{ "elsa:x:3999999999:7:::\nanna:x:3999999999:8:::\n", "elsa", 7 },
		{ "2000:x:3999999999:7:::\n", "2000", 7 },
		{ "j\xc3\xbcrgen:x:3999999999:7:::\n", "j\xc3\xbcrgen", 7 },
		{ NAME_256 ":x:3999999999:7:::\n", NAME_256, 7 },
		{ NAME_257 ":x:3999999999:7:::\n", NULL, 0 },
		/* Other spellings of the uid are the uid. */
		{ "elsa:x:03999999999:7:::\n", "elsa", 7 },
		{ "elsa:x: 3999999999:7:::\n", "elsa", 7 },
		{ "elsa:x:+3999999999:7:::\n", "elsa", 7 },
		{ "elsa:x:3999999999:4294967295:::\n", "elsa", ID_NONE },
		/* Other uids, and what is not one. */
		{ "elsa:x:399999999:7:::\n", NULL, 0 },
		{ "elsa:x:39999999999:7:::\n", NULL, 0 },
		{ "elsa:x:3999999999 :7:::\n", NULL, 0 },
		{ "elsa:x:8294967295:7:::\n", NULL, 0 }, /* 2^32 more */
		{ "elsa:x::7:::\n", NULL, 0 },
		/* The wrong field. */
		{ "elsa:3999999999:7:8:::\n", NULL, 0 },
		{ "elsa:x:7:3999999999:::\n", NULL, 0 },
		{ "3999999999:x:7:8:::\n", NULL, 0 },
		/* Groups that are none. */
		{ "elsa:x:3999999999\n", NULL, 0 },
		{ "elsa:x:3999999999:\n", NULL, 0 },
		{ "elsa:x:3999999999::::\n", NULL, 0 },
		{ "elsa:x:3999999999:x:::\n", NULL, 0 },
		{ "elsa:x:3999999999:4294967296:::\n", NULL, 0 },
		/* Entries of the compat service, and comments. */
		{ "+elsa:x:3999999999:7:::\n", NULL, 0 },
		{ "-elsa:x:3999999999:7:::\n", NULL, 0 },
		{ "#elsa:x:3999999999:7:::\n", NULL, 0 },
		{ ":x:3999999999:7:::\n", NULL, 0 },
		{ "elsa\n", NULL, 0 },
		{ "elsa:\n", NULL, 0 },
		{ "elsa:x\n", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct account account = { .name = "untouched" };
		bool doubt;
		int r;

		tmpdir_put(&tmpdir, "passwd", rows[i].text, strlen(rows[i].text), 0644);
		r = passwd_file_find(tmpdir.fd, NULL, 3999999999U, &account, &doubt);
		cr_assert(r == (rows[i].name ? 0 : ACCOUNT_NONE), "row %zu '%s': %d", i,
			  rows[i].text, r);
		cr_assert_str_eq(account.name, rows[i].name ? rows[i].name : "untouched",
				 "row %zu '%s'", i, rows[i].text);
		if (r)
			continue;
		cr_assert(account.name_len == strlen(rows[i].name), "row %zu", i);
		cr_assert(account.uid == 3999999999U && account.gid == rows[i].gid,
			  "row %zu", i);
		cr_assert(account.exists && account.number_len == 10 &&
				  memcmp(account.number, "3999999999", 10) == 0,
			  "row %zu", i);
	}
}

/* The login names of a uid, in the order of the file. */
static int list_names(uid_t uid, char *text)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open(&file, tmpdir.fd, &kind_uid), fault;

	*text = '\0';
	if (r)
		return r;
	while ((r = passwd_file_next(&file, &line, &fault)) > 0)
		if (line.id == uid && fault != PASSWD_ID_ONLY)
			text += sprintf(text, "%.*s,", (int)line.name_len, line.name);
	return r;
}

/* Files of a directory: by name, each name of a uid, and errors. */
Test(passwd_file, directory)
{
	static const char passwd[] = "root:x:0:0:::\n"
				     "elsa:x:1000:1100:::\n"
				     "+alias:x:1000:7:::\n"
				     "alias:x:1000:1102:::\n"
				     "broken:x:01000:1102:::\n"
				     "cut:x:1000\n"
				     "anna:x:1001:1101:::\n"
				     "elsa:x:5:5:::\n"
				     "third:x:1000:1103:::";
	struct account account = { .name = "untouched" };
	char names[128];
	bool doubt;

	cr_assert(list_names(1000, names) == 0);
	cr_assert_str_eq(names, "");
	tmpdir_put(&tmpdir, "passwd", BYTES(passwd), 0644);

	cr_assert(passwd_file_find(tmpdir.fd, "bob", 0, &account, &doubt) ==
		  ACCOUNT_NONE);
	cr_assert(passwd_file_find(tmpdir.fd, "els", 0, &account, &doubt) ==
		  ACCOUNT_NONE);
	cr_assert(passwd_file_find(tmpdir.fd, "1000", 0, &account, &doubt) ==
		  ACCOUNT_NONE);
	cr_assert(passwd_file_find(tmpdir.fd, "cut", 0, &account, &doubt) ==
			  ACCOUNT_NONE &&
		  doubt);
	cr_assert(passwd_file_find(tmpdir.fd, "", 0, &account, &doubt) == ACCOUNT_NONE);
	cr_assert_str_eq(account.name, "untouched");
	cr_assert(passwd_file_find(tmpdir.fd, "elsa", 0, &account, &doubt) == 0 &&
		  !doubt);
	cr_assert_str_eq(account.name, "elsa");
	cr_assert(account.uid == 1000 && account.gid == 1100);
	cr_assert(passwd_file_find(tmpdir.fd, "third", 0, &account, &doubt) == 0 &&
		  account.gid == 1103);
	cr_assert(passwd_file_find(tmpdir.fd, "broken", 0, &account, &doubt) == 0 &&
		  account.uid == 1000 && doubt);

	cr_assert(list_names(1000, names) == 0);
	cr_assert_str_eq(names, "elsa,alias,broken,third,");
	cr_assert(list_names(1002, names) == 0);
	cr_assert_str_eq(names, "");
}

/* A file that cannot be read is an error, not "none". */
Test(passwd_file, unreadable)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	static const char *const files[] = { "passwd", "group" };
	static const int wants[] = { -EISDIR, -ELOOP };
	struct account account;
	char names[16], *members;
	size_t len;
	bool doubt;
	gid_t gid;

	for (size_t i = 0; i < COUNT_OF(wants); i++) {
		for (size_t k = 0; k < COUNT_OF(files); k++)
			cr_assert((i ? symlinkat(files[k], tmpdir.fd, files[k]) :
				       mkdirat(tmpdir.fd, files[k], 0755)) == 0);
		cr_expect_eq(passwd_file_find(tmpdir.fd, "elsa", 0, &account, &doubt),
			     wants[i]);
		cr_expect_eq(list_names(1000, names), wants[i]);
		cr_expect_eq(passwd_file_load(tmpdir.fd, &kind_uid, &accounts), wants[i]);
		cr_expect_eq(passwd_file_load(tmpdir.fd, &kind_gid, &accounts), wants[i]);
		cr_expect_eq(passwd_file_members(tmpdir.fd, "elsa", &gid, &members, &len),
			     wants[i]);
		for (size_t k = 0; k < COUNT_OF(files); k++)
			cr_assert(unlinkat(tmpdir.fd, files[k], i ? 0 : AT_REMOVEDIR) ==
				  0);
	}
	cr_expect_eq(accounts.n, 0);
}

static void load(const char *file, const char *text, size_t len, const struct kind *kind,
		 struct accounts *ret_accounts)
{
	tmpdir_put(&tmpdir, file, text, len, 0644);
	cr_assert_eq(passwd_file_load(tmpdir.fd, kind, ret_accounts), 0);
}

/*
 * Prefixes of names are other names; the first line of a name or an id counts. A line
 * that libc refuses for what follows its id has the id, and no name.
 */
Test(passwd_file, users)
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
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };

	load("passwd", text, sizeof(text) - 1, &kind_uid, &accounts);
	cr_expect_eq(accounts.n, 8);
	accounts_expect_first(&accounts);
	accounts_expect_name(&accounts, "nul", -1);
	accounts_expect_name(&accounts, "octal", 10);
	accounts_expect_name(&accounts, "short", -1);
	accounts_expect_id(&accounts, 10, "octal");
	accounts_expect_id(&accounts, 12, NULL);
	cr_expect_eq(accounts_by_id(&accounts, 11)->gid, ID_NONE);
}

/* Groups have no primary group: the field after the gid is a list of names. */
Test(passwd_file, groups)
{
	static const char text[] = "staff:x:50:elsa,anna\nusers:x:100:\nshort:x:7\n";
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };

	load("group", text, sizeof(text) - 1, &kind_gid, &accounts);
	accounts_expect_name(&accounts, "staff", 50);
	accounts_expect_id(&accounts, 100, "users");
	accounts_expect_id(&accounts, 7, "short");
}

/* A missing file has no accounts, and is no failure. */
Test(passwd_file, missing)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	char *members;
	size_t len;
	gid_t gid;

	cr_assert_eq(passwd_file_load(tmpdir.fd, &kind_uid, &accounts), 0);
	cr_expect_eq(accounts.n, 0);
	accounts_expect_name(&accounts, "root", -1);
	accounts_expect_id(&accounts, 0, NULL);
	cr_expect_eq(passwd_file_members(tmpdir.fd, "elsa", &gid, &members, &len),
		     ACCOUNT_NONE);
}

/* Each of many accounts is found by name and by id, whatever their order in the file. */
Test(passwd_file, many)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (uint32_t i = 0; i < 5000; i++)
		fprintf(out, "user%u:x:%u:1:::\n", i * 7919 % 5000, 10000 + i);
	fclose(out);
	load("passwd", text, len, &kind_uid, &accounts);
	cr_assert_eq(accounts.n, 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "user%u", i * 7919 % 5000);
		accounts_expect_name(&accounts, name, 10000 + i);
		accounts_expect_id(&accounts, 10000 + i, name);
	}
}

/* The members that libc finds of the first group of this name. */
static bool members_by_libc(const char *group, gid_t *ret_gid, char *names,
			    size_t *ret_len)
{
	FILE *file = fopen(tmpdir_path(&tmpdir, "group"), "re");
	const struct group *entry;

	cr_assert(file);
	while ((entry = fgetgrent(file)))
		if (!strchr("+-", entry->gr_name[0]) &&
		    strcmp(entry->gr_name, group) == 0)
			break;
	*ret_len = 0;
	for (size_t i = 0; entry && entry->gr_mem[i]; i++)
		*ret_len += (size_t)sprintf(names + *ret_len, "%s", entry->gr_mem[i]) + 1;
	if (entry)
		*ret_gid = entry->gr_gid;
	fclose(file);
	return entry;
}

static void check_members(const char *text, size_t len, bool want)
{
	CLEANUP(cleanup_free) char *libcs = malloc(len + 2), *names = NULL;
	size_t libcs_len = 0, names_len = 0;
	gid_t libcs_gid = 77, gid = 77;
	bool there;
	int r;

	tmpdir_put(&tmpdir, "group", text, len, 0644);
	there = members_by_libc("staff", &libcs_gid, libcs, &libcs_len);
	r = passwd_file_members(tmpdir.fd, "staff", &gid, &names, &names_len);
	cr_assert(there == want && r == (want ? 0 : ACCOUNT_NONE), "'%.*s': %d", (int)len,
		  text, r);
	cr_assert(gid == libcs_gid && names_len == libcs_len &&
			  (r || memcmp(names, libcs, names_len) == 0),
		  "'%.*s': %zu, %zu", (int)len, text, names_len, libcs_len);
}

/* The members of a group, as libc reads them. */
Test(passwd_file, members)
{
	static const struct {
		const char *text;
		size_t len;
		bool there;
	} rows[] = {
		{ BYTES("staff:x:50:elsa,anna\n"), true },
		{ BYTES("staff:x:50:elsa"), true },
		{ BYTES("staff:x:50:\n"), true },
		{ BYTES("staff:x:50\n"), true },
		{ BYTES("staff:x:050:elsa\n"), true },
		{ BYTES(" staff:x:50:elsa\n"), true },
		{ BYTES("staff:x:50: elsa,\tanna, , bob\n"), true },
		{ BYTES("staff:x:50:,elsa,,anna,\n"), true },
		{ BYTES("staff:x:50:elsa ,anna \n"), true },
		{ BYTES("staff:x:50:elsa\0,anna\n"), true },
		{ BYTES("staff:x:50\0:elsa,anna\n"), true },
		{ BYTES("staff:x:50:elsa\nstaff:x:51:anna\n"), true },
		{ BYTES("staff:x:x:elsa\nstaff:x:51:anna\n"), true },
		{ BYTES("+staff:x:50:elsa\n"), false },
		{ BYTES("#staff:x:50:elsa\n"), false },
		{ BYTES("staff:x\nstaf:x:1:a\nstaffs:x:1:a\n"), false },
		{ BYTES(""), false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		check_members(rows[i].text, rows[i].len, rows[i].there);
}

/* Lines of any length before and after the wanted group. */
Test(passwd_file, long_members)
{
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	fprintf(out, "first:x:49:");
	for (uint32_t i = 0; i < 3000; i++)
		fprintf(out, "user%u,", i);
	fprintf(out, "\nstaff:x:50:");
	for (uint32_t i = 0; i < 20000; i++)
		fprintf(out, "%suser%u", i ? "," : "", i);
	fprintf(out, "\nlast:x:51:elsa\n");
	fclose(out);
	check_members(text, len, true);
}
