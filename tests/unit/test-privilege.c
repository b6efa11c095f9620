// SPDX-License-Identifier: BSD-3-Clause
/*
 * Privileges: what is left after each step, in children that are started as a map writer
 * would be: setuid root, with file capabilities, or without privilege.
 */
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "mapwriter/privilege.h"
#include "tests/unit/unit.h"

#define CALLER	65534
#define SETUID	CAPABILITY(CAP_SETUID)
#define SETGID	CAPABILITY(CAP_SETGID)
#define SETFCAP CAPABILITY(CAP_SETFCAP)
#define KILL	CAPABILITY(CAP_KILL)

/* Capabilities as the kernel shows them, not as the module reads them. */
struct status {
	unsigned long long inherited, permitted, effective, bounding, ambient;
	unsigned int uids[4], gids[4];
};

static bool read_status(struct status *status)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	unsigned int found = 0;
	char line[256];

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		unsigned int *u = status->uids, *g = status->gids;

		found +=
			sscanf(line, "Uid: %u %u %u %u", &u[0], &u[1], &u[2], &u[3]) == 4;
		found +=
			sscanf(line, "Gid: %u %u %u %u", &g[0], &g[1], &g[2], &g[3]) == 4;
		found += sscanf(line, "CapInh: %llx", &status->inherited) == 1;
		found += sscanf(line, "CapPrm: %llx", &status->permitted) == 1;
		found += sscanf(line, "CapEff: %llx", &status->effective) == 1;
		found += sscanf(line, "CapBnd: %llx", &status->bounding) == 1;
		found += sscanf(line, "CapAmb: %llx", &status->ambient) == 1;
	}
	fclose(file);
	return found == 7;
}

static bool set_caps(capset_t permitted, capset_t effective, capset_t inherited)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inherited },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inherited >> 32) },
	};

	return syscall(SYS_capset, &header, data) == 0;
}

/* The process has exactly these sets, and no other privilege. */
static const char *holds(capset_t permitted, capset_t effective, unsigned int uid,
			 unsigned int gid)
{
	struct status status = { 0 };

	CHILD_ASSERT(read_status(&status));
	CHILD_ASSERT(status.permitted == permitted && status.effective == effective);
	CHILD_ASSERT(status.inherited == 0 && status.ambient == 0);
	for (int i = 0; i < 4; i++)
		CHILD_ASSERT(status.uids[i] == uid && status.gids[i] == gid);
	CHILD_ASSERT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHILD_ASSERT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	return NULL;
}

/* Makes a permitted capability effective, and not effective again. */
static const char *raise_and_lower(struct privilege *privilege, capset_t expected)
{
	unsigned int uid = getuid(), gid = getgid();
	const char *complaint;

	CHILD_ASSERT(privilege_raise(privilege) == 0);
	complaint = holds(expected, expected, uid, gid);
	if (complaint)
		return complaint;
	CHILD_ASSERT(privilege_keep(privilege, ~(capset_t)0) == 0);
	CHILD_ASSERT(privilege->held == expected);
	return holds(expected, 0, uid, gid);
}

/* Cut to what newuidmap needs, then to one capability, then to none. */
static const char *cut_and_keep(capset_t expected)
{
	struct privilege privilege;
	const char *complaint;
	unsigned int uid = getuid(), gid = getgid();

	CHILD_ASSERT(privilege_note(&privilege) == 0);
	CHILD_ASSERT(privilege.uid == uid && privilege.gid == gid);
	CHILD_ASSERT(!privilege.start_no_new_privs);
	CHILD_ASSERT(privilege.held == privilege.start_permitted);
	CHILD_ASSERT(privilege_cut(&privilege, SETUID | SETFCAP) == 0);
	CHILD_ASSERT(privilege.held == expected);
	complaint = holds(expected, 0, uid, gid);
	if (complaint)
		return complaint;
	complaint = raise_and_lower(&privilege, expected);
	if (complaint)
		return complaint;
	/* A capability that was given up cannot be raised again. */
	CHILD_ASSERT(privilege_keep(&privilege, SETUID | KILL) == 0);
	CHILD_ASSERT(privilege.held == (expected & SETUID));
	complaint = holds(expected & SETUID, 0, uid, gid);
	if (complaint)
		return complaint;
	complaint = raise_and_lower(&privilege, expected & SETUID);
	if (complaint)
		return complaint;
	CHILD_ASSERT(privilege_raise(&privilege) == 0);
	CHILD_ASSERT(privilege_keep(&privilege, 0) == 0);
	complaint = holds(0, 0, uid, gid);
	if (complaint)
		return complaint;
	CHILD_ASSERT(uid == 0 || (setuid(0) != 0 && seteuid(0) != 0));
	CHILD_ASSERT(privilege_keep(&privilege, SETUID) == 0);
	return raise_and_lower(&privilege, 0);
}

static const char *as_nobody(void *context)
{
	(void)context;
	if (geteuid() == 0)
		CHILD_ASSERT(setgroups(0, NULL) == 0 &&
			     setresgid(CALLER, CALLER, CALLER) == 0 &&
			     setresuid(CALLER, CALLER, CALLER) == 0);
	return cut_and_keep(0);
}

/* Without privilege nothing is given up, and the rest is the same. */
Test(privilege, none)
{
	child_run(as_nobody, NULL);
}

static const char *as_root(void *context)
{
	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "only root has capabilities to cut";
	return cut_and_keep(SETUID | SETFCAP);
}

/* Root as the caller keeps no more than other users. */
Test(privilege, root)
{
	child_run(as_root, NULL);
}

static const char *as_setuid(void *context)
{
	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "only root has capabilities to cut";
	CHILD_ASSERT(setgroups(0, NULL) == 0 && setresgid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(setresuid(CALLER, 0, 0) == 0);
	return cut_and_keep(SETUID | SETFCAP);
}

/* Setuid root: the saved uid is changed, too. */
Test(privilege, setuid)
{
	child_run(as_setuid, NULL);
}

/* As in a program with file capabilities @permitted, without running one. */
static const char *as_fcaps(void *permitted)
{
	if (geteuid() != 0)
		return CHILD_SKIP "only root has capabilities to cut";
	CHILD_ASSERT(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	CHILD_ASSERT(setgroups(0, NULL) == 0 && setresgid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(setresuid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(set_caps(*(capset_t *)permitted, *(capset_t *)permitted, 0));
	return cut_and_keep(*(capset_t *)permitted & (SETUID | SETFCAP));
}

/* File capabilities: capabilities outside the permitted set are not requested. */
Test(privilege, fcaps)
{
	capset_t sets[] = { SETUID, SETUID | SETFCAP, SETFCAP, SETGID, 0, SETUID | KILL };

	for (size_t i = 0; i < COUNT_OF(sets); i++)
		child_run(as_fcaps, &sets[i]);
}

static const char *as_locked_setuid(void *context)
{
	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "only root has capabilities to cut";
	CHILD_ASSERT(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED, 0, 0, 0) == 0);
	CHILD_ASSERT(setgroups(0, NULL) == 0 && setresgid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(setresuid(CALLER, 0, 0) == 0);
	return cut_and_keep(SETUID | SETFCAP);
}

/* A caller who has locked the keep-capabilities bit does not prevent keeping them. */
Test(privilege, locked_setuid)
{
	child_run(as_locked_setuid, NULL);
}

static const char *as_locked_fcaps(void *context)
{
	struct privilege privilege;
	struct status status;

	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "only root has capabilities to cut";
	CHILD_ASSERT(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED,
			   0, 0, 0) == 0);
	CHILD_ASSERT(setgroups(0, NULL) == 0 && setresgid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(setresuid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(set_caps(SETUID, SETUID, 0));
	CHILD_ASSERT(privilege_note(&privilege) == 0);
	CHILD_ASSERT(privilege_cut(&privilege, SETUID) == 0);
	CHILD_ASSERT(read_status(&status) && status.permitted == SETUID &&
		     status.effective == 0);
	return NULL;
}

/* Without root's ids a change of ids loses no capability. */
Test(privilege, locked_fcaps)
{
	child_run(as_locked_fcaps, NULL);
}

static const char *inherits(void *context)
{
	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "only root has capabilities to cut";
	CHILD_ASSERT(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	CHILD_ASSERT(setgroups(0, NULL) == 0 && setresgid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(setresuid(CALLER, CALLER, CALLER) == 0);
	CHILD_ASSERT(set_caps(SETUID | KILL, SETUID | KILL, SETUID | KILL));
	CHILD_ASSERT(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) == 0);
	CHILD_ASSERT(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
	return cut_and_keep(SETUID);
}

/* Inheritable and ambient capabilities of the caller are given up, too. */
Test(privilege, inherited)
{
	child_run(inherits, NULL);
}

static const char *two_ids(void *context)
{
	struct privilege privilege;

	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "only root has several ids";
	/* A caller with different ids, of a program with file capabilities. */
	CHILD_ASSERT(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	CHILD_ASSERT(setgroups(0, NULL) == 0 && setresgid(CALLER, 1, 2) == 0);
	CHILD_ASSERT(setresuid(CALLER, 1, 2) == 0);
	CHILD_ASSERT(set_caps(SETUID | SETGID, SETUID | SETGID, 0));
	CHILD_ASSERT(privilege_note(&privilege) == 0);
	CHILD_ASSERT(privilege.uid == CALLER && privilege.gid == CALLER);
	CHILD_ASSERT(privilege_cut(&privilege, SETUID) == 0);
	return holds(SETUID, 0, CALLER, CALLER);
}

/* All ids become the real ones. */
Test(privilege, two_ids)
{
	child_run(two_ids, NULL);
}

/* @begin: the place in the text where the map is named. */
static const char *without_id(int begin)
{
	struct privilege privilege;
	struct status status;
	char byte;

	CHILD_ASSERT(read(begin, &byte, 1) == 1);
	CHILD_ASSERT(getuid() == 65534 && set_caps(SETUID | SETGID, SETUID | SETGID, 0));
	CHILD_ASSERT(privilege_note(&privilege) == 0);
	CHILD_ASSERT(privilege_cut(&privilege, SETUID | SETGID) == -EPERM);
	CHILD_ASSERT(read_status(&status) && status.effective == 0);
	return NULL;
}

static const char *no_id(void *context)
{
	int ready[2], begin[2], status;
	const char *complaint;
	char byte, path[64];
	pid_t pid;

	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "only root can make this map";
	CHILD_ASSERT(pipe(ready) == 0 && pipe(begin) == 0);
	pid = fork();
	CHILD_ASSERT(pid >= 0);
	if (pid == 0) {
		close(begin[1]);
		if (setgroups(0, NULL) || setresgid(1, 1, 1) || setresuid(1, 1, 1) ||
		    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) || unshare(CLONE_NEWUSER) ||
		    write(ready[1], "x", 1) != 1)
			_exit(3);
		complaint = without_id(begin[0]);
		if (complaint)
			fprintf(stderr, "%s\n", complaint);
		_exit(complaint ? 1 : 0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return CHILD_SKIP "no user namespaces for this user";
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	CHILD_ASSERT(put_text(path, "65534 100000 1\n"));
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	CHILD_ASSERT(put_text(path, "65534 100000 1\n"));
	CHILD_ASSERT(write(begin[1], "x", 1) == 1);
	CHILD_ASSERT(waitpid(pid, &status, 0) == pid);
	CHILD_ASSERT(status == 0);
	return NULL;
}

/* A caller without an id in this user namespace does not become the shown user. */
Test(privilege, no_id)
{
	child_run(no_id, NULL);
}

static const char *noted(void *context)
{
	struct privilege privilege;

	(void)context;
	CHILD_ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHILD_ASSERT(privilege_note(&privilege) == 0);
	CHILD_ASSERT(privilege.start_no_new_privs);
	return NULL;
}

/* Facts that are lost later are noted first. */
Test(privilege, no_new_privs)
{
	child_run(noted, NULL);
}
