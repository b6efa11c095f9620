// SPDX-License-Identifier: BSD-3-Clause
/*
 * The identity of a process after it has become a user, in children that change their
 * ids.
 */
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "command/identity.h"
#include "libsubid/sys/become.h"
#include "tests/unit/unit.h"

#define USER 65534

/* Whether no set has a capability left, as the kernel shows it. */
static bool has_none(void)
{
	static const char *const sets[] = { "CapInh:", "CapPrm:", "CapEff:", "CapAmb:" };
	FILE *file = fopen("/proc/thread-self/status", "re");
	char line[256];
	size_t none = 0;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		for (size_t i = 0; i < COUNT_OF(sets); i++)
			none += strncmp(line, sets[i], strlen(sets[i])) == 0 &&
				strspn(line + strlen(sets[i]), "\t0\n") ==
					strlen(line + strlen(sets[i]));
	fclose(file);
	return none == COUNT_OF(sets);
}

static bool is_user(void)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	return getresuid(&ruid, &euid, &suid) == 0 &&
	       getresgid(&rgid, &egid, &sgid) == 0 && ruid == USER && euid == USER &&
	       suid == USER && rgid == USER && egid == USER && sgid == USER;
}

/* Everything that a change of ids would keep. */
static bool hold_on(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	data[0].inheritable = data[0].permitted;
	return syscall(SYS_capset, &header, data) == 0 &&
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0) == 0 &&
	       prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS, 0, 0,
		     0) == 0;
}

static const char *become(void *context)
{
	const bool *holding = context;

	if (geteuid() != 0)
		return CHILD_SKIP "only root can become another user";
	CHILD_ASSERT(!*holding || hold_on());
	CHILD_ASSERT(setgroups(0, NULL) == 0);
	CHILD_ASSERT(become_ids(USER, USER) == 0);
	CHILD_ASSERT(is_user());
	CHILD_ASSERT(has_none());
	CHILD_ASSERT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	CHILD_ASSERT(setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0);
	return NULL;
}

/* No capability is left, also with settings that keep them. */
Test(identity, become)
{
	bool holding = false;

	child_run(become, &holding);
	holding = true;
	child_run(become, &holding);
}

static const char *become_another(void *context)
{
	(void)context;
	if (geteuid() == 0)
		CHILD_ASSERT(setresuid(USER, USER, USER) == 0);
	CHILD_ASSERT(become_ids(1, 1) != 0);
	return NULL;
}

/* If the kernel refuses, the error is returned. */
Test(identity, refused)
{
	child_run(become_another, NULL);
}

static const char *drop(void *context)
{
	uid_t uid = getuid(), euid = geteuid();
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);

	(void)context;
	CHILD_ASSERT(!identity_is_elevated());
	CHILD_ASSERT(identity_drop() == 0);
	CHILD_ASSERT(getuid() == uid && geteuid() == euid);
	CHILD_ASSERT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == dumpable);
	return NULL;
}

/* Without privilege the program stays unchanged, and so does root. */
Test(identity, nothing_to_drop)
{
	child_run(drop, NULL);
}
