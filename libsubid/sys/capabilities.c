// SPDX-License-Identifier: BSD-3-Clause
/*
 * capabilities: capget(2) and capset(2). glibc has no wrapper for them, and libcap would
 * be one more library in programs with privileges.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libsubid/sys/capabilities.h"

static const struct __user_cap_header_struct newest = {
	.version = _LINUX_CAPABILITY_VERSION_3,
};

_Static_assert(_LINUX_CAPABILITY_U32S_3 == 2, "a capset_t holds both halves");

/* Returns 0 or -errno. Thread-safe. */
int capabilities_get(capset_t *ret_permitted, capset_t *ret_effective)
{
	struct __user_cap_header_struct header = newest;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return -errno;
	*ret_permitted = data[0].permitted | (capset_t)data[1].permitted << 32;
	*ret_effective = data[0].effective | (capset_t)data[1].effective << 32;
	return 0;
}

/*
 * Sets the capabilities of the calling thread. The inheritable set, and with it the
 * ambient one, becomes empty. Returns 0 or -errno.
 */
int capabilities_set(capset_t permitted, capset_t effective)
{
	struct __user_cap_header_struct header = newest;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = (uint32_t)effective, .permitted = (uint32_t)permitted },
		{ .effective = (uint32_t)(effective >> 32),
		  .permitted = (uint32_t)(permitted >> 32) },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}
