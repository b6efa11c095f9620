// SPDX-License-Identifier: BSD-3-Clause
/*
 * What /proc shows about processes.
 */
#include <grp.h>
#include <sys/prctl.h>

#include "libsubid/sys/process.h"
#include "tests/unit/unit.h"

static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void read_status(int process, struct process_status *status)
{
	cr_assert_eq(process_read_status(process, status), 0);
}

/* The ids and the name of this process, compared with getresuid(2) and prctl(2). */
Test(process, ids)
{
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };
	CLEANUP(fd_cleanup) int self = open_process(getpid());
	char name[PROCESS_NAME_BYTES];
	struct process_ids ids;
	uid_t uids[3];
	gid_t gids[3];

	cr_assert_eq(prctl(PR_SET_NAME, "a b\nc"), 0);
	cr_assert_eq(getresuid(&uids[0], &uids[1], &uids[2]), 0);
	cr_assert_eq(getresgid(&gids[0], &gids[1], &gids[2]), 0);
	read_status(self, &status);
	cr_assert_eq(process_ids(&status, &kind_uid, &ids), 0);
	cr_expect(ids.real == uids[0] && ids.effective == uids[1] &&
		  ids.saved == uids[2]);
	cr_assert_eq(process_ids(&status, &kind_gid, &ids), 0);
	cr_expect(ids.real == gids[0] && ids.effective == gids[1] &&
		  ids.saved == gids[2]);
	process_name(&status, name);
	cr_expect_str_eq(name, "a b\\nc");
	cr_expect_not(process_has_ended(&status));
}

#define GROUPS 3000

static const char *find_ids(void *context)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(2);
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };
	CLEANUP(fd_cleanup) int self = open_process(getpid());
	static gid_t groups[GROUPS];
	uint32_t id = 0;

	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "needs root";
	/* Longer than a line of a database may be. */
	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = 4000000000U + (gid_t)i;
	CHILD_ASSERT(setgroups(GROUPS, groups) == 0);
	CHILD_ASSERT(setresgid(11, 12, 13) == 0 && setresuid(21, 22, 23) == 0);
	CHILD_ASSERT(process_read_status(self, &status) == 0);
	for (uint32_t wanted = 0; wanted < 30; wanted++) {
		range_set_clear(&ids);
		CHILD_ASSERT(range_set_add(&ids, (struct range){ wanted, wanted + 1 }) ==
			     0);
		CHILD_ASSERT(process_find_id(&status, &kind_uid, &ids, &id) ==
			     (wanted >= 21 && wanted <= 23));
		CHILD_ASSERT(process_find_id(&status, &kind_gid, &ids, &id) ==
			     (wanted >= 11 && wanted <= 13));
		CHILD_ASSERT(wanted < 11 || wanted > 13 || id == wanted);
	}
	range_set_clear(&ids);
	CHILD_ASSERT(range_set_add(&ids, (struct range){ 4000002999U, 4000003999U }) ==
		     0);
	CHILD_ASSERT(process_find_id(&status, &kind_gid, &ids, &id) == 1);
	CHILD_ASSERT(id == 4000002999U);
	CHILD_ASSERT(process_find_id(&status, &kind_uid, &ids, &id) == 0);
	return NULL;
}

/* Real, effective and saved ids, and for gids also the last of many groups. */
Test(process, find_id)
{
	child_run(find_ids, NULL);
}

/* A zombie. */
Test(process, ended)
{
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };
	CLEANUP(fd_cleanup) int process = -1;
	siginfo_t info;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	process = open_process(child);
	read_status(process, &status);
	cr_expect(process_has_ended(&status));
	cr_assert_eq(waitpid(child, NULL, 0), child);
	process_status_cleanup(&status);
	cr_expect_lt(process_read_status(process, &status), 0);
}

/* A child in a new namespace has no map, and then the map that is written. */
Test(process, map)
{
	CLEANUP(fd_cleanup) int process = -1;
	char path[64], text[64];
	struct idmap map;
	ino_t ours = 0, theirs = 0;
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

/* A directory that is not of a process. */
Test(process, none)
{
	CLEANUP(fd_cleanup) int tmpdir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct process_status status = { 0 };
	struct idmap map;

	cr_expect_eq(process_read_status(tmpdir, &status), -ENOENT);
	cr_expect_eq(process_read_map(tmpdir, &kind_gid, &map), -ENOENT);
}

static int is_self(pid_t pid, int process, void *context)
{
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };

	(*(int *)context)++;
	return pid == getpid() && process_read_status(process, &status) == 0;
}

static int count(pid_t pid, int process, void *context)
{
	(void)pid;
	(void)process;
	(*(int *)context)++;
	return 0;
}

/* Each process once, until the caller's function ends the walk. */
Test(process, each)
{
	int some = 0, all = 0;

	cr_expect_eq(processes_each(is_self, &some), 1);
	cr_expect_eq(processes_each(count, &all), 0);
	cr_expect(some > 0 && all > 0);
}
