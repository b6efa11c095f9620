// SPDX-License-Identifier: BSD-3-Clause
/*
 * helper-execute: how a child becomes the helper.
 *
 * MUST: the helper has the real ids of the caller and no capability, and can gain none:
 * no_new_privs is set, see child.c.
 * MUST: until the program is executed, the child cannot be traced either.
 * MUST: its environment is empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/helper-protocol.h"
#include "libsubid/sys/become.h"
#include "libsubid/sys/capabilities.h"
#include "libsubid/sys/child.h"

/* What the process may drop; a map writer may not, and has nothing to gain from it. */
static void empty_bounding_set(void)
{
	capset_t permitted, effective = 0;

	if (capabilities_get(&permitted, &effective) ||
	    !(effective & CAPABILITY(CAP_SETPCAP)))
		return;
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

/* Executes @program for @parent, with @to as its socket. Returns -errno. */
int helper_execute(int program, int to, pid_t parent)
{
	char name[] = HELPER_NAME;
	char *const arguments[] = { name, NULL }, *const environment[] = { NULL };
	int r;

	empty_bounding_set();
	r = become_ids(getuid(), getgid());
	/* A change of ids has cleared it. */
	if (r == 0)
		r = child_end_with(parent, 0);
	if (r)
		return r;
	if (to == HELPER_SOCKET ? fcntl(to, F_SETFD, 0) : dup2(to, HELPER_SOCKET) < 0)
		return -errno;
	syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
	return -errno;
}
