// SPDX-License-Identifier: BSD-3-Clause
/*
 * A preloaded library: the programs of a user read the databases in the directory
 * $DATABASES instead of /etc/subuid and /etc/subgid. It is not loaded into a program that
 * is setuid root or has file capabilities, so the map writers read the real ones.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the path to open instead of `path`; `buffer` holds it if it is another one. */
static const char *replace(const char *path, char *buffer, size_t size)
{
	const char *directory = getenv("DATABASES"), *name = path;

	if (strncmp(name, "/etc/", 5) == 0)
		name += 5;
	if (!directory || (strcmp(name, "subuid") != 0 && strcmp(name, "subgid") != 0))
		return path;
	snprintf(buffer, size, "%s/%s", directory, name);
	return buffer;
}

/*
 * Each function that opens a file: its type, name, parameters, and the arguments with the
 * other path. A mode that the caller has not given is garbage, which open(2) ignores.
 */
#define OTHER replace(path, buffer, sizeof(buffer))
#define REPLACED(type, name, parameters, arguments)                                   \
	type name parameters                                                          \
	{                                                                             \
		type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
		char buffer[4096];                                                    \
                                                                                      \
		return real arguments;                                                \
	}

REPLACED(int, open, (const char *path, int flags, int mode), (OTHER, flags, mode))
REPLACED(int, open64, (const char *path, int flags, int mode), (OTHER, flags, mode))
REPLACED(int, __open_2, (const char *path, int flags), (OTHER, flags))
REPLACED(int, __open64_2, (const char *path, int flags), (OTHER, flags))
REPLACED(int, openat, (int at, const char *path, int flags, int mode),
	 (at, OTHER, flags, mode))
REPLACED(int, openat64, (int at, const char *path, int flags, int mode),
	 (at, OTHER, flags, mode))
REPLACED(int, __openat_2, (int at, const char *path, int flags), (at, OTHER, flags))
REPLACED(int, __openat64_2, (int at, const char *path, int flags), (at, OTHER, flags))
REPLACED(FILE *, fopen, (const char *path, const char *mode), (OTHER, mode))
REPLACED(FILE *, fopen64, (const char *path, const char *mode), (OTHER, mode))
