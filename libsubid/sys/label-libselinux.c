// SPDX-License-Identifier: BSD-3-Clause
/*
 * label-libselinux: what the policy's file_contexts say for the path, and not what the
 * old file had: a file that was mislabelled is mended by the next write.
 */
#include <errno.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <stddef.h>
#include <sys/stat.h>

#include "libsubid/sys/label.h"

/* The label that the policy has for @path; NULL with errno where it has none. */
static char *lookup(const char *path)
{
	struct selabel_handle *handle = selabel_open(SELABEL_CTX_FILE, NULL, 0);
	char *label = NULL;

	if (!handle)
		return NULL;
	if (selabel_lookup(handle, &label, path, S_IFREG))
		label = NULL;
	selabel_close(handle);
	return label;
}

/*
 * Labels the open file @fd as @path.
 *
 * Returns 0, also where SELinux is off, is permissive and refuses, or has no label for
 * the path; else -errno. Thread-safe.
 */
int label_set(int fd, const char *path)
{
	char *label;
	int r = 0;

	if (is_selinux_enabled() <= 0)
		return 0;
	label = lookup(path);
	if (!label)
		return errno == ENOENT || security_getenforce() == 0 ? 0 : -errno;
	if (fsetfilecon(fd, label) && security_getenforce() != 0)
		r = -errno;
	freecon(label);
	return r;
}
