// SPDX-License-Identifier: BSD-3-Clause
/*
 * Looking up a user: in the passwd file if the name service would give the same answer,
 * otherwise by the name service, for which this test has a substitute.
 */
#include <pwd.h>

#include "libsubid/user/lookup.h"
#include "libsubid/user/nss.h"
#include "tests/unit/nss-box.h"

static struct tmpdir tmpdir;

/* The name service: `anna` is 1001; it does not answer about `broken` and 1999. */
static size_t asked;

static int service_user(void *context, const char *name, struct account *ret_account)
{
	(void)context;
	asked++;
	if (strcmp(name, "broken") == 0)
		return -EAGAIN;
	if (strcmp(name, "anna") != 0)
		return ACCOUNT_NONE;
	account_set(ret_account, "anna", 4, 1001, 100);
	return 0;
}

static int service_uid(void *context, uid_t uid, struct account *ret_account)
{
	(void)context;
	asked++;
	if (uid == 1999)
		return -EAGAIN;
	if (uid != 1001)
		return ACCOUNT_NONE;
	account_set(ret_account, "anna", 4, 1001, 100);
	return 0;
}

static const struct name_service service = { .user = service_user, .uid = service_uid };

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd",
		   BYTES("root:x:0:0::/root:/bin/sh\n"
			 "elsa:x:1000:100::/:\n"
			 "elsie:x:1000:100::/:\n"
			 " odd:x:01005:100::/:\n"
			 "cut:x:1006\n"
			 "1000:x:1007:100::/:\n"
			 "1008:x:1009:100::/:\n"),
		   0644);
	asked = 0;
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(lookup, .init = set_up, .fini = tear_down);

/* The file first: the service is asked unless the file's answer is certain. */
Test(lookup, files_first)
{
	const struct lookup lookup = { tmpdir.fd, true, false, &service };
	struct account account;

	cr_assert(lookup_name(&lookup, "elsa", &account) == 0 && account.uid == 1000);
	cr_assert(lookup_uid(&lookup, 1000, &account) == 0);
	cr_assert_str_eq(account.name, "elsa");
	cr_assert(lookup_name(&lookup, "1000", &account) == 0 && account.uid == 1007);
	cr_assert_eq(asked, 0);

	cr_assert(lookup_name(&lookup, "anna", &account) == 0 && account.uid == 1001);
	cr_assert(lookup_uid(&lookup, 1001, &account) == 0);
	cr_assert_str_eq(account.name, "anna");
	cr_assert_eq(asked, 2);
	cr_assert(lookup_name(&lookup, "bob", &account) == ACCOUNT_NONE);
	cr_assert(lookup_uid(&lookup, 1010, &account) == ACCOUNT_NONE);
	cr_assert(lookup_name(&lookup, "broken", &account) == -EAGAIN);
	cr_assert(lookup_uid(&lookup, 1999, &account) == -EAGAIN);
	cr_assert_eq(asked, 6);
	/* A line that tools would write otherwise: the service's answer counts. */
	cr_assert(lookup_name(&lookup, "odd", &account) == ACCOUNT_NONE);
	cr_assert(lookup_uid(&lookup, 1005, &account) == ACCOUNT_NONE);
	cr_assert(lookup_name(&lookup, "cut", &account) == ACCOUNT_NONE);
	cr_assert_eq(asked, 9);
}

/* Only the service: the file is not read. */
Test(lookup, service)
{
	const struct lookup lookup = { tmpdir.fd, false, false, &service };
	struct account account;

	cr_assert(lookup_name(&lookup, "elsa", &account) == ACCOUNT_NONE);
	cr_assert(lookup_uid(&lookup, 1000, &account) == ACCOUNT_NONE);
	cr_assert(lookup_name(&lookup, "anna", &account) == 0 && account.uid == 1001);
	cr_assert_eq(asked, 3);
}

/* Only the file: that of another system, whose services are not asked. */
Test(lookup, file)
{
	for (int first = 0; first < 2; first++) {
		const struct lookup lookup = { tmpdir.fd, first, false, NULL };
		struct account account;

		cr_assert(lookup_name(&lookup, "elsa", &account) == 0 &&
			  account.uid == 1000);
		cr_assert(lookup_name(&lookup, "elsie", &account) == 0 &&
			  account.uid == 1000);
		cr_assert(lookup_uid(&lookup, 1000, &account) == 0);
		cr_assert_str_eq(account.name, "elsa");
		cr_assert(lookup_name(&lookup, "odd", &account) == 0 &&
			  account.uid == 1005);
		cr_assert(lookup_uid(&lookup, 1005, &account) == 0);
		cr_assert_str_eq(account.name, "odd");
		cr_assert(lookup_name(&lookup, "cut", &account) == ACCOUNT_NONE);
		cr_assert(lookup_uid(&lookup, 1006, &account) == ACCOUNT_NONE);
		cr_assert(lookup_name(&lookup, "anna", &account) == ACCOUNT_NONE);
		cr_assert_eq(asked, 0);
	}
}

/* A file that cannot be read is no answer: the service is asked, or it is an error. */
Test(lookup, unreadable)
{
	struct lookup lookup = { tmpdir.fd, true, false, &service };
	struct account account;

	cr_assert(unlinkat(tmpdir.fd, "passwd", 0) == 0);
	cr_assert(lookup_uid(&lookup, 1001, &account) == 0);
	cr_assert(mkdirat(tmpdir.fd, "passwd", 0755) == 0);
	cr_assert(lookup_uid(&lookup, 1001, &account) == 0);
	cr_assert_str_eq(account.name, "anna");
	/* A user that the service does not know may be in the file. */
	cr_assert(lookup_name(&lookup, "elsa", &account) == -EISDIR);
	lookup.service = NULL;
	cr_assert(lookup_name(&lookup, "elsa", &account) == -EISDIR);
	cr_assert(lookup_uid(&lookup, 1000, &account) == -EISDIR);
}

/* A word is a login name, or otherwise a uid in its one spelling. */
Test(lookup, words)
{
	static const struct {
		const char *word;
		int r;
		uid_t uid;
		const char *name;
	} rows[] = {
		{ "elsa", 0, 1000, "elsa" },
		{ "1000", 0, 1007, "1000" },
		{ "1007", 0, 1007, "1000" },
		{ "1008", 0, 1009, "1008" },
		{ "0", 0, 0, "root" },
		{ "1001", 0, 1001, "anna" },
		{ "00", ACCOUNT_NONE, 0, NULL },
		{ "01000", ACCOUNT_NONE, 0, NULL },
		{ "+1000", ACCOUNT_NONE, 0, NULL },
		{ "4294967295", ACCOUNT_NONE, 0, NULL },
		{ "4294968296", ACCOUNT_NONE, 0, NULL }, /* 2^32 + 1000 */
		{ "", ACCOUNT_NONE, 0, NULL },
		{ "bob", ACCOUNT_NONE, 0, NULL },
		{ "broken", -EAGAIN, 0, NULL },
		{ "1999", -EAGAIN, 0, NULL },
	};
	const struct lookup lookup = { tmpdir.fd, true, false, &service };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct account account;
		int r = lookup_word(&lookup, rows[i].word, &account);

		cr_assert(r == rows[i].r, "'%s': %d", rows[i].word, r);
		if (r)
			continue;
		cr_assert(account.uid == rows[i].uid, "'%s': %u", rows[i].word,
			  account.uid);
		cr_assert_str_eq(account.name, rows[i].name);
	}
}

static const char *system_users(void *context)
{
	const char *complaint = nss_mount(context, "passwd: files\n");
	CLEANUP(nss_end) struct nss nss = { .open = false };
	const struct name_service in_process = nss_service(&nss);
	const struct lookup lookup = { AT_FDCWD, true, false, &in_process };
	const struct lookup file = { AT_FDCWD, true, false, NULL };
	const struct passwd *entry = getpwnam("root");
	struct account account;

	if (complaint)
		return complaint;
	CHILD_ASSERT(entry);
	CHILD_ASSERT(lookup_name(&lookup, "root", &account) == 0);
	CHILD_ASSERT(account.uid == entry->pw_uid && account.gid == entry->pw_gid);
	CHILD_ASSERT(lookup_name(&lookup, "no such user", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(lookup_name(&file, "no such user", &account) == ACCOUNT_NONE);
	entry = getpwuid(0);
	CHILD_ASSERT(lookup_uid(&lookup, 0, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, entry->pw_name) == 0);
	CHILD_ASSERT(lookup_uid(&lookup, 3999999999U, &account) == ACCOUNT_NONE);
	return NULL;
}

/* With the system's own passwd file: as getpwnam(3) and getpwuid(3). */
Test(lookup, system)
{
	child_run(system_users, &tmpdir);
}

/* If the file is the only service, its "no" counts, unless it is uncertain. */
Test(lookup, files_alone)
{
	const struct lookup lookup = { tmpdir.fd, true, true, &service };
	struct account account;

	cr_assert(lookup_name(&lookup, "elsa", &account) == 0 && account.uid == 1000);
	cr_assert(lookup_name(&lookup, "anna", &account) == ACCOUNT_NONE);
	cr_assert(lookup_uid(&lookup, 1001, &account) == ACCOUNT_NONE);
	cr_assert(lookup_name(&lookup, "broken", &account) == ACCOUNT_NONE);
	cr_assert_eq(asked, 0);
	cr_assert(lookup_name(&lookup, "odd", &account) == ACCOUNT_NONE);
	cr_assert(lookup_uid(&lookup, 1006, &account) == ACCOUNT_NONE);
	cr_assert_eq(asked, 2);
	cr_assert(unlinkat(tmpdir.fd, "passwd", 0) == 0);
	cr_assert(mkdirat(tmpdir.fd, "passwd", 0755) == 0);
	cr_assert(lookup_name(&lookup, "anna", &account) == 0);
	cr_assert_eq(asked, 3);
}

/* No one is asked about the owner of retired ids, whatever the file has. */
Test(lookup, retired)
{
	const struct lookup file = { tmpdir.fd, true, false, NULL };
	const struct lookup both = { tmpdir.fd, true, false, &service };
	struct account account;

	tmpdir_put(&tmpdir, "passwd", BYTES("~elsa:x:1000:1000::/:\n"), 0644);
	cr_assert(lookup_name(&file, "~elsa", &account) == ACCOUNT_NONE);
	cr_assert(lookup_name(&both, "~elsa", &account) == ACCOUNT_NONE);
	cr_assert(lookup_word(&both, "~anna", &account) == ACCOUNT_NONE);
	cr_assert_eq(asked, 0);
	cr_assert(lookup_uid(&file, 1000, &account) == 0);
	cr_assert_str_eq(account.name, "~elsa");
}

/* `files` must be first, and nscd(8) must not run. */
Test(lookup, live)
{
	bool no_nscd = access("/var/run/nscd/socket", F_OK) != 0;
	struct nsswitch nsswitch = { .passwd_files_first = false };
	struct lookup lookup = lookup_live(tmpdir.fd, &nsswitch, &service);

	cr_assert(lookup.directory == tmpdir.fd && lookup.service == &service);
	cr_assert_not(lookup.files_first || lookup.files_alone);
	nsswitch.passwd_files_first = true;
	lookup = lookup_live(tmpdir.fd, &nsswitch, &service);
	cr_assert(lookup.files_first == no_nscd && lookup.files_alone == no_nscd);
	strcpy(nsswitch.passwd, "sss");
	lookup = lookup_live(tmpdir.fd, &nsswitch, &service);
	cr_assert(lookup.files_first == no_nscd && !lookup.files_alone);
}
