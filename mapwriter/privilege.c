// SPDX-License-Identifier: BSD-3-Clause
/*
 * privilege: reduces setuid root or file capabilities to what a map needs.
 *
 * Both ways of installing lead to the same state. All ids are the caller's: the kernel
 * compares the caller with the owner of the target, and files, signals and limits work as
 * in any program of the caller. Of root's privilege only a capability to map ids is left,
 * and it is not in effect until the map is opened.
 *
 * MUST: this happens before anything that the caller or a file chose is read.
 * MUST: the ids, capabilities and flags that were set are read back.
 * MUST: no capability is in effect but after privilege_raise().
 * MUST: the program has one thread.
 *
 * Code that runs with CAP_SETUID can still become root. This protects against a confused
 * deputy, not against an attacker inside this process. SECURITY.md says more.
 */
#include <errno.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libsubid/sys/capabilities.h"
#include "mapwriter/privilege.h"

/* Checks the capabilities that the kernel shows. */
static int caps_verify(capset_t permitted, capset_t effective)
{
	capset_t now_permitted = ~(capset_t)0, now_effective = ~(capset_t)0;
	int r = capabilities_get(&now_permitted, &now_effective);

	if (r)
		return r;
	return now_permitted == permitted && now_effective == effective ? 0 : -EPERM;
}

static int caps_change(struct privilege *privilege, capset_t permitted,
		       capset_t effective)
{
	int r = capabilities_set(permitted, effective);

	if (r)
		return r;
	r = caps_verify(permitted, effective);
	if (r)
		return r;
	privilege->held = permitted;
	return 0;
}

/*
 * Notes the caller's ids and the privilege at the start. Changes nothing.
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
	r = capabilities_get(&privilege.start_permitted, &effective);
	if (r)
		return r;

	privilege.held = privilege.start_permitted;
	*ret_privilege = privilege;
	return 0;
}

/* Checks that the real, effective and saved ids are the caller's. */
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
 * Keeps the permitted set when the ids change. PR_SET_KEEPCAPS fails if the caller has
 * locked its bit (SECBIT_KEEP_CAPS_LOCKED); root can set SECBIT_NO_SETUID_FIXUP instead.
 * If neither worked, the set that is read back after the change is empty.
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
 * setresgid(2) and setresuid(2), by the numbers for ids of 32 bits. They change the only
 * thread; functions of libc care for all threads, for which musl blocks all signals.
 */
#ifdef SYS_setresuid32
#define SET_GIDS SYS_setresgid32
#define SET_UIDS SYS_setresuid32
#else
#define SET_GIDS SYS_setresgid
#define SET_UIDS SYS_setresuid
#endif

/*
 * Gives up all privilege but the capabilities of @wanted that are permitted. None is in
 * effect.
 *
 * Returns 0 or -errno; then the program must end at once.
 */
int privilege_cut(struct privilege *privilege, capset_t wanted)
{
	/* A bit outside the permitted set would fail the whole capset(2). */
	capset_t caps = wanted & privilege->start_permitted;
	int r;

	/* From here on execve(2) cannot give privilege. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	keep_permitted();
	/*
	 * The ids change without a capability, so only to ids that the process has. If
	 * the caller's ids have no mapping in this user namespace, they read as 65534,
	 * which may be a user.
	 */
	r = capabilities_set(caps, 0);
	if (r)
		return r;
	/*
	 * All three, since a saved uid 0 is as good as root. The effective uid becomes
	 * the caller's so that the kernel checks the owner of the target too: a map file
	 * opened as root can be written for any process. File capabilities need this as
	 * well, since the real and the effective uid of the caller may differ.
	 */
	if (syscall(SET_GIDS, (long)privilege->gid, (long)privilege->gid,
		    (long)privilege->gid) ||
	    syscall(SET_UIDS, (long)privilege->uid, (long)privilege->uid,
		    (long)privilege->uid))
		return -errno;
	/*
	 * After the change of ids, which has set it to fs.suid_dumpable: the caller could
	 * trace a dumpable process, with its memory and its open database.
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;

	r = ids_verify(privilege);
	if (r)
		return r;
	/* The change of ids could have emptied the permitted set. */
	r = caps_verify(caps, 0);
	if (r)
		return r;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -EPERM;
	privilege->held = caps;
	return 0;
}

/*
 * Drops the capabilities that are held but not in @wanted; 0 drops all. None is in effect
 * afterwards.
 * Returns 0 or -errno; then the program must end at once.
 */
int privilege_keep(struct privilege *privilege, capset_t wanted)
{
	return caps_change(privilege, privilege->held & wanted, 0);
}

/*
 * Puts the capabilities that are held into effect, until the next privilege_keep().
 * Returns 0 or -errno; then the program must end at once.
 */
int privilege_raise(struct privilege *privilege)
{
	if (privilege->held == 0)
		return 0;
	return caps_change(privilege, privilege->held, privilege->held);
}
