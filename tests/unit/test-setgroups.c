// SPDX-License-Identifier: BSD-3-Clause
/*
 * setgroups: `deny` is written unless the file has it, first in a directory that replaces
 * /proc/PID, then in a real user namespace.
 */
#include <signal.h>
#include <sys/resource.h>

#include "mapwriter/mapfile.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(setgroups, .init = set_up, .fini = tear_down);

Test(setgroups, deny)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "allow\n", "denyw\n" }, { "allow", "denyw" }, { "deny\n", "deny\n" },
		{ "deny", "deny" },	  { "den\n", "deny" },	{ "", "deny" },
		{ "x", "deny" },
	};
	char text[32];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		tmpdir_put(&tmpdir, "setgroups", rows[i].before, strlen(rows[i].before),
			   0644);
		cr_assert(setgroups_deny(tmpdir.fd) == 0, "row %zu", i);
		tmpdir_get(&tmpdir, "setgroups", text, sizeof(text));
		cr_assert_str_eq(text, rows[i].after, "row %zu: '%s'", i, text);
	}
}

/* Every failure is an error: none is taken for a kernel without setgroups. */
Test(setgroups, failures)
{
	int fd = dup(tmpdir.fd);

	cr_assert(setgroups_deny(tmpdir.fd) == -ENOENT);
	cr_assert(mkdirat(tmpdir.fd, "setgroups", 0755) == 0);
	cr_assert(setgroups_deny(tmpdir.fd) == -EISDIR);
	close(fd);
	cr_assert(setgroups_deny(fd) == -EBADF);
}

static const char *no_writes(void *process)
{
	const struct rlimit none = { 0, 0 };

	signal(SIGXFSZ, SIG_IGN);
	CHILD_ASSERT(setrlimit(RLIMIT_FSIZE, &none) == 0);
	return setgroups_deny(*(int *)process) == -EFBIG ? NULL : "not refused";
}

static const char *no_writes_needed(void *process)
{
	const struct rlimit none = { 0, 0 };

	signal(SIGXFSZ, SIG_IGN);
	CHILD_ASSERT(setrlimit(RLIMIT_FSIZE, &none) == 0);
	return setgroups_deny(*(int *)process) == 0 ? NULL : "refused";
}

/* A failed write is fatal, unless the file has `deny` already. */
Test(setgroups, failing_write)
{
	static const char *const others[] = { "allow\n", "", "den", "x", "Deny\n" };

	for (size_t i = 0; i < COUNT_OF(others); i++) {
		tmpdir_put(&tmpdir, "setgroups", others[i], strlen(others[i]), 0644);
		child_run(no_writes, &tmpdir.fd);
	}
	tmpdir_put(&tmpdir, "setgroups", BYTES("deny\n"), 0644);
	child_run(no_writes_needed, &tmpdir.fd);
}

static const char *real_namespace(void *context)
{
	char text[16] = "", map[32];
	gid_t gid = getegid();
	int fd, self;

	(void)context;
	if (unshare(CLONE_NEWUSER))
		return CHILD_SKIP "no user namespaces for this user";
	self = open("/proc/self", O_PATH | O_DIRECTORY);
	CHILD_ASSERT(setgroups_deny(self) == 0);
	CHILD_ASSERT((fd = openat(self, "setgroups", O_RDONLY)) >= 0);
	CHILD_ASSERT(read(fd, text, sizeof(text)) == 5 && strcmp(text, "deny\n") == 0);
	/* Denied already: nothing is written, since a write fails once there is a map. */
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	CHILD_ASSERT(put_text("/proc/self/gid_map", map));
	CHILD_ASSERT(!put_text("/proc/self/setgroups", "deny"));
	CHILD_ASSERT(setgroups_deny(self) == 0);
	return NULL;
}

Test(setgroups, real_namespace)
{
	child_run(real_namespace, NULL);
}
