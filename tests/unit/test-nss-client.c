// SPDX-License-Identifier: BSD-3-Clause
#include <grp.h>
#include <pwd.h>
#include <signal.h>

#include "common/report.h"
#include "helper/nss-client.h"
#include "libsubid/core/limits.h"
#include "tests/unit/nss-box.h"

static struct folder folder;

static void set_up(void)
{
	folder_make(&folder);
}

static void tear_down(void)
{
	folder_cleanup(&folder);
}

/* What comes through the socket is what the simple calls say. */
Test(nss_client, users)
{
	CLEANUP(nss_client_end) struct nss_client client = NSS_CLIENT_PATIENT;
	CLEANUP(cleanup_free) char *home = NULL;
	struct account account;
	char name[LIMIT_OWNER_BYTES + 1];

	cr_assert(nss_client_user(&client, "root", &account) == 0);
	cr_expect(account.uid == 0 && account.name_owns && account.number_len == 1);
	cr_expect_str_eq(account.name, "root");
	cr_assert(nss_client_uid(&client, 0, &account) == 0);
	cr_expect_str_eq(account.name, "root");
	cr_assert(nss_client_name(&client, &kind_uid, 0, name) == 0);
	cr_expect_str_eq(name, "root");
	cr_assert(nss_client_name(&client, &kind_gid, 0, name) == 0);
	cr_expect_str_eq(name, "root");
	cr_assert(nss_client_home(&client, "root", &home) == 0);
	cr_expect_str_eq(home, getpwnam("root")->pw_dir);
}

static const char *none(void *context)
{
	CLEANUP(nss_client_end) struct nss_client client = NSS_CLIENT_LOOK;
	char name[LIMIT_OWNER_BYTES + 1], longest[LIMIT_OWNER_BYTES + 2];
	const char *complaint = nss_mount(context, "passwd: files\ngroup: files\n");
	struct account account;
	char *text;
	size_t len;
	gid_t gid;

	if (complaint)
		return complaint;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CHILD_ASSERT(nss_client_user(&client, "no such user", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_user(&client, "", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_user(&client, longest, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_uid(&client, 3999999999U, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_name(&client, &kind_gid, 3999999999U, name) ==
		     ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_home(&client, "no such user", &text) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_members(&client, "no such group", &gid, &text, &len) ==
		     ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_uid(&client, 0, &account) == 0);
	return NULL;
}

/* "No such user" is an answer, and the next question is answered as well. */
Test(nss_client, none, .init = set_up, .fini = tear_down)
{
	child_run(none, &folder);
}

Test(nss_client, groups)
{
	CLEANUP(nss_client_end) struct nss_client client = NSS_CLIENT_PATIENT;
	CLEANUP(cleanup_free) gid_t *groups = NULL;
	CLEANUP(cleanup_free) char *names = NULL;
	struct account account;
	const struct group *group = getgrgid(0);
	size_t n, len, at = 0;
	gid_t gid = 1;

	cr_assert(nss_client_user(&client, "root", &account) == 0);
	cr_assert(nss_client_groups(&client, &account, &groups, &n) == 0);
	cr_expect(n >= 1 && groups[0] == 0);
	cr_assert(nss_client_members(&client, group->gr_name, &gid, &names, &len) == 0);
	cr_expect_eq(gid, 0);
	for (size_t i = 0; group->gr_mem[i]; i++) {
		cr_assert_lt(at, len);
		cr_expect_str_eq(names + at, group->gr_mem[i]);
		at += strlen(names + at) + 1;
	}
	cr_expect_eq(at, len);
}

/* A process that is gone, or does not answer, is a failure, and stays one. */
Test(nss_client, silent)
{
	CLEANUP(nss_client_end)
	struct nss_client gone = NSS_CLIENT_PATIENT, stopped = NSS_CLIENT_LOOK;
	struct account account;

	cr_assert(nss_client_uid(&gone, 0, &account) == 0);
	kill(gone.child.pid, SIGKILL);
	cr_expect_eq(nss_client_uid(&gone, 0, &account), -ECONNRESET);
	cr_expect_eq(nss_client_uid(&gone, 0, &account), -ECONNRESET);

	cr_assert(nss_client_uid(&stopped, 0, &account) == 0);
	stopped.left = 50;
	kill(stopped.child.pid, SIGSTOP);
	cr_expect_eq(nss_client_uid(&stopped, 0, &account), -ETIMEDOUT);
	kill(stopped.child.pid, SIGCONT);
	cr_expect_eq(nss_client_uid(&stopped, 0, &account), -ETIMEDOUT);
	cr_expect_str_neq(report_no_answer(-ETIMEDOUT), report_no_answer(-ECONNRESET));
}
