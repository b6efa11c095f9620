// SPDX-License-Identifier: BSD-3-Clause
/*
 * identity: a site may install a program that writes setuid or with capabilities. What
 * that gives is for the changes that PAM permits, and for nothing else.
 *
 * MUST: what was asked of the kernel is read back.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "command/identity.h"

static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, data) || data[0].permitted ||
	       data[1].permitted;
}

/*
 * Tells whether the process still has what the file of the program gave and its caller
 * has not. Root has all. Thread-safe.
 */
bool identity_is_elevated(void)
{
	return getuid() != 0 && getauxval(AT_SECURE) != 0 &&
	       (geteuid() != getuid() || getegid() != getgid() || has_capabilities());
}

/* Permitted, effective and inheritable; with them ambient. glibc has no wrapper. */
static int clear_capabilities(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

static bool is(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	return getresuid(&ruid, &euid, &suid) == 0 && ruid == uid && euid == uid &&
	       suid == uid && getresgid(&rgid, &egid, &sgid) == 0 && rgid == gid &&
	       egid == gid && sgid == gid;
}

/*
 * Takes these ids alone, for good, without any capability. Supplementary groups stay. Of
 * what is in memory by then nothing is to be seen by who has the ids: the process is not
 * dumpable until it executes a program.
 *
 * Returns 0 or -errno; then the program must end at once.
 */
int identity_become(uid_t uid, gid_t gid)
{
	int r;

	/* Ids without a name in this user namespace cannot be set, nor have they to be.
	 */
	if (!is(uid, gid) && (setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
		return -errno;
	/* Securebits may have kept them, and file capabilities no change of ids takes. */
	r = clear_capabilities();
	if (r)
		return r;
	/* After the change of ids, which has set it to fs.suid_dumpable. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	/* A kernel that says yes and does nothing would be the end of all trust. */
	if (!is(uid, gid) || (uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)))
		return -EPERM;
	return 0;
}

/*
 * Gives up what the file of the program gave, if it gave anything. For the begin of a
 * program, when nothing is in memory that the caller may not see: the process becomes one
 * like any other of the caller's. As identity_become().
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
