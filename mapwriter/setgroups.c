// SPDX-License-Identifier: BSD-3-Clause
/*
 * setgroups: a process that maps its own group must not be able to drop a group that
 * denies it a file (CVE-2018-7169).
 *
 * MUST: any error is fatal. With CAP_SETGID the kernel would accept the map although
 * setgroups is allowed, and a process that enters its namespace between our two opens
 * makes the first one fail.
 * MUST: `allow` is never written.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "mapwriter/mapfile.h"
#include "mapwriter/target.h"

static const char deny[] = "deny";

static bool is_denied(int fd)
{
	char state[sizeof("allow\n")];
	size_t n = 0;

	return fd_read(fd, state, sizeof(state), &n) == 0 && n >= strlen(deny) &&
	       memcmp(state, deny, strlen(deny)) == 0;
}

/*
 * Makes sure that setgroups(2) is denied in the user namespace of the process. Once the
 * map is written the kernel accepts no second "deny"; then the state is read.
 *
 * process: a descriptor of /proc/PID.
 * Returns 0 or -errno.
 */
int setgroups_deny(int process)
{
	CLEANUP(fd_cleanup) int fd = target_open_file(process, "setgroups", O_RDWR);
	int r;

	if (fd < 0)
		return fd;
	r = fd_write_once(fd, deny, strlen(deny));
	return r && is_denied(fd) ? 0 : r;
}
