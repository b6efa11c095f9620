/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plugins: a directory of root with plugins in it, for tests of the programs that load
 * them.
 */
#ifndef TESTS_PLUGINS_H
#define TESTS_PLUGINS_H

#include <stdio.h>

#include "tests/unit/unit.h"

/* Copies a plugin that was built beside the tests to libsubid_@to.so. */
static inline const char *plugins_copy(const struct tmpdir *tmpdir, const char *from,
				       const char *to)
{
	char path[256], name[64];
	struct stat st;
	char *bytes;
	int fd;

	snprintf(path, sizeof(path), "tests/unit/.libs/libsubid_%s.so", from);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "%s: %s", path, strerror(errno));
	bytes = malloc((size_t)st.st_size);
	cr_assert(bytes && read(fd, bytes, (size_t)st.st_size) == st.st_size);
	fd_close(fd);
	snprintf(name, sizeof(name), "libsubid_%s.so", to);
	tmpdir_put(tmpdir, name, bytes, (size_t)st.st_size, 0644);
	free(bytes);
	return tmpdir_path(tmpdir, name);
}

#endif
