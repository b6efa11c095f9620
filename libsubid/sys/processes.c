// SPDX-License-Identifier: BSD-3-Clause
/*
 * processes: walks through /proc. Apart from process.c since the map writers, which need
 * that one, look at no process but one.
 *
 * A process or a thread that has ended meanwhile is none. One that cannot be looked at
 * does not end the walk, and its error is what the walk returns.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/processes.h"
#include "libsubid/sys/wait.h"

/* A user can make threads as fast as they are read, and the caller has the locks. */
#define WALK_MILLISECONDS 15000

static void directory_cleanup(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static int hand_over(int directory, const char *name, processes_take_fn take,
		     void *context)
{
	CLEANUP(fd_cleanup) int process = -1;
	uint64_t pid;

	if (num_parse(name, strlen(name), INT32_MAX, &pid))
		return 0;
	process = openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return process < 0 ? -errno : take((pid_t)pid, process, context);
}

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ESRCH;
}

static DIR *open_directory(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory)
		fd_close(fd);
	return directory;
}

/* Hands each entry of a directory that is a number to @take. */
static int walk(int at, const char *name, processes_take_fn take, void *context)
{
	CLEANUP(directory_cleanup) DIR *directory = open_directory(at, name);
	const int64_t end = wait_clock() + WALK_MILLISECONDS;
	struct dirent *entry;
	int failed = 0;

	if (!directory)
		return -errno;
	errno = 0;
	while ((entry = readdir(directory))) {
		int r = hand_over(dirfd(directory), entry->d_name, take, context);

		if (r > 0)
			return r;
		if (failed == 0 && !is_gone(r))
			failed = r;
		/* Threads that are made meanwhile come at the end. */
		if (wait_clock() > end)
			return failed ? failed : -ETIMEDOUT;
		errno = 0;
	}
	return failed ? failed : -errno;
}

/*
 * Hands each process that /proc shows to @take, in the order of /proc.
 * Returns 0, what @take returned if it is positive, or else the first error, after all
 * processes that can be looked at: -ENOENT where this process is not among them, so that
 * /proc says nothing; -EPERM where it hides processes, as with hidepid: each process
 * namespace has a process 1. Thread-safe.
 */
int processes_each(processes_take_fn take, void *context)
{
	struct stat first;
	char self[16];
	int r;

	if (readlink("/proc/self", self, sizeof(self)) < 0)
		return -errno;
	r = walk(AT_FDCWD, "/proc", take, context);
	return r == 0 && stat("/proc/1", &first) ? -EPERM : r;
}

/*
 * Hands each thread of a process to @take: each has ids of its own, and the first one may
 * have ended before the others. Returns 0, what @take returned if it is positive, or else
 * the first error. Thread-safe.
 */
int processes_each_thread(int process, processes_take_fn take, void *context)
{
	return walk(process, "task", take, context);
}
