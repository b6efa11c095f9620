// SPDX-License-Identifier: BSD-3-Clause
/*
 * state-file: reads the files in /var/lib/subid and replaces them atomically.
 *
 * MUST: a file that others than root could have written is not used: it decides who gets
 * ids back.
 * MUST: with success the text is on disk, before a database that depends on it.
 *
 * The temporary name is fixed: who writes has the locks of the databases.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/state-file.h"
#include "libsubid/sys/atomicfile.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/root-only.h"

#define STATE_NAME_BYTES 32

/* root: of an image; "/" or NULL: the running system. */
static int open_state_directory(const char *root, const char *path)
{
	bool live = !root || strcmp(root, "/") == 0;

	return etc_open_directory(live ? NULL : root, path);
}

/* Returns 0, or -EPERM if others than root may write what has this status. */
static int vet_state(int fd, struct stat *status)
{
	int r = fstat(fd, status) ? -errno : root_only_check(status);

	return r > 0 ? -EPERM : r;
}

static int read_state(int directory, const char *name, char **ret_text, size_t *ret_len)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(directory, name, O_RDONLY | O_NOFOLLOW);
	CLEANUP(cleanup_free) char *text = NULL;
	struct stat status;
	int r = fd < 0 ? fd : vet_state(fd, &status);

	if (r)
		return r;
	if (status.st_size > LIMIT_STATE_BYTES)
		return -EFBIG;
	text = malloc((size_t)status.st_size + 1);
	r = text ? fd_read_whole(fd, text, (size_t)status.st_size) : -ENOMEM;
	if (r)
		return r;
	*ret_text = TAKE_PTR(text);
	*ret_len = (size_t)status.st_size;
	return 0;
}

/* Reads a file of a directory; one that does not exist is empty. */
static int read_from(int directory, const char *name, char **ret_text, size_t *ret_len)
{
	struct stat status;
	int r = directory < 0 ? directory : vet_state(directory, &status);

	*ret_text = NULL;
	*ret_len = 0;
	if (r)
		return r;
	r = read_state(directory, name, ret_text, ret_len);
	return r == -ENOENT ? 0 : r;
}

/*
 * Reads a file; one that does not exist is empty.
 *
 * root: the directory of an image; "/": this system. ret_text: freed with free(3).
 * Returns 0, -EPERM (others than root may write it), -EFBIG or another -errno.
 * Thread-safe.
 */
int state_file_read(const char *root, const char *name, char **ret_text, size_t *ret_len)
{
	CLEANUP(fd_cleanup) int directory = open_state_directory(root, STATE_DIRECTORY);
	int r = read_from(directory, name, ret_text, ret_len);

	return directory == -ENOENT ? 0 : r;
}

/* Makes each part of the path that is missing. Returns a descriptor or -errno. */
static int make_state_directory(const char *root)
{
	char path[] = STATE_DIRECTORY;
	int fd = open_state_directory(root, STATE_DIRECTORY);

	for (char *at = path; fd == -ENOENT && at; at = strchr(at + 1, '/')) {
		CLEANUP(fd_cleanup) int parent = -1;
		char *end = strchr(at + 1, '/');

		*at = '\0';
		parent = open_state_directory(root, at == path ? "/" : path);
		*at = '/';
		if (parent < 0)
			return parent;
		if (end)
			*end = '\0';
		if (mkdirat(parent, at + 1, 0755) && errno != EEXIST)
			return -errno;
		if (end)
			*end = '/';
		else
			fd = open_state_directory(root, STATE_DIRECTORY);
		/* So that the new directory survives a power cut. */
		if (fsync(parent))
			return -errno;
	}
	return fd;
}

/* Writes a new file, which is on disk with 0, else removed. */
static int write_state(int directory, const char *name, const char *path,
		       const char *text, size_t len)
{
	int fd = atomicfile_create(directory, name), r;

	if (fd < 0)
		return fd;
	r = fd_write_all(fd, text, len);
	if (r == 0 && fchmod(fd, 0644))
		r = -errno;
	return atomicfile_finish(directory, name, path, fd, r);
}

static int replace_state(int directory, const char *name, const char *path,
			 const char *text, size_t len)
{
	char temporary[NAME_MAX + 1];
	struct stat status;
	int r = directory < 0 ? directory : vet_state(directory, &status);
	int n = snprintf(temporary, sizeof(temporary), "%s.new", name);

	if (r == 0 && (n < 0 || (size_t)n >= sizeof(temporary)))
		r = -ENAMETOOLONG;
	if (r)
		return r;
	unlinkat(directory, temporary, 0);
	r = write_state(directory, temporary, path, text ? text : "", len);
	if (r)
		return r;
	if (renameat(directory, temporary, directory, name)) {
		r = -errno;
		unlinkat(directory, temporary, 0);
		return r;
	}
	return fsync(directory) ? -errno : 0;
}

/*
 * Replaces a file, while the locks of the databases are held. The directory is made if it
 * is missing. Returns 0 with the text on disk, or -errno with the old text.
 */
int state_file_write(const char *root, const char *name, const char *text, size_t len)
{
	CLEANUP(fd_cleanup) int directory = make_state_directory(root);
	char path[sizeof(STATE_DIRECTORY) + STATE_NAME_BYTES];

	snprintf(path, sizeof(path), "%s/%s", STATE_DIRECTORY, name);
	return replace_state(directory, name, path, text, len);
}

/*
 * The same for a file of this system that the caller names.
 */

/* Opens the directory of a file; *ret_name is its name there. */
static int open_directory_of(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	CLEANUP(cleanup_free) char *directory = NULL;
	int fd;

	*ret_name = slash ? slash + 1 : path;
	directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* As state_file_read(). */
int state_file_read_path(const char *path, char **ret_text, size_t *ret_len)
{
	const char *name;
	CLEANUP(fd_cleanup) int directory = open_directory_of(path, &name);

	return read_from(directory, name, ret_text, ret_len);
}

/* As state_file_write(); the directory must exist. */
int state_file_write_path(const char *path, const char *text, size_t len)
{
	const char *name;
	CLEANUP(fd_cleanup) int directory = open_directory_of(path, &name);

	return replace_state(directory, name, path, text, len);
}
