// SPDX-License-Identifier: BSD-3-Clause
/*
 * plugin: loads plugins; plugin-ask.c calls them.
 *
 * MUST: a plugin is loaded only from the configured directory, never by the loader's
 * search path, and only if no user but root can have put it there or changed it.
 *
 * The loader gets the path, not the descriptor that was checked. In a directory that only
 * root can change both are the same file. The loader would remember /proc/self/fd/N by
 * name and mistake another file with this number for the same library, and the plugin
 * would not find files beside it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/root-only.h"

static int vet(const struct stat *st)
{
	int r = root_only_check(st);

	return r == ROOT_ONLY_FOREIGN  ? PLUGIN_FOREIGN :
	       r == ROOT_ONLY_WRITABLE ? PLUGIN_WRITABLE :
					 r;
}

static int open_plugin_directory(const char *directory, int *ret_fd)
{
	CLEANUP(fd_cleanup) int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? PLUGIN_ELSEWHERE : -errno;
	if (fstat(fd, &st))
		return -errno;
	r = vet(&st);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

static int open_file(int directory, const char *file)
{
	int fd = openat(directory, file,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/*
 * Opens the file. It may be a symbolic link, as is usual for libraries, but only once and
 * to a name in the same directory; then @file becomes that name.
 */
static int open_linked(int directory, char file[static NAME_MAX + 1])
{
	int fd = open_file(directory, file);
	char link[NAME_MAX + 1];
	ssize_t n;

	if (fd != -ELOOP)
		return fd;
	n = readlinkat(directory, file, link, sizeof(link));
	if (n < 0)
		return -errno;
	if (n > NAME_MAX || memchr(link, '/', (size_t)n))
		return -ELOOP;
	memcpy(file, link, (size_t)n);
	file[n] = '\0';
	return open_file(directory, file);
}

static int vet_file(int fd)
{
	static const char elf[] = { 0x7f, 'E', 'L', 'F' };
	char magic[sizeof(elf)];
	struct stat st;
	size_t n = 0;
	int r;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return PLUGIN_MALFORMED;
	r = vet(&st);
	if (r)
		return r;
	r = fd_read(fd, magic, sizeof(magic), &n);
	if (r)
		return r;
	return n == sizeof(elf) && memcmp(magic, elf, n) == 0 ? 0 : PLUGIN_MALFORMED;
}

/* Finds the file and checks it and its directory. *ret_path: the path to load. */
static int find_file(const char *plugins, const char *name,
		     char ret_path[static PATH_MAX])
{
	CLEANUP(fd_cleanup) int directory = -1;
	CLEANUP(fd_cleanup) int fd = -1;
	char file[NAME_MAX + 1];
	int r, n;

	n = snprintf(file, sizeof(file), "libsubid_%s.so", name);
	if (n < 0 || (size_t)n >= sizeof(file))
		return -ENAMETOOLONG;
	r = open_plugin_directory(plugins, &directory);
	if (r)
		return r;
	fd = open_linked(directory, file);
	if (fd == -ENOENT)
		return PLUGIN_ELSEWHERE;
	if (fd == -ELOOP || fd == -ENXIO)
		return PLUGIN_MALFORMED;
	if (fd < 0)
		return fd;
	r = vet_file(fd);
	if (r)
		return r;
	n = snprintf(ret_path, PATH_MAX, "%s/%s", plugins, file);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* ISO C cannot convert an object pointer to a function pointer. */
static bool find_plugin_call(void *handle, const char *name, void *ret_call)
{
	void *address = dlsym(handle, name);

	memcpy(ret_call, &address, sizeof(address));
	return address != NULL;
}

/*
 * Loads a plugin; its constructors run with the privileges of the caller.
 *
 * directory: an absolute path. name: a word for which plugin_is_installed().
 * Returns 0, an enum plugin_fault or -errno; end with plugin_close().
 * Thread-safe as dlopen(3) is.
 */
int plugin_open(const char *directory, const char *name, struct plugin *ret_plugin)
{
	CLEANUP(plugin_cleanup) struct plugin plugin = PLUGIN_NONE;
	char path[PATH_MAX];
	int r;

	r = find_file(directory, name, path);
	if (r)
		return r;
	/* Resolve all symbols now: a missing one would kill the process in a later
	 * call. */
	plugin.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin.handle)
		return PLUGIN_UNLOADABLE;
	if (!find_plugin_call(plugin.handle, "shadow_subid_has_range",
			      &plugin.has_range) ||
	    !find_plugin_call(plugin.handle, "shadow_subid_list_owner_ranges",
			      &plugin.list_ranges) ||
	    !find_plugin_call(plugin.handle, "shadow_subid_find_subid_owners",
			      &plugin.find_owners))
		return PLUGIN_MALFORMED;
	/* Since shadow 4.16. */
	find_plugin_call(plugin.handle, "shadow_subid_free", &plugin.release);
	*ret_plugin = plugin;
	ret_plugin->handle = TAKE_PTR(plugin.handle);
	return 0;
}

/* Unloads the plugin; its destructors run. Takes one that was never opened. */
void plugin_close(struct plugin *plugin)
{
	if (plugin->handle)
		dlclose(plugin->handle);
	*plugin = (struct plugin)PLUGIN_NONE;
}
