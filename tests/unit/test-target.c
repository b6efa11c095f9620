// SPDX-License-Identifier: BSD-3-Clause
/*
 * Targets: what names a process, and what a descriptor of /proc/PID is.
 */
#include <limits.h>

#include "mapwriter/target.h"
#include "tests/unit/unit.h"

/* A process id or fd:N, in the one spelling of a number. */
Test(target, parse)
{
	static const struct {
		const char *argument;
		int r;
		bool borrowed;
		int number;
	} rows[] = {
		{ "1", 0, false, 1 },
		{ "0", 0, false, 0 },
		{ "4194303", 0, false, 4194303 },
		{ "2147483647", 0, false, 2147483647 },
		{ "fd:0", 0, true, 0 },
		{ "fd:3", 0, true, 3 },
		{ "fd:2147483647", 0, true, 2147483647 },
		{ "2147483648", TARGET_MALFORMED, false, 0 },
		{ "4294967297", TARGET_MALFORMED, false, 0 },
		{ "18446744073709551617", TARGET_MALFORMED, false, 0 },
		{ "fd:2147483648", TARGET_MALFORMED, false, 0 },
		{ "fd:4294967299", TARGET_MALFORMED, false, 0 },
		{ "", TARGET_MALFORMED, false, 0 },
		{ "-1", TARGET_MALFORMED, false, 0 },
		{ "+1", TARGET_MALFORMED, false, 0 },
		{ " 1", TARGET_MALFORMED, false, 0 },
		{ "1 ", TARGET_MALFORMED, false, 0 },
		{ "01", TARGET_MALFORMED, false, 0 },
		{ "0x1", TARGET_MALFORMED, false, 0 },
		{ "self", TARGET_MALFORMED, false, 0 },
		{ "1/task/1", TARGET_MALFORMED, false, 0 },
		{ "../1", TARGET_MALFORMED, false, 0 },
		{ "fd", TARGET_MALFORMED, false, 0 },
		{ "fd:", TARGET_MALFORMED, false, 0 },
		{ "fd:-1", TARGET_MALFORMED, false, 0 },
		{ "fd:03", TARGET_MALFORMED, false, 0 },
		{ "fd: 3", TARGET_MALFORMED, false, 0 },
		{ "fd:3x", TARGET_MALFORMED, false, 0 },
		{ "fd:fd:3", TARGET_MALFORMED, false, 0 },
		{ "FD:3", TARGET_MALFORMED, false, 0 },
		{ "fd3", TARGET_MALFORMED, false, 0 },
		{ "pidfd:3", TARGET_MALFORMED, false, 0 },
		{ "00000000000000000000000000000001", TARGET_MALFORMED, false, 0 },
		{ "1111111111111111111111111111111111111111", TARGET_MALFORMED, false,
		  0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct target target, before;
		int r;

		memset(&target, 0x5e, sizeof(target));
		before = target;
		r = target_parse(rows[i].argument, &target);
		cr_assert(r == rows[i].r, "'%s': %d", rows[i].argument, r);
		if (r) {
			cr_assert(memcmp(&target, &before, sizeof(target)) == 0, "'%s'",
				  rows[i].argument);
			continue;
		}
		cr_assert_str_eq(target.name, rows[i].argument);
		cr_assert(target.borrowed == rows[i].borrowed);
		cr_assert(target.fd == (rows[i].borrowed ? rows[i].number : -1));
		cr_assert(target.pid == (rows[i].borrowed ? 0 : rows[i].number));
	}
}

static void parse(struct target *target, const char *format, int number)
{
	char argument[32];

	snprintf(argument, sizeof(argument), "%s%d", format, number);
	cr_assert(target_parse(argument, target) == 0);
}

/* A process by its id: its ids are those of its directory, which stays open. */
Test(target, open_pid)
{
	struct target target;
	struct stat st;
	int fd;

	parse(&target, "", getpid());
	cr_assert(target_open(&target, -1) == 0);
	cr_assert(stat("/proc/self/", &st) == 0);
	cr_assert(target.uid == st.st_uid && target.gid == st.st_gid);
	cr_assert(fcntl(target.fd, F_GETFD) == FD_CLOEXEC);
	cr_assert(fcntl(target.fd, F_GETFL) & O_PATH);
	cr_assert(faccessat(target.fd, "uid_map", F_OK, 0) == 0);
	cr_assert_not(target_is_gone(&target));
	fd = target.fd;
	target_cleanup(&target);
	cr_assert(target.fd == -1 && fcntl(fd, F_GETFD) < 0);
	target_cleanup(&target);

	parse(&target, "", 0);
	cr_assert(target_open(&target, -1) == -ENOENT && target.fd == -1);
	parse(&target, "", INT_MAX);
	cr_assert(target_open(&target, -1) == -ENOENT);
	target_cleanup(&target);
}

/* Descriptors of the caller: a directory below /proc, not one of ours. It stays open.
 */
Test(target, open_fd)
{
	static const struct {
		const char *path;
		int flags;
		int r;
	} rows[] = {
		{ "/proc/self", O_PATH | O_DIRECTORY, 0 },
		{ "/proc/self", O_RDONLY | O_DIRECTORY, 0 },
		{ "/proc/self", O_PATH | O_NOFOLLOW, TARGET_NOT_PROC }, /* the link */
		{ "/proc/self/status", O_RDONLY, TARGET_NOT_PROC },
		{ "/proc/self/uid_map", O_PATH, TARGET_NOT_PROC },
		{ "/tmp", O_PATH, TARGET_NOT_PROC },
		{ "/", O_RDONLY, TARGET_NOT_PROC },
		{ "/dev/null", O_RDWR, TARGET_NOT_PROC },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int fd = open(rows[i].path, rows[i].flags | O_CLOEXEC);
		struct target target;
		int r;

		cr_assert(fd >= 0, "%s", rows[i].path);
		parse(&target, "fd:", fd);
		r = target_open(&target, -1);
		cr_assert(r == rows[i].r, "%s: %d", rows[i].path, r);
		if (r == 0)
			cr_assert(target.uid == geteuid() && target.gid == getegid());
		/* The same descriptor, if it is the program's own. */
		parse(&target, "fd:", fd);
		cr_assert(target_open(&target, fd) == -EBADF);
		target_cleanup(&target);
		cr_assert(fcntl(fd, F_GETFD) >= 0, "%s was closed", rows[i].path);
		close(fd);
		parse(&target, "fd:", fd);
		cr_assert(target_open(&target, -1) == -EBADF);
	}
}

static const char *open_files(void *context)
{
	const char *complaint = child_own_mounts();
	int self, fd;

	(void)context;
	if (complaint)
		return complaint;
	self = open("/proc/self", O_PATH | O_DIRECTORY);
	CHILD_ASSERT(self >= 0);
	fd = target_open_file(self, "uid_map", O_RDONLY);
	CHILD_ASSERT(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHILD_ASSERT((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	fd = target_open_file(self, "uid_map", O_WRONLY);
	CHILD_ASSERT(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY);
	CHILD_ASSERT(target_open_file(self, "missing", O_RDONLY) == -ENOENT);
	CHILD_ASSERT(target_open_file(-1, "uid_map", O_RDONLY) == -EBADF);
	/* A link out of the directory, here to the test program. */
	CHILD_ASSERT(target_open_file(self, "exe", O_RDONLY) == -ELOOP);
	/* Another file mounted over it. */
	if (mount("/proc/self/status", "/proc/self/uid_map", NULL, MS_BIND, NULL))
		return CHILD_SKIP "nothing can be mounted below /proc";
	CHILD_ASSERT(target_open_file(self, "uid_map", O_RDONLY) == -EXDEV);
	CHILD_ASSERT(target_open_file(self, "gid_map", O_RDONLY) >= 0);
	return NULL;
}

/* The files of the process are read, not those that the caller mounts over them. */
Test(target, open_file)
{
	child_run(open_files, NULL);
}

/* A process that ended is not taken for root's, and its id never leads to another. */
Test(target, gone)
{
	struct target target;
	int ends[2];
	char byte;
	pid_t pid;

	cr_assert(pipe2(ends, O_CLOEXEC) == 0);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(ends[0]);
	parse(&target, "", pid);
	cr_assert(target_open(&target, -1) == 0);
	cr_assert_not(target_is_gone(&target));
	close(ends[1]);
	cr_assert(waitpid(pid, NULL, 0) == pid);
	cr_assert(target_is_gone(&target));
	target_cleanup(&target);
	parse(&target, "", pid);
	cr_assert(target_open(&target, -1) == -ENOENT);
}
