// SPDX-License-Identifier: BSD-3-Clause
/*
 * walk: walks through a directory tree; each directory comes before its contents.
 *
 * MUST: a user with write access below cannot redirect the walk: each directory is opened
 * relative to its parent, not by a path, and only the first symbolic link is followed.
 *
 * Memory grows with the depth, not with the number of names, and a path may be longer
 * than PATH_MAX. A directory below the first OPEN_MAX levels is closed while the walk is
 * deeper than its subdirectories, and later opened again through `..`. If it was moved
 * meanwhile, the rest of it and of closed directories above it is an error.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/hash.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/walk.h"

/* The directory levels that stay open, and the longest path. */
#define OPEN_MAX   64
#define PATH_BYTES (1U << 25)

/* A directory that is being read. */
struct level {
	DIR *directory; /* NULL: closed for now */
	off_t position; /* after the name that was read last */
	dev_t device;
	ino_t inode;
	size_t path_len;
	size_t above; /* 1 + the index of a level in the same chain, or 0 */
};

struct walk {
	struct walk_options options;
	walk_fn take;
	void *context;
	char *path; /* of the current file */
	size_t path_len;
	size_t path_allocated;
	struct level *levels; /* from the first directory to the current one */
	size_t n;
	size_t allocated;
	size_t *chains;	 /* by inode, of levels: 1 + the index of the lowest, or 0 */
	size_t n_chains; /* a power of two, or 0 */
	dev_t device;	 /* of the first file */
};

static void close_level(struct level *level)
{
	if (level->directory)
		closedir(level->directory);
	level->directory = NULL;
}

static void walk_cleanup(struct walk *walk)
{
	while (walk->n > 0)
		close_level(&walk->levels[--walk->n]);
	free(walk->levels);
	free(walk->chains);
	free(walk->path);
}

static void cut_path(struct walk *walk, size_t len)
{
	walk->path_len = len;
	walk->path[len] = '\0';
}

/* Appends a name to the path. Returns 0, -ENAMETOOLONG or -ENOMEM. */
static int append_name(struct walk *walk, const char *name)
{
	size_t len = walk->path_len, n = strlen(name);
	bool slash = len > 0 && walk->path[len - 1] != '/';

	if (n >= PATH_BYTES - len - 1)
		return -ENAMETOOLONG;
	if (ARRAY_RESERVE_ALL(walk->path, len + n + 2, walk->path_allocated))
		return -ENOMEM;
	if (slash)
		walk->path[len++] = '/';
	memcpy(walk->path + len, name, n + 1);
	walk->path_len = len + n;
	return 0;
}

static int take_error(struct walk *walk, int error)
{
	const struct walk_entry entry = { .path = walk->path, .error = error };

	return walk->take(walk->context, &entry);
}

static bool is_level_of(const struct level *level, const struct stat *status)
{
	return level->device == status->st_dev && level->inode == status->st_ino;
}

static size_t *find_chain(const struct walk *walk, dev_t device, ino_t inode)
{
	uint32_t hash = hash_number((uint32_t)(inode ^ (uint64_t)inode >> 32 ^ device));

	return &walk->chains[hash & (walk->n_chains - 1)];
}

/* Puts level @i into its chain. */
static void link_level(struct walk *walk, size_t i)
{
	struct level *level = &walk->levels[i];
	size_t *chain = find_chain(walk, level->device, level->inode);

	level->above = *chain;
	*chain = i + 1;
}

/* Makes room for a level. Returns 0 or -ENOMEM. */
static int reserve_level(struct walk *walk)
{
	size_t n_chains = walk->n_chains ? 2 * walk->n_chains : OPEN_MAX;
	size_t *chains;

	if (ARRAY_RESERVE(walk->levels, walk->n, walk->allocated))
		return -ENOMEM;
	if (walk->n < walk->n_chains)
		return 0;
	chains = calloc(n_chains, sizeof(*chains));
	if (!chains)
		return -ENOMEM;
	free(walk->chains);
	walk->chains = chains;
	walk->n_chains = n_chains;
	for (size_t i = 0; i < walk->n; i++)
		link_level(walk, i);
	return 0;
}

/* Removes the last level, which is the first one of its chain. */
static void remove_level(struct walk *walk)
{
	struct level *level = &walk->levels[--walk->n];

	close_level(level);
	*find_chain(walk, level->device, level->inode) = level->above;
}

/* Returns whether a mount has put a directory below itself. */
static bool is_above_itself(const struct walk *walk, const struct stat *status)
{
	size_t i = walk->n ? *find_chain(walk, status->st_dev, status->st_ino) : 0;

	for (; i > 0; i = walk->levels[i - 1].above)
		if (is_level_of(&walk->levels[i - 1], status))
			return true;
	return false;
}

/*
 * Opens the directory @name in @at at the position of @level if it is the same directory.
 * Returns 0 or -errno.
 */
static int open_level(int at, const char *name, bool follow, struct level *level)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;
	CLEANUP(fd_cleanup)
	int fd = openat(at, name, follow ? flags : flags | O_NOFOLLOW);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return -errno;
	if (!is_level_of(level, &status))
		return -ESTALE;
	if (level->position && lseek(fd, level->position, SEEK_SET) < 0)
		return -errno;
	level->directory = fdopendir(fd);
	if (!level->directory)
		return -errno;
	TAKE_FD(fd);
	return 0;
}

/* Closes the grandparent of the last directory, whose parent can open it again. */
static void close_above(struct walk *walk)
{
	if (walk->n > OPEN_MAX + 2)
		close_level(&walk->levels[walk->n - 3]);
}

/* Enters a directory. Returns as walk_fn. */
static int enter_directory(struct walk *walk, int at, const char *name, bool follow,
			   const struct stat *status)
{
	struct level level = {
		.device = status->st_dev,
		.inode = status->st_ino,
		.path_len = walk->path_len,
	};
	int r = reserve_level(walk);

	if (r)
		return r;
	r = open_level(at, name, follow, &level);
	if (r)
		return take_error(walk, -r);
	walk->levels[walk->n] = level;
	link_level(walk, walk->n++);
	close_above(walk);
	return 0;
}

/* Takes a file, and enters it if it is a directory. Returns as walk_fn. */
static int take_file(struct walk *walk, int at, const char *name, bool follow)
{
	struct stat status;
	const struct walk_entry entry = { .path = walk->path, .status = &status };
	int r;

	if (fstatat(at, name, &status, follow ? 0 : AT_SYMLINK_NOFOLLOW))
		return take_error(walk, errno);
	if (walk->n == 0)
		walk->device = status.st_dev;
	if (S_ISDIR(status.st_mode) && is_above_itself(walk, &status))
		return take_error(walk, ELOOP);
	r = walk->take(walk->context, &entry);
	if (r || !S_ISDIR(status.st_mode) ||
	    (walk->options.depth && walk->n >= walk->options.depth) ||
	    (walk->options.one_file_system && status.st_dev != walk->device))
		return r;
	return enter_directory(walk, at, name, follow, &status);
}

/*
 * Leaves the current directory. If the parent of the next one was closed, opens it again
 * while the next one is still open.
 */
static void leave(struct walk *walk)
{
	struct level *levels = walk->levels;

	remove_level(walk);
	if (walk->n >= 2 && levels[walk->n - 1].directory &&
	    !levels[walk->n - 2].directory)
		open_level(dirfd(levels[walk->n - 1].directory), "..", false,
			   &levels[walk->n - 2]);
}

/* Leaves all directories that could not be opened again, with one error. */
static int give_up(struct walk *walk)
{
	int r = take_error(walk, ESTALE);

	while (walk->n > 0 && !walk->levels[walk->n - 1].directory)
		remove_level(walk);
	return r;
}

/* Takes the next name of the current directory. Returns as walk_fn. */
static int take_next(struct walk *walk)
{
	struct level *level = &walk->levels[walk->n - 1];
	const struct dirent *entry;
	int r;

	cut_path(walk, level->path_len);
	if (!level->directory)
		return give_up(walk);
	errno = 0;
	entry = readdir(level->directory);
	if (!entry) {
		r = errno ? take_error(walk, errno) : 0;
		leave(walk);
		return r;
	}
	level->position = entry->d_off;
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	r = append_name(walk, entry->d_name);
	if (r == -ENAMETOOLONG)
		return take_error(walk, ENAMETOOLONG);
	if (r)
		return r;
	return take_file(walk, dirfd(level->directory), entry->d_name, false);
}

/*
 * Takes @path and everything below it.
 *
 * Returns 0, the result of @take that ended the walk, -ENOMEM or, for the first path,
 * -ENAMETOOLONG.
 */
int walk_below(const char *path, const struct walk_options *options, walk_fn take,
	       void *context)
{
	CLEANUP(walk_cleanup)
	struct walk walk = { .options = *options, .take = take, .context = context };
	int r = append_name(&walk, path);

	if (r == 0)
		r = take_file(&walk, AT_FDCWD, path, options->follow_first);
	while (r == 0 && walk.n > 0)
		r = take_next(&walk);
	return r;
}
