// SPDX-License-Identifier: BSD-3-Clause
/*
 * processes: walks through /proc. Apart from process.c since the map writers, which need
 * that one, look at no process but one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/processes.h"

static void folder_cleanup(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/*
 * Hands each process that /proc shows to @take, in the order of /proc.
 * Returns 0, what @take returned, or -errno. Thread-safe.
 */
int processes_each(processes_take_fn take, void *context)
{
	CLEANUP(folder_cleanup) DIR *folder = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;
	int r;

	if (!folder)
		return -errno;
	while ((entry = readdir(folder))) {
		CLEANUP(fd_cleanup) int process = -1;

		if (num_parse(entry->d_name, strlen(entry->d_name), INT32_MAX, &pid))
			continue;
		process = openat(dirfd(folder), entry->d_name,
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = process < 0 ? 0 : take((pid_t)pid, process, context);
		if (r)
			return r;
	}
	return 0;
}
