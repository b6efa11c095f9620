// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-host: settings of the kernel that decide about user namespaces.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"

/* The inode of the initial user namespace, PROC_USER_INIT_INO of the kernel. */
#define USERNS_FIRST 0xeffffffd

/* A number in a file below /proc; -1: there is none. */
static int64_t read_number(int proc, const char *name)
{
	CLEANUP(fd_cleanup) int fd = openat(proc, name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	char text[NUM_BYTES + 1];
	uint64_t value;
	size_t n;

	if (fd < 0 || fd_read(fd, text, sizeof(text), &n))
		return -1;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	return num_parse(text, n, INT64_MAX, &value) ? -1 : (int64_t)value;
}

/* False if unknown. */
static bool is_outermost(int proc)
{
	struct stat status;

	return fstatat(proc, "self/ns/user", &status, 0) == 0 &&
	       status.st_ino == USERNS_FIRST;
}

/*
 * Fills the settings of the kernel in @ret_host, and only those.
 * proc: a descriptor of /proc, or of a directory with files of the same names.
 */
void facts_gather_settings(int proc, struct facts_host *ret_host)
{
	ret_host->max_namespaces = read_number(proc, "sys/user/max_user_namespaces");
	ret_host->unprivileged_clone =
		read_number(proc, "sys/kernel/unprivileged_userns_clone");
	ret_host->apparmor =
		read_number(proc, "sys/kernel/apparmor_restrict_unprivileged_userns");
	ret_host->outermost = is_outermost(proc);
}
