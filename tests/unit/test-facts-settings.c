// SPDX-License-Identifier: BSD-3-Clause
/*
 * Settings of the kernel, read from recorded trees: those of Debian with its own patch,
 * and of Ubuntu with AppArmor's restriction, do not exist on every kernel that tests run
 * on.
 */
#include "explain/facts.h"
#include "tests/unit/unit.h"

static void put(const struct folder *folder, const char *name, const char *text)
{
	folder_put(folder, name, text, strlen(text), 0644);
}

static void make(struct folder *folder)
{
	folder_make(folder);
	cr_assert(mkdirat(folder->fd, "sys", 0755) == 0 &&
		  mkdirat(folder->fd, "sys/user", 0755) == 0 &&
		  mkdirat(folder->fd, "sys/kernel", 0755) == 0);
}

/* What is there is read, what is not is -1. */
Test(facts_settings, recorded)
{
	struct facts_host host = { .count = 7 };
	struct folder folder;

	make(&folder);
	facts_gather_settings(folder.fd, &host);
	cr_assert(host.max_namespaces == -1 && host.unprivileged_clone == -1 &&
		  host.apparmor == -1 && host.count == 7);

	put(&folder, "sys/user/max_user_namespaces", "62862\n");
	put(&folder, "sys/kernel/unprivileged_userns_clone", "0\n");
	put(&folder, "sys/kernel/apparmor_restrict_unprivileged_userns", "1");
	facts_gather_settings(folder.fd, &host);
	cr_assert(host.max_namespaces == 62862 && host.unprivileged_clone == 0 &&
		  host.apparmor == 1);

	put(&folder, "sys/user/max_user_namespaces", "2147483647\n");
	put(&folder, "sys/kernel/unprivileged_userns_clone", "");
	put(&folder, "sys/kernel/apparmor_restrict_unprivileged_userns", "-1\n");
	facts_gather_settings(folder.fd, &host);
	cr_assert(host.max_namespaces == 2147483647 && host.unprivileged_clone == -1 &&
		  host.apparmor == -1);
	folder_cleanup(&folder);
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
