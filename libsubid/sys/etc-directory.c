// SPDX-License-Identifier: BSD-3-Clause
/*
 * etc-directory: opens directories and files, also of an image, and lists drop-in files.
 *
 * MUST: no symbolic link of an image leads out of it. Its maker may have chosen the
 * links, and open(2) would resolve an absolute link from the program's root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"

/* Attempts if a name changes during the look-up. */
#define ATTEMPTS 8

/* Opens @path with @root as the root directory. Returns a descriptor or -errno. */
static int open_inside(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT,
	};
	long fd = -1;

	for (int i = 0; i < ATTEMPTS; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

static bool is_link(int directory, const char *name)
{
	struct stat status;

	return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(status.st_mode);
}

/* As open_inside(), without openat2(2), which a kernel or system call filter may lack. */
static int open_without_links(int root, const char *path)
{
	CLEANUP(fd_cleanup) int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char name[256];

	while (at >= 0) {
		size_t n;
		int next;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0)
			return TAKE_FD(at);
		if (n >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return is_link(at, name) ? -ENOSYS : -errno;
		fd_close(at);
		at = next;
	}
	return -errno;
}

/*
 * Opens the directory @path of this system, or of the system in the directory @image,
 * whose symbolic links are resolved there.
 *
 * Returns a descriptor, -ENOSYS (a link in an image, but no openat2(2)) or another
 * -errno. Thread-safe.
 */
int etc_open_directory(const char *image, const char *path)
{
	CLEANUP(fd_cleanup) int root = -1;
	int r;

	if (!image) {
		r = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return r < 0 ? -errno : r;
	}
	root = open(image, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	r = open_inside(root, path);
	return r == -ENOSYS || r == -EPERM ? open_without_links(root, path) : r;
}

/* Returns whether @path of this system is the open directory @directory. Thread-safe. */
bool etc_is_named(int directory, const char *path)
{
	struct stat named, opened;

	return fstatat(AT_FDCWD, path, &named, 0) == 0 &&
	       fstat(directory, &opened) == 0 && named.st_dev == opened.st_dev &&
	       named.st_ino == opened.st_ino;
}

/* The null device may mask a file of this system and counts as an empty file. */
static int open_masked(int directory, const char *name)
{
	CLEANUP(fd_cleanup)
	int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) || !S_ISCHR(status.st_mode) ||
	    status.st_rdev != makedev(1, 3))
		return -EBADFD;
	return TAKE_FD(fd);
}

/* Saves map writers an fstat(2): a scan finds out whether the file is regular. */
static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENXIO ? -EBADFD : -errno;
	return fd;
}

/*
 * Opens a regular file in @directory for a scan; with AT_FDCWD @name is a path of this
 * system. Symbolic links are followed only in the directory of the running system.
 * Returns a descriptor, -ELOOP (a link in an image), -EISDIR, -EBADFD (see
 * fd_open_regular()) or another -errno. Thread-safe.
 */
int etc_open(int directory, const char *name)
{
	int fd;

	if (directory == AT_FDCWD)
		return open_path(name);
	fd = fd_open_regular(directory, name, O_RDONLY | O_NOFOLLOW);
	if ((fd != -ELOOP && fd != -EBADFD) || !etc_is_named(directory, SYSCONFDIR))
		return fd;
	fd = fd_open_regular(directory, name, O_RDONLY);
	return fd == -EBADFD ? open_masked(directory, name) : fd;
}

/* Returns whether a file is masked: a symbolic link to the null device. Thread-safe. */
bool etc_is_masked(int directory, const char *name)
{
	static const char null[] = "/dev/null";
	char target[sizeof(null)];

	return readlinkat(directory, name, target, sizeof(target)) == sizeof(null) - 1 &&
	       memcmp(target, null, sizeof(null) - 1) == 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return name[0] != '.' && len > suffix_len &&
	       strcmp(name + len - suffix_len, suffix) == 0;
}

static int append_dropin(struct etc_dropins *dropins, const char *name, size_t source)
{
	struct etc_dropin *item;
	int r = dropins->n == LIMIT_DROPINS ?
			-E2BIG :
			ARRAY_RESERVE(dropins->items, dropins->n, dropins->allocated);

	if (r)
		return r;
	item = &dropins->items[dropins->n++];
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->source = source;
	return 0;
}

static void stream_cleanup(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}

/*
 * Adds the files in @directory whose names end in @suffix; hidden ones are left out.
 *
 * directory: stays open, but is not read again. source: its number.
 * dropins: freed with etc_dropins_cleanup().
 * Returns 0 or -errno (-E2BIG: more than LIMIT_DROPINS).
 */
int etc_dropins_add(struct etc_dropins *dropins, int directory, size_t source,
		    const char *suffix)
{
	CLEANUP(fd_cleanup) int fd = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	CLEANUP(stream_cleanup) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!stream)
		return -errno;
	TAKE_FD(fd);
	while (errno = 0, r == 0 && (entry = readdir(stream)))
		if (has_suffix(entry->d_name, suffix))
			r = append_dropin(dropins, entry->d_name, source);
	return r ? r : -errno;
}

static int compare_dropins(const void *a, const void *b)
{
	const struct etc_dropin *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->source > y->source) - (x->source < y->source);
}

/* Sorts the files by name, each name once: of several, the first source counts. */
void etc_dropins_sort(struct etc_dropins *dropins)
{
	struct etc_dropin *items = dropins->items;
	size_t n = 0;

	if (dropins->n == 0)
		return;
	qsort(items, dropins->n, sizeof(*items), compare_dropins);
	for (size_t i = 1; i < dropins->n; i++)
		if (strcmp(items[n].name, items[i].name) != 0)
			memmove(&items[++n], &items[i], sizeof(*items));
	dropins->n = n + 1;
}

/* Frees the names. Takes a zeroed list. */
void etc_dropins_cleanup(struct etc_dropins *dropins)
{
	free(dropins->items);
	*dropins = (struct etc_dropins){ .items = NULL };
}
