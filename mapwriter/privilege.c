// SPDX-License-Identifier: BSD-3-Clause
/*
 * privilege: from "setuid root or with file capabilities" to two capabilities at most.
 *
 * Both ways of installing end in the same state: all ids are the caller's, so the kernel
 * compares the caller with the owner of the target, and the caller's files, signals and
 * limits are what they would be without us; of root's power no more than a capability
 * to map ids is left.
 *
 * MUST: all of it happens before anything that the caller or a file chose is read.
 * MUST: what was asked of the kernel is read back.
 *
 * CAP_SETUID still suffices to become root by running code; it is kept from confused
 * deputies, not from an attacker inside this process. SECURITY.md says more.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mapwriter/privilege.h"

_Static_assert(_LINUX_CAPABILITY_U32S_3 == 2, "a capset_t holds both halves");

/* glibc has no wrapper for these two, and libcap is a library too many. */
static int caps_get(capset_t *ret_permitted, capset_t *ret_effective)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return -errno;
	*ret_permitted = data[0].permitted | (capset_t)data[1].permitted << 32;
	*ret_effective = data[0].effective | (capset_t)data[1].effective << 32;
	return 0;
}

/* Inheritable, and with it ambient, becomes nothing. */
static int caps_set(capset_t permitted, capset_t effective)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = (uint32_t)effective, .permitted = (uint32_t)permitted },
		{ .effective = (uint32_t)(effective >> 32),
		  .permitted = (uint32_t)(permitted >> 32) },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static int caps_verify(capset_t caps)
{
	capset_t permitted = ~(capset_t)0, effective = ~(capset_t)0;
	int r = caps_get(&permitted, &effective);

	if (r)
		return r;
	return permitted == caps && effective == caps ? 0 : -EPERM;
}

/*
 * Notes who called and with what the program was started. Changes nothing.
 * Returns 0 or -errno.
 */
int privilege_note(struct privilege *ret_privilege)
{
	struct privilege privilege = { 0 };
	capset_t effective;
	uid_t euid, suid;
	gid_t egid, sgid;
	int r;

	if (getresuid(&privilege.uid, &euid, &suid) ||
	    getresgid(&privilege.gid, &egid, &sgid))
		return -errno;
	r = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (r < 0)
		return -errno;
	privilege.start_no_new_privs = r > 0;
	r = caps_get(&privilege.start_permitted, &effective);
	if (r)
		return r;

	privilege.held = privilege.start_permitted;
	*ret_privilege = privilege;
	return 0;
}

/* All three ids of each kind are the caller's real one. */
static int ids_verify(const struct privilege *privilege)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) || getresgid(&rgid, &egid, &sgid))
		return -errno;
	if (ruid != privilege->uid || euid != privilege->uid || suid != privilege->uid ||
	    rgid != privilege->gid || egid != privilege->gid || sgid != privilege->gid)
		return -EPERM;
	return 0;
}

/*
 * Lets the permitted set outlive setresuid(2). The usual way fails where the caller has
 * locked its bit (SECBIT_KEEP_CAPS_LOCKED); root may stop the kernel's fixing instead.
 * Whether it worked, capset(2) tells.
 */
static void keep_permitted(void)
{
	int bits;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0)
		return;
	bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	if (bits >= 0)
		prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0);
}

/*
 * Gives everything up but the capabilities of @wanted that are permitted.
 *
 * Returns 0 or -errno; then the program must end at once.
 */
int privilege_cut(struct privilege *privilege, capset_t wanted)
{
	/* A bit outside the permitted set would fail the whole capset(2). */
	capset_t caps = wanted & privilege->start_permitted;
	int r;

	/* Nothing that is run from here on can gain what was given up. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	keep_permitted();
	/*
	 * No capability helps with the change of ids: it may only go to ids that are
	 * there. The ids of a caller who has none in this user namespace read as 65534,
	 * which may be somebody.
	 */
	r = caps_set(caps, 0);
	if (r)
		return r;
	/*
	 * All three: a saved uid 0 is as good as root. The effective uid becomes the
	 * caller's so that the kernel's own check of the target's owner takes part (a map
	 * file opened as root takes a write for anybody's process), and with file
	 * capabilities too, since the caller may come with two different ids.
	 */
	if (setresgid(privilege->gid, privilege->gid, privilege->gid) ||
	    setresuid(privilege->uid, privilege->uid, privilege->uid))
		return -errno;
	/* After the change of ids, which has emptied the effective set. */
	r = caps_set(caps, caps);
	if (r)
		return r;
	/*
	 * After the change of ids, which has set it to fs.suid_dumpable: a dumpable
	 * process is its owner's to trace, with its memory and its open database.
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;

	r = ids_verify(privilege);
	if (r)
		return r;
	r = caps_verify(caps);
	if (r)
		return r;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -EPERM;
	privilege->held = caps;
	return 0;
}

/*
 * Keeps of the capabilities that are held only those in @wanted; 0 for none.
 * Returns 0 or -errno; then the program must end at once.
 */
int privilege_keep(struct privilege *privilege, capset_t wanted)
{
	capset_t caps = privilege->held & wanted;
	int r = caps_set(caps, caps);

	if (r)
		return r;
	r = caps_verify(caps);
	if (r)
		return r;
	privilege->held = caps;
	return 0;
}
