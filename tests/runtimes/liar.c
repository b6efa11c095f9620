// SPDX-License-Identifier: BSD-3-Clause
/*
 * A user who lies to its own programs: preloaded, it shows them the databases in the
 * folder $LIES in the place of /etc/subuid and /etc/subgid. A program that is setuid root
 * or has file capabilities is not preloaded, so the map writers see the real ones.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path that is opened for `path`; `buffer` holds it where it is another one. */
static const char *lie(const char *path, char *buffer, size_t size)
{
	const char *folder = getenv("LIES"), *name = path;

	if (strncmp(name, "/etc/", 5) == 0)
		name += 5;
	if (!folder || (strcmp(name, "subuid") != 0 && strcmp(name, "subgid") != 0))
		return path;
	snprintf(buffer, size, "%s/%s", folder, name);
	return buffer;
}

/*
 * Each way to open a file: its type, its name, its parameters, and what they are with a
 * lie in the place of the path. A mode that the caller has not given is garbage that
 * open(2) does not look at.
 */
#define LIE lie(path, buffer, sizeof(buffer))
#define LYING(type, name, parameters, arguments)                                      \
	type name parameters                                                          \
	{                                                                             \
		type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
		char buffer[4096];                                                    \
                                                                                      \
		return real arguments;                                                \
	}

LYING(int, open, (const char *path, int flags, int mode), (LIE, flags, mode))
LYING(int, open64, (const char *path, int flags, int mode), (LIE, flags, mode))
LYING(int, __open_2, (const char *path, int flags), (LIE, flags))
LYING(int, __open64_2, (const char *path, int flags), (LIE, flags))
LYING(int, openat, (int at, const char *path, int flags, int mode),
      (at, LIE, flags, mode))
LYING(int, openat64, (int at, const char *path, int flags, int mode),
      (at, LIE, flags, mode))
LYING(int, __openat_2, (int at, const char *path, int flags), (at, LIE, flags))
LYING(int, __openat64_2, (int at, const char *path, int flags), (at, LIE, flags))
LYING(FILE *, fopen, (const char *path, const char *mode), (LIE, mode))
LYING(FILE *, fopen64, (const char *path, const char *mode), (LIE, mode))
