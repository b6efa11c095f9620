// SPDX-License-Identifier: BSD-3-Clause
/*
 * setgroups: a process that maps its own group must not be able to drop a group that
 * keeps it out of a file (CVE-2018-7169).
 *
 * MUST: any error is fatal. While CAP_SETGID is held the kernel would write the map with
 * setgroups allowed, and a process that enters its namespace between our two opens makes
 * the first one fail.
 * MUST: `allow` is never written.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "mapwriter/setgroups.h"
#include "mapwriter/target.h"

static const char deny[] = "deny";

/*
 * Makes sure that setgroups(2) is denied in the user namespace of the process.
 *
 * process: a descriptor of /proc/PID.
 * Returns 0 or -errno.
 */
int setgroups_deny(int process)
{
	CLEANUP(fd_cleanup) int fd = target_open_file(process, "setgroups", O_RDWR);
	char state[sizeof("allow\n")];
	size_t n;
	int r;

	if (fd < 0)
		return fd;
	r = fd_read(fd, state, sizeof(state), &n);
	if (r)
		return r;
	/* Written again it would be EPERM once the map is there. */
	if (n >= sizeof(deny) - 1 && memcmp(state, deny, sizeof(deny) - 1) == 0)
		return 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return fd_write_once(fd, deny, sizeof(deny) - 1);
}
