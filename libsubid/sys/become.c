// SPDX-License-Identifier: BSD-3-Clause
/*
 * become: drops all privilege and has the ids of one user.
 *
 * MUST: the ids that were set are read back.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libsubid/sys/become.h"
#include "libsubid/sys/capabilities.h"

static bool ids_are(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	return getresuid(&ruid, &euid, &suid) == 0 && ruid == uid && euid == uid &&
	       suid == uid && getresgid(&rgid, &egid, &sgid) == 0 && rgid == gid &&
	       egid == gid && sgid == gid;
}

/*
 * Sets these ids only, for good, and drops all capabilities. Supplementary groups stay.
 * The process is not dumpable until it executes a program: a user with these ids must not
 * read its memory.
 *
 * Returns 0 or -errno; then the program must end at once.
 */
int become_ids(uid_t uid, gid_t gid)
{
	int r;

	/* Ids without a mapping here cannot be set, nor must they if they are current. */
	if (!ids_are(uid, gid) && (setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
		return -errno;
	/* Securebits may have kept them, and a change of ids keeps file capabilities. */
	r = capabilities_set(0, 0);
	if (r)
		return r;
	/* After the change of ids, which has set it to fs.suid_dumpable. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	/* Verify that the ids are set and that root cannot be regained. */
	if (!ids_are(uid, gid) || (uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)))
		return -EPERM;
	return 0;
}
