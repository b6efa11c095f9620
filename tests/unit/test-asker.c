// SPDX-License-Identifier: BSD-3-Clause
#include <grp.h>
#include <pwd.h>
#include <signal.h>

#include "common/asker.h"
#include "libsubid/core/limits.h"
#include "tests/unit/unit.h"

/* What comes through the socket is what the simple calls say. */
Test(asker, users)
{
	CLEANUP(asker_end) struct asker asker = ASKER_PATIENT;
	CLEANUP(cleanup_free) char *home = NULL;
	struct account account;
	char name[LIMIT_OWNER_BYTES + 1];

	cr_assert(asker_user(&asker, "root", &account) == 0);
	cr_expect(account.uid == 0 && account.name_owns && account.number_len == 1);
	cr_expect_str_eq(account.name, "root");
	cr_assert(asker_uid(&asker, 0, &account) == 0);
	cr_expect_str_eq(account.name, "root");
	cr_assert(asker_name(&asker, &kind_uid, 0, name) == 0);
	cr_expect_str_eq(name, "root");
	cr_assert(asker_name(&asker, &kind_gid, 0, name) == 0);
	cr_expect_str_eq(name, "root");
	cr_assert(asker_home(&asker, "root", &home) == 0);
	cr_expect_str_eq(home, getpwnam("root")->pw_dir);
}

/* Nobody is an answer, and the next question is answered as well. */
Test(asker, nobody)
{
	CLEANUP(asker_end) struct asker asker = ASKER_LOOK;
	char name[LIMIT_OWNER_BYTES + 1], longest[LIMIT_OWNER_BYTES + 2];
	struct account account;
	char *text;
	size_t len;
	gid_t gid;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_expect(asker_user(&asker, "no such user", &account) == ACCOUNT_NONE);
	cr_expect(asker_user(&asker, "", &account) == ACCOUNT_NONE);
	cr_expect(asker_user(&asker, longest, &account) == ACCOUNT_NONE);
	cr_expect(asker_uid(&asker, 3999999999U, &account) == ACCOUNT_NONE);
	cr_expect(asker_name(&asker, &kind_gid, 3999999999U, name) == ACCOUNT_NONE);
	cr_expect(asker_home(&asker, "no such user", &text) == ACCOUNT_NONE);
	cr_expect(asker_members(&asker, "no such group", &gid, &text, &len) ==
		  ACCOUNT_NONE);
	cr_expect(asker_uid(&asker, 0, &account) == 0);
}

Test(asker, groups)
{
	CLEANUP(asker_end) struct asker asker = ASKER_PATIENT;
	CLEANUP(cleanup_free) gid_t *groups = NULL;
	CLEANUP(cleanup_free) char *names = NULL;
	struct account account;
	const struct group *group = getgrgid(0);
	size_t n, len, at = 0;
	gid_t gid = 1;

	cr_assert(asker_user(&asker, "root", &account) == 0);
	cr_assert(asker_groups(&asker, &account, &groups, &n) == 0);
	cr_expect(n >= 1 && groups[0] == 0);
	cr_assert(asker_members(&asker, group->gr_name, &gid, &names, &len) == 0);
	cr_expect_eq(gid, 0);
	for (size_t i = 0; group->gr_mem[i]; i++) {
		cr_assert_lt(at, len);
		cr_expect_str_eq(names + at, group->gr_mem[i]);
		at += strlen(names + at) + 1;
	}
	cr_expect_eq(at, len);
}

/* A process that is gone, or does not answer, is a failure, and stays one. */
Test(asker, silent)
{
	CLEANUP(asker_end) struct asker gone = ASKER_PATIENT, stopped = ASKER_LOOK;
	struct account account;

	cr_assert(asker_uid(&gone, 0, &account) == 0);
	kill(gone.child.pid, SIGKILL);
	cr_expect_eq(asker_uid(&gone, 0, &account), -ECONNRESET);
	cr_expect_eq(asker_uid(&gone, 0, &account), -ECONNRESET);

	cr_assert(asker_uid(&stopped, 0, &account) == 0);
	stopped.left = 50;
	kill(stopped.child.pid, SIGSTOP);
	cr_expect_eq(asker_uid(&stopped, 0, &account), -ETIMEDOUT);
	kill(stopped.child.pid, SIGCONT);
	cr_expect_eq(asker_uid(&stopped, 0, &account), -ETIMEDOUT);
	cr_expect_str_neq(asker_reason(-ETIMEDOUT), asker_reason(-ECONNRESET));
}
