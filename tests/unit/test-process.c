// SPDX-License-Identifier: BSD-3-Clause
#include "libsubid/sys/process.h"
#include "libsubid/sys/processes.h"
#include "tests/unit/unit.h"

static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The ids of this process, by what getresuid(2) says. */
Test(process, ids)
{
	CLEANUP(fd_cleanup) int self = open_process(getpid());
	struct process_ids ids;
	uid_t uids[3];
	gid_t gids[3];

	cr_assert_eq(getresuid(&uids[0], &uids[1], &uids[2]), 0);
	cr_assert_eq(getresgid(&gids[0], &gids[1], &gids[2]), 0);
	cr_assert_eq(process_read_ids(self, &kind_uid, &ids), 0);
	cr_expect(ids.real == uids[0] && ids.effective == uids[1] &&
		  ids.saved == uids[2]);
	cr_assert_eq(process_read_ids(self, &kind_gid, &ids), 0);
	cr_expect(ids.real == gids[0] && ids.effective == gids[1] &&
		  ids.saved == gids[2]);
}

/* A child in a namespace of its own has no map, and then the one that is written. */
Test(process, map)
{
	CLEANUP(fd_cleanup) int process = -1;
	char path[64], text[64];
	struct idmap map;
	ino_t ours, theirs;
	int ready[2], fd;
	pid_t child;
	char byte;

	cr_assert_eq(pipe(ready), 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		byte = unshare(CLONE_NEWUSER) == 0 ? '+' : '-';
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	if (byte != '+') {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		cr_skip_test("needs user namespaces");
	}
	process = open_process(child);
	cr_assert_eq(process_read_map(process, &kind_uid, &map), 0);
	cr_expect_eq(map.n, 0);

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)child);
	snprintf(text, sizeof(text), "7 %u 1\n", geteuid());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	cr_assert_eq(process_read_map(process, &kind_uid, &map), 0);
	cr_assert_eq(map.n, 1);
	cr_expect(map.extents[0].inner == 7 && map.extents[0].outer == geteuid() &&
		  map.extents[0].count == 1);

	cr_expect_eq(process_userns(process, &theirs), 0);
	fd = open_process(getpid());
	cr_expect_eq(process_userns(fd, &ours), 0);
	close(fd);
	cr_expect_neq(ours, theirs);

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_expect_lt(process_read_map(process, &kind_uid, &map), 0);
	cr_expect_lt(process_userns(process, &theirs), 0);
}

/* A folder that is no process. */
Test(process, none)
{
	CLEANUP(fd_cleanup) int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct process_ids ids;
	struct idmap map;

	cr_expect_eq(process_read_ids(folder, &kind_uid, &ids), -ENOENT);
	cr_expect_eq(process_read_map(folder, &kind_gid, &map), -ENOENT);
}

static int is_self(pid_t pid, int process, void *context)
{
	struct process_ids ids;

	(*(int *)context)++;
	return pid == getpid() && process_read_ids(process, &kind_uid, &ids) == 0;
}

static int count(pid_t pid, int process, void *context)
{
	(void)pid;
	(void)process;
	(*(int *)context)++;
	return 0;
}

/* Each process once, until somebody has seen enough. */
Test(process, each)
{
	int some = 0, all = 0;

	cr_expect_eq(processes_each(is_self, &some), 1);
	cr_expect_eq(processes_each(count, &all), 0);
	cr_expect(some > 0 && all > 0);
}
