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

/* The label that the policy has for @path, to be freed. Returns 0 or -errno. */
static int lookup(const char *path, char **ret_label)
{
	struct selabel_handle *handle = selabel_open(SELABEL_CTX_FILE, NULL, 0);
	int r = 0;

	if (!handle)
		return -errno;
	if (selabel_lookup(handle, ret_label, path, S_IFREG))
		r = -errno;
	selabel_close(handle);
	return r;
}

/*
 * Labels the open file @fd as @path.
 *
 * Returns 0, also where SELinux is off, is permissive and refuses, or has no label for
 * the path; else -errno. Thread-safe.
 */
int label_set(int fd, const char *path)
{
	char *label = NULL;
	int r;

	if (is_selinux_enabled() <= 0)
		return 0;
	r = lookup(path, &label);
	if (r == -ENOENT)
		return 0;
	if (r == 0) {
		/* A file system without labels has none to get wrong. */
		if (fsetfilecon(fd, label) && errno != ENOTSUP)
			r = -errno;
		freecon(label);
	}
	return r && security_getenforce() == 0 ? 0 : r;
}
