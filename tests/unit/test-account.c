// SPDX-License-Identifier: BSD-3-Clause
/*
 * Users by the name service, with a passwd file of the test's own mounted over the real
 * one in a mount namespace that nobody else sees.
 */
#include <pwd.h>
#include <sys/resource.h>

#include "libsubid/sys/account.h"
#include "tests/unit/unit.h"

#define TEN	 "abcdefghij"
#define FIFTY	 TEN TEN TEN TEN TEN
#define NAME_256 FIFTY FIFTY FIFTY FIFTY FIFTY "abcdef"
#define NAME_257 NAME_256 "g"

static struct folder folder;

static void set_up(void)
{
	folder_make(&folder);
}

static void tear_down(void)
{
	folder_cleanup(&folder);
}

TestSuite(account, .init = set_up, .fini = tear_down);

/* Whoever runs the test is known, with the ids of the passwd file. */
Test(account, caller)
{
	const struct passwd *entry = getpwuid(getuid());
	struct account account;

	if (!entry)
		unit_skip("who runs this has no passwd entry");
	for (int i = 0; i < 2; i++) {
		char number[16];

		cr_assert(account_by_uid(getuid(), i ? "/etc/passwd" : NULL, &account) ==
			  0);
		cr_assert_str_eq(account.name, entry->pw_name);
		cr_assert(account.name_len == strlen(entry->pw_name) &&
			  account.name_owns);
		cr_assert(account.uid == getuid() && account.gid == entry->pw_gid);
		cr_assert(account.number_len ==
			  (size_t)snprintf(number, sizeof(number), "%u", getuid()));
		cr_assert(memcmp(account.number, number, account.number_len) == 0);
	}
	cr_assert(account_name_is_uid(account.name, account.name_len, getuid()) == 1);
	cr_assert(account_name_is_uid(account.name, account.name_len, getuid() + 1) == 0);
}

/* No such user is an answer, not a failure, and nothing is written. */
Test(account, nobody)
{
	struct account account, before;

	memset(&account, 0x5e, sizeof(account));
	before = account;
	cr_assert(account_by_uid(3999999999U, NULL, &account) == ACCOUNT_NONE);
	cr_assert(account_by_uid(3999999999U, "/etc/passwd", &account) == ACCOUNT_NONE);
	cr_assert(memcmp(&account, &before, sizeof(account)) == 0);
	cr_assert(account_name_is_uid("no-such-user-here", 17, 0) == 0);
}

/*
 * The short way through the file. The uid is one that the name service does not know, so
 * that what is found comes from the file.
 */
Test(account, file)
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
		/* Other uids, and what is not one. */
		{ "elsa:x:399999999:7:::\n", NULL, 0 },
		{ "elsa:x:39999999999:7:::\n", NULL, 0 },
		{ "elsa:x:03999999999:7:::\n", NULL, 0 },
		{ "elsa:x: 3999999999:7:::\n", NULL, 0 },
		{ "elsa:x:+3999999999:7:::\n", NULL, 0 },
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
		{ "elsa:x:3999999999:4294967295:::\n", NULL, 0 },
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
		const char *path = folder_put(&folder, "passwd", rows[i].text,
					      strlen(rows[i].text), 0644);
		struct account account = { .name = "untouched" };
		int r = account_by_uid(3999999999U, path, &account);

		cr_assert(r == (rows[i].name ? 0 : ACCOUNT_NONE), "row %zu '%s': %d", i,
			  rows[i].text, r);
		cr_assert_str_eq(account.name, rows[i].name ? rows[i].name : "untouched",
				 "row %zu '%s'", i, rows[i].text);
		if (r)
			continue;
		cr_assert(account.name_len == strlen(rows[i].name), "row %zu", i);
		cr_assert(account.uid == 3999999999U && account.gid == rows[i].gid,
			  "row %zu", i);
		cr_assert(account.number_len == 10 &&
				  memcmp(account.number, "3999999999", 10) == 0,
			  "row %zu", i);
	}
}

/* A file that cannot be read is no answer: the name service is asked. */
Test(account, file_then_service)
{
	struct account account = { 0 };

	cr_assert(account_by_uid(0, folder_path(&folder, "missing"), &account) == 0);
	cr_assert_str_eq(account.name, "root");
	cr_assert(account_by_uid(0, folder.path, &account) == 0);
	folder_put(&folder, "passwd", BYTES("elsa:x:1000:1000:::\n"), 0644);
	cr_assert(account_by_uid(0, folder_path(&folder, "passwd"), &account) == 0);
	cr_assert_str_eq(account.name, "root");
	cr_assert(account.number_len == 1 && account.number[0] == '0');
}

/* Fills @n bytes of a comment. */
static void put_long(FILE *file, const char *name, unsigned uid, size_t n)
{
	fprintf(file, "%s:x:%u:100:", name, uid);
	while (n--)
		fputc('c', file);
	fprintf(file, ":/:/bin/sh\n");
}

/* @longest: of the comments. */
static const char *mount_accounts(size_t longest)
{
	char passwd[512], nsswitch[512];
	const char *complaint;
	FILE *file;

	snprintf(passwd, sizeof(passwd), "%s/passwd", folder.path);
	snprintf(nsswitch, sizeof(nsswitch), "%s/nsswitch.conf", folder.path);
	file = fopen(passwd, "we");
	CHILD_ASSERT(file);
	fprintf(file, "root:x:0:0:root:/root:/bin/sh\n"
		      "elsa:x:1000:1100::/:/bin/sh\n"
		      "anna:x:1001:1101::/:/bin/sh\n"
		      "alias:x:1000:1102::/:/bin/sh\n"
		      "2000:x:1003:1103::/:/bin/sh\n"
		      "last:x:4294967294:1104::/:/bin/sh\n" NAME_256
		      ":x:1256:1105::/:/bin/sh\n" NAME_257 ":x:1257:1106::/:/bin/sh\n");
	put_long(file, "wordy", 1500, 5000);
	put_long(file, "wordier", 1501, longest);
	CHILD_ASSERT(fclose(file) == 0);
	file = fopen(nsswitch, "we");
	CHILD_ASSERT(file);
	fprintf(file, "passwd: files\n");
	CHILD_ASSERT(fclose(file) == 0);

	complaint = child_own_mounts();
	if (complaint)
		return complaint;
	CHILD_ASSERT(mount(passwd, "/etc/passwd", NULL, MS_BIND, NULL) == 0);
	CHILD_ASSERT(mount(nsswitch, "/etc/nsswitch.conf", NULL, MS_BIND, NULL) == 0);
	return NULL;
}

static const char *by_uid(void *context)
{
	const char *complaint = mount_accounts(200000);
	const char *file = context;
	struct account account;

	if (complaint)
		return complaint;
	CHILD_ASSERT(account_by_uid(1000, file, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "elsa") == 0 && account.name_len == 4);
	CHILD_ASSERT(account.uid == 1000 && account.gid == 1100);
	CHILD_ASSERT(account_by_uid(4294967294U, file, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "last") == 0);
	CHILD_ASSERT(account_by_uid(1004, file, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(account_by_uid(1003, file, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "2000") == 0);
	/* A name that no line of a database can hold. */
	CHILD_ASSERT(account_by_uid(1256, file, &account) == 0);
	CHILD_ASSERT(account.name_len == 256 && strcmp(account.name, NAME_256) == 0);
	CHILD_ASSERT(account_by_uid(1257, file, &account) == ACCOUNT_NONE);
	/* The buffer grows. */
	CHILD_ASSERT(account_by_uid(1500, file, &account) == 0 && account.gid == 100);
	CHILD_ASSERT(account_by_uid(1501, file, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "wordier") == 0);
	return NULL;
}

Test(account, by_uid)
{
	child_run(by_uid, NULL);
}

/* The same by the file that the name service reads, as far as that goes. */
Test(account, by_uid_and_file)
{
	char path[] = "/etc/passwd";

	child_run(by_uid, path);
}

static const char *by_name(void *context)
{
	const char *complaint = mount_accounts(200000);
	struct account account;

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(account_by_name("elsa", &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "elsa") == 0 && account.name_len == 4);
	CHILD_ASSERT(account.uid == 1000 && account.gid == 1100 && account.name_owns);
	CHILD_ASSERT(account.number_len == 4 && memcmp(account.number, "1000", 4) == 0);
	CHILD_ASSERT(account_by_name("alias", &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "alias") == 0 && account.uid == 1000);
	CHILD_ASSERT(account_by_name("bob", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(account_by_name("1000", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(account_by_name("2000", &account) == 0 && account.uid == 1003);
	CHILD_ASSERT(account_by_name(NAME_256, &account) == 0 && account.uid == 1256);
	CHILD_ASSERT(account_by_name(NAME_257, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(account_by_name("wordier", &account) == 0 && account.uid == 1501);
	return NULL;
}

Test(account, by_name)
{
	child_run(by_name, NULL);
}

static const char *name_is_uid(void *context)
{
	const char *complaint = mount_accounts(200000);

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(account_name_is_uid("elsa", 4, 1000) == 1);
	CHILD_ASSERT(account_name_is_uid("alias", 5, 1000) == 1);
	CHILD_ASSERT(account_name_is_uid("anna", 4, 1000) == 0);
	CHILD_ASSERT(account_name_is_uid("anna", 4, 1001) == 1);
	CHILD_ASSERT(account_name_is_uid("elsa", 4, 1001) == 0);
	CHILD_ASSERT(account_name_is_uid("bob", 3, 1000) == 0);
	CHILD_ASSERT(account_name_is_uid("last", 4, 4294967294U) == 1);
	CHILD_ASSERT(account_name_is_uid("wordier", 7, 1501) == 1);
	/* The name ends where its length says. */
	CHILD_ASSERT(account_name_is_uid("elsanna:1:2", 4, 1000) == 1);
	CHILD_ASSERT(account_name_is_uid("elsa", 3, 1000) == 0);
	/* Names as long as a line can hold, and longer. */
	CHILD_ASSERT(account_name_is_uid(NAME_256, 256, 1256) == 1);
	CHILD_ASSERT(account_name_is_uid(NAME_257, 257, 1257) == 0);
	/* A uid is not a name, but a name may be digits. */
	CHILD_ASSERT(account_name_is_uid("1000", 4, 1000) == 0);
	CHILD_ASSERT(account_name_is_uid("2000", 4, 1003) == 1);
	return NULL;
}

Test(account, name_is_uid)
{
	child_run(name_is_uid, NULL);
}

static const char *too_long(void *context)
{
	const char *complaint = mount_accounts(2000000);
	struct account account;

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(account_by_uid(1501, NULL, &account) == -ERANGE);
	CHILD_ASSERT(account_name_is_uid("wordier", 7, 1501) == -ERANGE);
	/* In the file the comment does not matter. */
	CHILD_ASSERT(account_by_uid(1501, "/etc/passwd", &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "wordier") == 0 && account.gid == 100);
	return NULL;
}

/* The buffer for the name service has a bound. */
Test(account, too_long)
{
	child_run(too_long, NULL);
}

static const char *no_descriptors(void *context)
{
	const struct rlimit none = { 0, 0 };
	const char *complaint = mount_accounts(200000);
	struct account account;

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &none) == 0);
	CHILD_ASSERT(account_by_uid(1000, NULL, &account) == -EMFILE);
	CHILD_ASSERT(account_by_uid(1000, "/etc/passwd", &account) == -EMFILE);
	CHILD_ASSERT(account_name_is_uid("elsa", 4, 1000) == -EMFILE);
	CHILD_ASSERT(account_name_is_uid("bob", 3, 1000) == -EMFILE);
	return NULL;
}

/* A name service that cannot be asked has not said that there is nobody. */
Test(account, no_answer)
{
	child_run(no_descriptors, NULL);
}

/* The login names of a uid in a file, in their order. */
struct names {
	char text[128];
	int stop_after;
};

static int tell_name(const char *name, size_t len, void *context)
{
	struct names *names = context;
	size_t used = strlen(names->text);

	snprintf(names->text + used, sizeof(names->text) - used, "%.*s,", (int)len, name);
	return --names->stop_after == 0 ? 42 : 0;
}

/* Other systems' passwd files: by name, and each name of a uid. */
Test(account, other_folder)
{
	static const char passwd[] = "root:x:0:0:::\n"
				     "elsa:x:1000:1100:::\n"
				     "+alias:x:1000:7:::\n"
				     "alias:x:1000:1102:::\n"
				     "broken:x:01000:1102:::\n"
				     "anna:x:1001:1101:::\n"
				     "elsa:x:5:5:::\n"
				     "third:x:1000:1103:::";
	struct names names = { .stop_after = 0 };
	struct account account = { .name = "untouched" };

	cr_assert(account_in_file(folder.fd, "elsa", &account) == ACCOUNT_NONE);
	cr_assert(account_each_name(folder.fd, 1000, tell_name, &names) == 0);
	cr_assert_str_eq(names.text, "");
	folder_put(&folder, "passwd", BYTES(passwd), 0644);

	cr_assert(account_in_file(folder.fd, "bob", &account) == ACCOUNT_NONE);
	cr_assert(account_in_file(folder.fd, "els", &account) == ACCOUNT_NONE);
	cr_assert(account_in_file(folder.fd, "1000", &account) == ACCOUNT_NONE);
	cr_assert(account_in_file(folder.fd, "broken", &account) == ACCOUNT_NONE);
	cr_assert(account_in_file(folder.fd, "", &account) == ACCOUNT_NONE);
	cr_assert_str_eq(account.name, "untouched");
	cr_assert(account_in_file(folder.fd, "elsa", &account) == 0);
	cr_assert_str_eq(account.name, "elsa");
	cr_assert(account.uid == 1000 && account.gid == 1100 && account.name_owns);
	cr_assert(account_in_file(folder.fd, "third", &account) == 0 &&
		  account.gid == 1103);

	cr_assert(account_each_name(folder.fd, 1000, tell_name, &names) == 0);
	cr_assert_str_eq(names.text, "elsa,alias,third,");
	names = (struct names){ .stop_after = 2 };
	cr_assert(account_each_name(folder.fd, 1000, tell_name, &names) == 42);
	cr_assert_str_eq(names.text, "elsa,alias,");
	names = (struct names){ .stop_after = 0 };
	cr_assert(account_each_name(folder.fd, 1002, tell_name, &names) == 0);
	cr_assert_str_eq(names.text, "");

	cr_assert(unlinkat(folder.fd, "passwd", 0) == 0);
	cr_assert(mkdirat(folder.fd, "passwd", 0755) == 0);
	cr_assert(account_in_file(folder.fd, "elsa", &account) == -EISDIR);
	cr_assert(account_each_name(folder.fd, 1000, tell_name, &names) == -EISDIR);
	cr_assert(unlinkat(folder.fd, "passwd", AT_REMOVEDIR) == 0);
	cr_assert(symlinkat("passwd", folder.fd, "passwd") == 0);
	cr_assert(account_in_file(folder.fd, "elsa", &account) == -ELOOP);
	cr_assert(account_each_name(folder.fd, 1000, tell_name, &names) == -ELOOP);
}

/*
 * A line is the caller's by his login name or his uid, both whole. The quick look at its
 * first bytes says yes to at least those.
 */
Test(account, owns)
{
	static const struct {
		const char *name;
		uid_t uid;
		const char *line;
		bool begins, owns;
	} rows[] = {
		{ "elsa", 1000, "elsa:1:2", true, true },
		{ "elsa", 1000, "1000:1:2", true, true },
		{ "elsa", 1000, "elsa:", true, false },
		{ "elsa", 1000, "1000:", true, false },
		{ "elsa", 1000, "elsa", false, false },
		{ "elsa", 1000, "1000", false, false },
		{ "elsa", 1000, "", false, false },
		{ "elsa", 1000, ":", false, false },
		{ "elsa", 1000, "els:1:2", false, false },
		{ "elsa", 1000, "elsaa:1:2", false, false },
		{ "elsa", 1000, "Elsa:1:2", false, false },
		{ "elsa", 1000, " elsa:1:2", false, false },
		{ "elsa", 1000, "elsa :1:2", false, false },
		{ "elsa", 1000, "anna:1:2", false, false },
		{ "elsa", 1000, "anna:elsa:2", false, false },
		{ "elsa", 1000, "1001:1:2", false, false },
		{ "elsa", 1000, "100:1:2", false, false },
		{ "elsa", 1000, "10000:1:2", false, false },
		{ "elsa", 1000, "01000:1:2", false, false },
		{ "elsa", 1000, "0:1:2", false, false },
		{ "root", 0, "0:1:2", true, true },
		{ "root", 0, "00:1:2", false, false },
		{ "root", 0, "root:1:2", true, true },
		/* An owner who is no number has no uid, not uid 0. */
		{ "root", 0, "elsa:1:2", false, false },
		{ "last", 4294967294U, "4294967294:1:2", true, true },
		/* A login name of digits. */
		{ "2000", 1003, "2000:1:2", true, true },
		{ "2000", 1003, "1003:1:2", true, true },
		{ "2000", 1003, "1004:1:2", false, false },
		/* Names that are no owners: a line says something else with them. */
		{ "x:1", 1000, "x:1:2", true, false },
		{ "x:1", 1000, "x:1:2:3", true, false },
		{ "x", 1000, "x:1:2", true, true },
		{ "#x", 1000, "#x:1:2", true, false },
		{ "02000", 1003, "02000:1:2", true, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t len = strlen(rows[i].line);
		CLEANUP(cleanup_free) char *line = exact_copy(rows[i].line, len);
		struct account account = {
			.name_len = strlen(rows[i].name),
			.uid = rows[i].uid,
		};
		struct entry entry;

		memcpy(account.name, rows[i].name, account.name_len);
		account.name_owns =
			entry_check_owner(account.name, account.name_len) == 0;
		account.number_len = num_format(rows[i].uid, account.number);
		cr_assert(account_begins(&account, line, len) == rows[i].begins,
			  "row %zu: '%s', '%s'", i, rows[i].name, rows[i].line);
		cr_assert((entry_parse(line, len, &entry) == 0 &&
			   account_owns(&account, &entry)) == rows[i].owns,
			  "row %zu: '%s', '%s'", i, rows[i].name, rows[i].line);
	}
}

/* A name that cannot stand in a line owns none, though it is the same bytes. */
Test(account, no_owner)
{
	struct account account = { .name = "elsa", .name_len = 4, .uid = 1000 };
	struct entry entry;

	cr_assert(entry_parse(BYTES("elsa:1:2"), &entry) == 0);
	cr_assert_not(account_owns(&account, &entry));
	account.name_owns = true;
	cr_assert(account_owns(&account, &entry));
	cr_assert(entry_parse(BYTES("1000:1:2"), &entry) == 0);
	account.name_owns = false;
	cr_assert(account_owns(&account, &entry));
}
