// SPDX-License-Identifier: BSD-3-Clause
/*
 * The write of a map: exact bytes in one piece, on a directory that stands for /proc/PID;
 * then in a real user namespace.
 */
#include <signal.h>
#include <sys/resource.h>

#include "libsubid/core/idmap.h"
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

TestSuite(mapfile, .init = set_up, .fini = tear_down);

static const struct idmap two = {
	.extents = { { 0, 3000000, 1000 }, { 1000, 4294967294, 1 } },
	.n = 2,
};

/* Writes @map as a map writer does. */
static int write_idmap(const struct kind *kind, int process, const struct idmap *map,
		       int *ret_error)
{
	static char text[LIMIT_EXTENTS * IDMAP_LINE_BYTES];
	size_t len = idmap_render(map, text, sizeof(text));

	return mapfile_write(kind, process, text, len, ret_error);
}

Test(mapfile, write)
{
	char text[64];
	int error = 77;

	tmpdir_put(&tmpdir, "uid_map", BYTES(""), 0644);
	tmpdir_put(&tmpdir, "gid_map", BYTES(""), 0644);
	cr_assert(write_idmap(&kind_uid, tmpdir.fd, &two, &error) == 0 && error == 77);
	tmpdir_get(&tmpdir, "uid_map", text, sizeof(text));
	cr_assert_str_eq(text, "0 3000000 1000\n1000 4294967294 1\n");
	tmpdir_get(&tmpdir, "gid_map", text, sizeof(text));
	cr_assert_str_eq(text, "");
	cr_assert(write_idmap(&kind_gid, tmpdir.fd, &two, &error) == 0);
	tmpdir_get(&tmpdir, "gid_map", text, sizeof(text));
	cr_assert_str_eq(text, "0 3000000 1000\n1000 4294967294 1\n");
}

static const char *small_files(void *process)
{
	const struct rlimit limit = { 10, 10 };
	int error = 0;

	signal(SIGXFSZ, SIG_IGN);
	CHILD_ASSERT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	/* The file takes only a part of it: an error. */
	CHILD_ASSERT(write_idmap(&kind_uid, *(int *)process, &two, &error) ==
		     MAPFILE_WRITE);
	CHILD_ASSERT(error == EIO);
	return NULL;
}

/* The failed step, and why. */
Test(mapfile, failures)
{
	int error = 77;

	cr_assert(write_idmap(&kind_uid, tmpdir.fd, &two, &error) == MAPFILE_OPEN);
	cr_assert(error == ENOENT);
	tmpdir_put(&tmpdir, "target", BYTES(""), 0644);
	cr_assert(symlinkat("target", tmpdir.fd, "uid_map") == 0);
	cr_assert(write_idmap(&kind_uid, tmpdir.fd, &two, &error) == MAPFILE_OPEN);
	cr_assert(error == ELOOP);
	tmpdir_put(&tmpdir, "gid_map", BYTES(""), 0644);
	cr_assert(unlinkat(tmpdir.fd, "uid_map", 0) == 0);
	tmpdir_put(&tmpdir, "uid_map", BYTES(""), 0644);
	child_run(small_files, &tmpdir.fd);
}

/* The longest map is written whole. */
Test(mapfile, longest)
{
	struct idmap map = { .n = LIMIT_EXTENTS };
	static char text[LIMIT_EXTENTS * IDMAP_LINE_BYTES + 1];
	size_t n;
	int error = 77;

	for (size_t i = 0; i < LIMIT_EXTENTS; i++)
		map.extents[i] = (struct extent){ 4000000000, 4000000001, 100000001 };
	tmpdir_put(&tmpdir, "uid_map", BYTES(""), 0644);
	cr_assert(write_idmap(&kind_uid, tmpdir.fd, &map, &error) == 0 && error == 77);
	n = tmpdir_get(&tmpdir, "uid_map", text, sizeof(text));
	cr_assert(n == LIMIT_EXTENTS * 32);
	for (size_t i = 0; i < LIMIT_EXTENTS; i++)
		cr_assert(memcmp(text + i * 32, "4000000000 4000000001 100000001\n",
				 32) == 0);
}

static const char *real_namespace(void *context)
{
	struct idmap map = { .extents = { { 7, geteuid(), 1 } }, .n = 1 };
	char text[64] = "", expected[64];
	int self, fd, error = 0;

	(void)context;
	if (unshare(CLONE_NEWUSER))
		return CHILD_SKIP "no user namespaces for this user";
	self = open("/proc/self", O_PATH | O_DIRECTORY);
	CHILD_ASSERT(write_idmap(&kind_uid, self, &map, &error) == 0);
	CHILD_ASSERT((fd = openat(self, "uid_map", O_RDONLY)) >= 0);
	CHILD_ASSERT(read(fd, text, sizeof(text) - 1) == 33);
	snprintf(expected, sizeof(expected), "%10u %10u %10u\n", 7U,
		 /* The parent's ids are not seen from inside. */
		 7U, 1U);
	CHILD_ASSERT(strncmp(text, expected, 10) == 0 &&
		     strcmp(text + 21, expected + 21) == 0);
	CHILD_ASSERT(getuid() == 7);
	/* A map can be written once. */
	CHILD_ASSERT(write_idmap(&kind_uid, self, &map, &error) == MAPFILE_WRITE);
	CHILD_ASSERT(error == EPERM);
	return NULL;
}

Test(mapfile, real_namespace)
{
	child_run(real_namespace, NULL);
}
