// SPDX-License-Identifier: BSD-3-Clause
/*
 * plugin-find: whether a plugin is installed. Nothing is loaded, and programs that load
 * none do not link plugin.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/source/plugin.h"

/*
 * Other directories of the loader. A plugin there is not loaded, but it counts as
 * installed, because the administrator has made it the source.
 */
static const char *const loader_directories[] = {
	"/usr/local/lib", "/usr/local/lib64", "/usr/lib", "/usr/lib64", "/lib", "/lib64",
};

/* An error counts as a yes, so that no plugin is skipped because of one. */
static bool is_in(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/libsubid_%s.so", directory, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return true;
	return faccessat(AT_FDCWD, path, F_OK, 0) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR);
}

/*
 * Returns whether a plugin of that name may be installed. A name is a word, never a path.
 * Loads nothing. Thread-safe.
 */
bool plugin_is_installed(const char *directory, const char *name)
{
	if (strchr(name, '/'))
		return false;
	if (is_in(directory, name))
		return true;
	for (size_t i = 0; i < sizeof(loader_directories) / sizeof(loader_directories[0]);
	     i++)
		if (is_in(loader_directories[i], name))
			return true;
	return false;
}
