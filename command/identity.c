// SPDX-License-Identifier: BSD-3-Clause
/*
 * identity: a site may install a program that writes setuid or with capabilities. That
 * privilege is only for changes that PAM permits.
 *
 * MUST: the ids that were set are read back.
 */
#include <errno.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command/identity.h"
#include "libsubid/sys/capabilities.h"

static bool has_capabilities(void)
{
	capset_t permitted = 0, effective = 0;

	return capabilities_get(&permitted, &effective) || permitted;
}

/*
 * Whether the process still has privilege from the program file that its caller lacks;
 * root lacks none. Thread-safe.
 */
bool identity_is_elevated(void)
{
	return getuid() != 0 && getauxval(AT_SECURE) != 0 &&
	       (geteuid() != getuid() || getegid() != getgid() || has_capabilities());
}

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
int identity_become(uid_t uid, gid_t gid)
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

/*
 * Drops the privilege that the program file gave, if any. For the start of a program,
 * when its memory holds nothing secret: the process stays dumpable. Returns as
 * identity_become().
 */
int identity_drop(void)
{
	int r;

	if (!identity_is_elevated())
		return 0;
	r = identity_become(getuid(), getgid());
	if (r == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		r = -errno;
	return r;
}
