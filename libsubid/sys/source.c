// SPDX-License-Identifier: BSD-3-Clause
/*
 * source: from the word in nsswitch.conf to what is asked.
 *
 * This is the seam at which plugins are asked.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "libsubid/sys/source.h"

/*
 * Where the loader finds libraries besides the configured directory. A plugin there is
 * not loaded, but nor is it overlooked: the site has made it the authority.
 */
static const char *const loader_directories[] = {
	"/usr/local/lib", "/usr/local/lib64", "/usr/lib", "/usr/lib64", "/lib", "/lib64",
};

/* Anything but a plain "no" counts as a yes: nobody is to be passed over by an error. */
static bool is_in(const char *directory, const char *name)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/libsubid_%s.so", directory, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return true;
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* A plugin's name is a word, never a path. */
static bool plugin_is_installed(const char *plugin_directory, const char *name)
{
	if (strchr(name, '/'))
		return false;
	if (is_in(plugin_directory, name))
		return true;
	for (size_t i = 0; i < sizeof(loader_directories) / sizeof(loader_directories[0]);
	     i++)
		if (is_in(loader_directories[i], name))
			return true;
	return false;
}

/*
 * Finds the source that is to be asked: `files` and a plugin that is not installed mean
 * the files.
 *
 * name: the word behind `subid:`. plugin_directory: where plugins are installed.
 * Thread-safe.
 */
enum source_type source_find(const char *name, const char *plugin_directory)
{
	if (strcasecmp(name, "files") != 0 && plugin_is_installed(plugin_directory, name))
		return SOURCE_PLUGIN;
	return SOURCE_FILES;
}
