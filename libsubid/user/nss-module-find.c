// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-module-find: whether a module of the name service is installed. The error of
 * dlopen(3) does not say so: it also fails if a limit of the process is too low.
 *
 * MUST: an error counts as a yes, so that no limit makes a service skipped.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/user/nss-modules.h"

/* The paths of the libraries in the directories of ld.so.conf, see ldconfig(8). */
#define LOADER_CACHE "/etc/ld.so.cache"
#define CACHE_BYTES  8192

static void handle_cleanup(void **handle)
{
	if (*handle)
		dlclose(*handle);
}

/* Returns whether a directory that the loader searches has the file. */
static bool is_in_directories(const char *file)
{
	CLEANUP(handle_cleanup) void *program = dlopen(NULL, RTLD_NOW);
	CLEANUP(cleanup_free) Dl_serinfo *info = NULL;
	Dl_serinfo size;

	if (!program || dlinfo(program, RTLD_DI_SERINFOSIZE, &size))
		return true;
	info = calloc(1, size.dls_size);
	if (!info)
		return true;
	info->dls_size = size.dls_size;
	info->dls_cnt = size.dls_cnt;
	if (dlinfo(program, RTLD_DI_SERINFO, info))
		return true;
	for (unsigned int i = 0; i < info->dls_cnt; i++)
		if (fd_file_may_exist(info->dls_serpath[i].dls_name, file))
			return true;
	return false;
}

/* Returns whether the cache has a path that ends with the file. */
static bool is_in_cache(const char *file)
{
	CLEANUP(fd_cleanup) int fd = fd_open_regular(AT_FDCWD, LOADER_CACHE, O_RDONLY);
	size_t len = strlen(file) + 1, n;
	char bytes[CACHE_BYTES];
	int r;

	if (fd < 0)
		return fd != -ENOENT;
	/* The pieces overlap. */
	for (uint64_t at = 0; (r = fd_read_at(fd, bytes, sizeof(bytes), at, &n)) == 0;
	     at += n - len + 1) {
		if (memmem(bytes, n, file, len))
			return true;
		if (n < len)
			return false;
	}
	return r != 0;
}

/* Returns whether the loader would find the file of a module. Thread-safe. */
bool nss_module_is_installed(const char *file)
{
	/* No file can have a longer name. */
	return strlen(file) <= NAME_MAX && (is_in_directories(file) || is_in_cache(file));
}
