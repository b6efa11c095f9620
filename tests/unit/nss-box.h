/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-box: a private name service, in a mount namespace.
 */
#ifndef TESTS_NSS_BOX_H
#define TESTS_NSS_BOX_H

#include "tests/unit/unit.h"

static inline const char *nss_mount_file(const struct tmpdir *tmpdir, const char *name,
					 const char *target, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", tmpdir->path, name);
	file = fopen(path, "we");
	CHILD_ASSERT(file && fputs(text, file) >= 0 && fclose(file) == 0);
	CHILD_ASSERT(mount(path, target, NULL, MS_BIND, NULL) == 0);
	return NULL;
}

/* For a child: a private mount namespace with this nsswitch.conf(5). */
static inline const char *nss_mount(const struct tmpdir *tmpdir, const char *nsswitch)
{
	const char *complaint = child_own_mounts();

	return complaint ? complaint :
			   nss_mount_file(tmpdir, "nsswitch.conf", "/etc/nsswitch.conf",
					  nsswitch);
}

#endif
