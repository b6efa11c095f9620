// SPDX-License-Identifier: BSD-3-Clause
/*
 * source: from the word in nsswitch.conf to what is asked.
 *
 * This is the seam at which plugins are asked.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "libsubid/sys/source.h"

/* A plugin's name is a word, never a path. */
static bool plugin_is_installed(const char *folder, const char *name)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/libsubid_%s.so", folder, name);

	return !strchr(name, '/') && n > 0 && (size_t)n < sizeof(path) &&
	       access(path, F_OK) == 0;
}

/*
 * Finds the source that is to be asked: `files` and a plugin that is not installed mean
 * the files.
 *
 * name: the word behind `subid:`. plugin_folder: where plugins are installed.
 * Thread-safe.
 */
enum source_type source_find(const char *name, const char *plugin_folder)
{
	if (strcasecmp(name, "files") != 0 && plugin_is_installed(plugin_folder, name))
		return SOURCE_PLUGIN;
	return SOURCE_FILES;
}
