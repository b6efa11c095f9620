// SPDX-License-Identifier: BSD-3-Clause
/*
 * Settings of the kernel, read from recorded trees: those of Debian with its own patch,
 * and of Ubuntu with AppArmor's restriction, do not exist on every kernel that tests run
 * on.
 */
#include "explain/facts.h"
#include "tests/unit/unit.h"

static void put(const struct tmpdir *tmpdir, const char *name, const char *text)
{
	tmpdir_put(tmpdir, name, text, strlen(text), 0644);
}

static void make(struct tmpdir *tmpdir)
{
	tmpdir_make(tmpdir);
	cr_assert(mkdirat(tmpdir->fd, "sys", 0755) == 0 &&
		  mkdirat(tmpdir->fd, "sys/user", 0755) == 0 &&
		  mkdirat(tmpdir->fd, "sys/kernel", 0755) == 0);
}

/* An existing setting is read; a missing one is -1. */
Test(facts_settings, recorded)
{
	struct facts_host host = { .count = 7 };
	struct tmpdir tmpdir;

	make(&tmpdir);
	facts_gather_settings(tmpdir.fd, &host);
	cr_assert(host.max_namespaces == -1 && host.unprivileged_clone == -1 &&
		  host.apparmor == -1 && host.count == 7);

	put(&tmpdir, "sys/user/max_user_namespaces", "62862\n");
	put(&tmpdir, "sys/kernel/unprivileged_userns_clone", "0\n");
	put(&tmpdir, "sys/kernel/apparmor_restrict_unprivileged_userns", "1");
	facts_gather_settings(tmpdir.fd, &host);
	cr_assert(host.max_namespaces == 62862 && host.unprivileged_clone == 0 &&
		  host.apparmor == 1);

	put(&tmpdir, "sys/user/max_user_namespaces", "2147483647\n");
	put(&tmpdir, "sys/kernel/unprivileged_userns_clone", "");
	put(&tmpdir, "sys/kernel/apparmor_restrict_unprivileged_userns", "-1\n");
	facts_gather_settings(tmpdir.fd, &host);
	cr_assert(host.max_namespaces == 2147483647 && host.unprivileged_clone == -1 &&
		  host.apparmor == -1);
	tmpdir_cleanup(&tmpdir);
}

/* Those of the running kernel. */
Test(facts_settings, running)
{
	struct facts_host host = { .count = 0 };
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	facts_gather_settings(proc, &host);
	cr_assert((host.max_namespaces >= 0) ==
		  (access("/proc/sys/user/max_user_namespaces", R_OK) == 0));
	fd_close(proc);
	facts_gather_settings(-1, &host);
	cr_assert(host.max_namespaces == -1);
}
