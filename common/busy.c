// SPDX-License-Identifier: BSD-3-Clause
/*
 * busy: looks through /proc for processes of a user: those that run as the user, and
 * those in another user namespace than ours that run as one of its subordinate uids.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "common/busy.h"

static void folder_cleanup(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* Real, effective and saved uid out of `Uid:` in /proc/PID/status, see proc(5). */
static bool read_uids(int process, uint64_t uids[static 3])
{
	CLEANUP(fd_cleanup) int fd = openat(process, "status", O_RDONLY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	if (fd < 0 || scan_start(&scan, fd))
		return false;
	while (scan_next(&scan, &line) > 0) {
		const char *at = line.text + 5, *end = line.text + line.len;

		if (line.len < 5 || memcmp(line.text, "Uid:\t", 5) != 0)
			continue;
		for (int i = 0; i < 3; i++) {
			const char *tab = memchr(at, '\t', (size_t)(end - at));

			if (!tab ||
			    num_parse(at, (size_t)(tab - at), UINT32_MAX, &uids[i]))
				return false;
			at = tab + 1;
		}
		return true;
	}
	return false;
}

static bool is_in_other_namespace(int process)
{
	struct stat ours, theirs;

	return stat("/proc/self/ns/user", &ours) == 0 &&
	       fstatat(process, "ns/user", &theirs, 0) == 0 &&
	       ours.st_ino != theirs.st_ino;
}

static bool uses(int process, uid_t uid, const struct range_set *subordinate)
{
	uint64_t uids[3];
	bool inside = false;

	if (!read_uids(process, uids))
		return false;
	for (int i = 0; i < 3; i++) {
		if (uids[i] == uid)
			return true;
		inside |= range_set_overlaps(subordinate,
					     (struct range){ uids[i], uids[i] + 1 });
	}
	return inside && is_in_other_namespace(process);
}

/*
 * Finds a process of @uid, or one inside a namespace of its @subordinate uids.
 * Returns its process id, 0 when there is none.
 */
pid_t busy_process(uid_t uid, const struct range_set *subordinate)
{
	CLEANUP(folder_cleanup) DIR *folder = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;

	while (folder && (entry = readdir(folder))) {
		CLEANUP(fd_cleanup) int process = -1;

		if (num_parse(entry->d_name, strlen(entry->d_name), INT32_MAX, &pid))
			continue;
		process = openat(dirfd(folder), entry->d_name,
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (process >= 0 && uses(process, uid, subordinate))
			return (pid_t)pid;
	}
	return 0;
}
