// SPDX-License-Identifier: BSD-3-Clause
/*
 * The name service called in the process, with a passwd file of the test mounted over the
 * real one in a private mount namespace.
 */
#include <pwd.h>
#include <sys/resource.h>

#include "libsubid/user/lookup.h"
#include "libsubid/user/nss.h"
#include "tests/unit/nss-box.h"

#define TEN	 "abcdefghij"
#define FIFTY	 TEN TEN TEN TEN TEN
#define NAME_256 FIFTY FIFTY FIFTY FIFTY FIFTY "abcdef"
#define NAME_257 NAME_256 "g"

static struct nss nss;
static struct name_service service;
/* The running system's users, by the file first. */
static const struct lookup by_file = { AT_FDCWD, true, false, &service };

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	service = nss_service(&nss);
}

static void tear_down(void)
{
	nss_end(&nss);
	tmpdir_cleanup(&tmpdir);
}

TestSuite(nss, .init = set_up, .fini = tear_down);

/* By the name service, or by the file first. */
static int look_up_uid(bool file, uid_t uid, struct account *ret_account)
{
	return file ? lookup_uid(&by_file, uid, ret_account) :
		      nss_uid(&nss, uid, ret_account);
}

/* The user who runs the test is known, with the ids of the passwd file. */
Test(nss, caller)
{
	const struct passwd *entry = getpwuid(getuid());
	struct account account;

	if (!entry)
		unit_skip("who runs this has no passwd entry");
	for (int i = 0; i < 2; i++) {
		char number[16];

		cr_assert(look_up_uid(i, getuid(), &account) == 0);
		cr_assert_str_eq(account.name, entry->pw_name);
		cr_assert(account.name_len == strlen(entry->pw_name) && account.exists);
		cr_assert(account.uid == getuid() && account.gid == entry->pw_gid);
		cr_assert(account.number_len ==
			  (size_t)snprintf(number, sizeof(number), "%u", getuid()));
		cr_assert(memcmp(account.number, number, account.number_len) == 0);
	}
	cr_assert(nss_user(&nss, entry->pw_name, &account) == 0);
	cr_assert(account.uid == getuid());
}

static const char *no_user(void *context)
{
	const char *complaint = nss_mount(context, "passwd: files\n");
	struct account account, before;

	if (complaint)
		return complaint;
	memset(&account, 0x5e, sizeof(account));
	before = account;
	CHILD_ASSERT(look_up_uid(false, 3999999999U, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(look_up_uid(true, 3999999999U, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_user(&nss, "no-such-user-here", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(memcmp(&account, &before, sizeof(account)) == 0);
	return NULL;
}

/* "No such user" is an answer, not a failure, and the result is not written. */
Test(nss, none)
{
	child_run(no_user, &tmpdir);
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
	CLEANUP(cleanup_free) char *text = NULL;
	const char *complaint;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	CHILD_ASSERT(file);
	fprintf(file, "root:x:0:0:root:/root:/bin/sh\n"
		      "elsa:x:1000:1100::/:/bin/sh\n"
		      "anna:x:1001:1101::/:/bin/sh\n"
		      "alias:x:1000:1102::/:/bin/sh\n"
		      "2000:x:1003:1103::/:/bin/sh\n"
		      " odd:x:01005:+1107::/:/bin/sh\n"
		      "cut:x:1006:x\n"
		      "whole:x:1006:1108::/:/bin/sh\n"
		      "last:x:4294967294:1104::/:/bin/sh\n" NAME_256
		      ":x:1256:1105::/:/bin/sh\n" NAME_257 ":x:1257:1106::/:/bin/sh\n");
	put_long(file, "wordy", 1500, 5000);
	put_long(file, "wordier", 1501, longest);
	CHILD_ASSERT(fclose(file) == 0);

	complaint = nss_mount(&tmpdir, "passwd: files\n");
	return complaint ? complaint :
			   nss_mount_file(&tmpdir, "passwd", "/etc/passwd", text);
}

static const char *by_uid(void *context)
{
	const char *complaint = mount_accounts(200000);
	bool file = context != NULL;
	struct account account;

	if (complaint)
		return complaint;
	CHILD_ASSERT(look_up_uid(file, 1000, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "elsa") == 0 && account.name_len == 4);
	CHILD_ASSERT(account.uid == 1000 && account.gid == 1100);
	CHILD_ASSERT(look_up_uid(file, 4294967294U, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "last") == 0);
	CHILD_ASSERT(look_up_uid(file, 1004, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(look_up_uid(file, 1003, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "2000") == 0);
	/* Lines that tools would write otherwise. */
	CHILD_ASSERT(look_up_uid(file, 1005, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "odd") == 0 && account.gid == 1107);
	CHILD_ASSERT(look_up_uid(file, 1006, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "whole") == 0);
	/* A name that no line of a database can hold. */
	CHILD_ASSERT(look_up_uid(file, 1256, &account) == 0);
	CHILD_ASSERT(account.name_len == 256 && strcmp(account.name, NAME_256) == 0);
	CHILD_ASSERT(look_up_uid(file, 1257, &account) == ACCOUNT_NONE);
	/* The buffer grows. */
	CHILD_ASSERT(look_up_uid(file, 1500, &account) == 0 && account.gid == 100);
	CHILD_ASSERT(look_up_uid(file, 1501, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "wordier") == 0);
	return NULL;
}

Test(nss, by_uid)
{
	child_run(by_uid, NULL);
}

/* The same by the file that the name service reads, as far as possible. */
Test(nss, by_uid_and_file)
{
	child_run(by_uid, &tmpdir);
}

static const char *by_name(void *context)
{
	const char *complaint = mount_accounts(200000);
	struct account account;

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(nss_user(&nss, "elsa", &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "elsa") == 0 && account.name_len == 4);
	CHILD_ASSERT(account.uid == 1000 && account.gid == 1100);
	CHILD_ASSERT(account.number_len == 4 && memcmp(account.number, "1000", 4) == 0);
	CHILD_ASSERT(nss_user(&nss, "alias", &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "alias") == 0 && account.uid == 1000);
	CHILD_ASSERT(nss_user(&nss, "anna", &account) == 0 && account.uid == 1001);
	CHILD_ASSERT(nss_user(&nss, "last", &account) == 0 && account.uid == 4294967294U);
	CHILD_ASSERT(nss_user(&nss, "odd", &account) == 0 && account.uid == 1005);
	CHILD_ASSERT(nss_user(&nss, "bob", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_user(&nss, "els", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_user(&nss, "cut", &account) == ACCOUNT_NONE);
	/* A uid is not a name, but a name may be digits. */
	CHILD_ASSERT(nss_user(&nss, "1000", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_user(&nss, "2000", &account) == 0 && account.uid == 1003);
	/* Names as long as a line can hold, and longer. */
	CHILD_ASSERT(nss_user(&nss, NAME_256, &account) == 0 && account.uid == 1256);
	CHILD_ASSERT(nss_user(&nss, NAME_257, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_user(&nss, "wordier", &account) == 0 && account.uid == 1501);
	return NULL;
}

Test(nss, by_name)
{
	child_run(by_name, NULL);
}

static const char *too_long(void *context)
{
	const char *complaint = mount_accounts(17000000);
	struct account account;

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(look_up_uid(false, 1501, &account) == -ERANGE);
	CHILD_ASSERT(nss_user(&nss, "wordier", &account) == -ERANGE);
	/* Our reader does not see all of such a line: the service is asked. */
	CHILD_ASSERT(look_up_uid(true, 1501, &account) == -ERANGE);
	/* Users before it are found. */
	CHILD_ASSERT(look_up_uid(false, 1500, &account) == 0);
	CHILD_ASSERT(look_up_uid(true, 1000, &account) == 0);
	return NULL;
}

/* The buffer for the name service has a limit. */
Test(nss, too_long)
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
	CHILD_ASSERT(look_up_uid(false, 1000, &account) == -EMFILE);
	CHILD_ASSERT(look_up_uid(true, 1000, &account) == -EMFILE);
	CHILD_ASSERT(nss_user(&nss, "elsa", &account) == -EMFILE);
	CHILD_ASSERT(nss_user(&nss, "bob", &account) == -EMFILE);
	return NULL;
}

/* A name service that cannot be asked has not answered "no such user". */
Test(nss, no_answer)
{
	child_run(no_descriptors, NULL);
}
