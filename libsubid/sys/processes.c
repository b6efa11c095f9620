// SPDX-License-Identifier: BSD-3-Clause
/*
 * processes: walks through /proc. Apart from process.c since the map writers, which need
 * that one, look at no process but one.
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

static void folder_cleanup(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

static int hand_over(int proc, const char *name, processes_take_fn take, void *context)
{
	CLEANUP(fd_cleanup) int process = -1;
	uint64_t pid;

	if (num_parse(name, strlen(name), INT32_MAX, &pid))
		return 0;
	process = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	return take((pid_t)pid, process, context);
}

/*
 * Hands each process that /proc shows to @take, in the order of /proc.
 * Returns 0, what @take returned, or -errno: -ENOENT where this process is not among
 * them, so that /proc says nothing; -EPERM, after all that it shows, where it hides
 * processes, as with hidepid: each process namespace has a process 1. Thread-safe.
 */
int processes_each(processes_take_fn take, void *context)
{
	CLEANUP(folder_cleanup) DIR *folder = opendir("/proc");
	struct dirent *entry;
	struct stat first;
	char self[16];

	if (!folder || readlinkat(dirfd(folder), "self", self, sizeof(self)) < 0)
		return -errno;
	errno = 0;
	while ((entry = readdir(folder))) {
		int r = hand_over(dirfd(folder), entry->d_name, take, context);

		if (r)
			return r;
		errno = 0;
	}
	if (errno)
		return -errno;
	return fstatat(dirfd(folder), "1", &first, 0) ? -EPERM : 0;
}
