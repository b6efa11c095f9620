// SPDX-License-Identifier: BSD-3-Clause
/*
 * identity: a site may install a program that writes setuid or with capabilities. That
 * privilege is only for changes that PAM permits.
 */
#include <errno.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command/identity.h"
#include "libsubid/sys/become.h"
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

/*
 * Drops the privilege that the program file gave, if any. For the start of a program,
 * when its memory holds nothing secret: the process stays dumpable. Returns as
 * become_ids().
 */
int identity_drop(void)
{
	int r;

	if (!identity_is_elevated())
		return 0;
	r = become_ids(getuid(), getgid());
	if (r == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		r = -errno;
	return r;
}
