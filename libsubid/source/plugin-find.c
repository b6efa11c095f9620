// SPDX-License-Identifier: BSD-3-Clause
/*
 * plugin-find: whether a plugin is installed. Nothing is loaded, and programs that load
 * none do not link plugin.c.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/source/plugin.h"
#include "libsubid/sys/fd.h"

/*
 * Other directories of the loader. A plugin there is not loaded, but it counts as
 * installed, because the administrator has made it the source.
 */
static const char *const loader_directories[] = {
	"/usr/local/lib", "/usr/local/lib64", "/usr/lib", "/usr/lib64", "/lib", "/lib64",
};

/*
 * Returns whether a plugin of that name may be installed. A name is a word, never a path.
 * Loads nothing. Thread-safe.
 */
bool plugin_is_installed(const char *directory, const char *name)
{
	char file[PATH_MAX];
	int n = snprintf(file, sizeof(file), "libsubid_%s.so", name);

	if (strchr(name, '/'))
		return false;
	if (n < 0 || (size_t)n >= sizeof(file) || fd_file_may_exist(directory, file))
		return true;
	for (size_t i = 0; i < sizeof(loader_directories) / sizeof(loader_directories[0]);
	     i++)
		if (fd_file_may_exist(loader_directories[i], file))
			return true;
	return false;
}
