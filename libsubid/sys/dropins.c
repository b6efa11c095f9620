// SPDX-License-Identifier: BSD-3-Clause
/*
 * dropins: names of two directories are read as one list, so that a file of one takes the
 * place of the file with its name in the other.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/dropins.h"
#include "libsubid/sys/fd.h"

/*
 * Opens the directory of the file @path in @directory: `@path.d`. In an image, where
 * @directory is not AT_FDCWD, a symbolic link is no directory. Returns a descriptor,
 * -ENOENT (there is none) or another -errno. Thread-safe.
 */
int dropins_open(int directory, const char *path)
{
	int links = directory == AT_FDCWD ? 0 : O_NOFOLLOW;
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s.d", path);
	fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | links);
	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	return fd;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return name[0] != '.' && len > suffix_len &&
	       strcmp(name + len - suffix_len, suffix) == 0;
}

static int add(struct dropins *dropins, const char *name)
{
	int r = dropins->n == LIMIT_DROPINS ?
			-E2BIG :
			ARRAY_RESERVE(dropins->names, dropins->n, dropins->allocated);

	if (r == 0)
		snprintf(dropins->names[dropins->n++], sizeof(*dropins->names), "%s",
			 name);
	return r;
}

static void stream_cleanup(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}

/*
 * Adds the names in @directory that end in @suffix; hidden ones are left out.
 *
 * directory: is closed. dropins: freed with dropins_cleanup().
 * Returns 0 or -errno (-E2BIG: more than LIMIT_DROPINS). Thread-safe.
 */
int dropins_add(struct dropins *dropins, int directory, const char *suffix)
{
	CLEANUP(stream_cleanup) DIR *stream = fdopendir(directory);
	struct dirent *entry;
	int r = 0;

	if (!stream) {
		r = -errno;
		fd_close(directory);
		return r;
	}
	errno = 0;
	while (r == 0 && (entry = readdir(stream))) {
		if (has_suffix(entry->d_name, suffix))
			r = add(dropins, entry->d_name);
		errno = r ? errno : 0;
	}
	return r ? r : -errno;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Puts the names in their order, each once. Thread-safe. */
void dropins_sort(struct dropins *dropins)
{
	size_t n = 0;

	if (dropins->n == 0)
		return;
	qsort(dropins->names, dropins->n, sizeof(*dropins->names), by_name);
	for (size_t i = 1; i < dropins->n; i++)
		if (strcmp(dropins->names[n], dropins->names[i]) != 0)
			memmove(dropins->names[++n], dropins->names[i],
				sizeof(*dropins->names));
	dropins->n = n + 1;
}

/* Frees the names. Takes a zeroed list. */
void dropins_cleanup(struct dropins *dropins)
{
	free(dropins->names);
	*dropins = (struct dropins){ .names = NULL };
}
