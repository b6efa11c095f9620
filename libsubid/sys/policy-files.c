// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy-files: reads the files of subid.d(5).
 *
 * MUST: a file or directory that others than root could have written is not used, and
 * one that cannot be read is an error: a missing rule gives ids away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/policy-files.h"
#include "libsubid/sys/root-only.h"

/* A file hides those of its name in later directories. */
static const char *const directories[] = {
	SYSCONFDIR "/subid.d",
	"/run/subid.d",
	"/usr/local/lib/subid.d",
	"/usr/lib/subid.d",
};

#define N_DIRECTORIES (sizeof(directories) / sizeof(directories[0]))

/* A file that was found; its directory is an index. */
struct policy_name {
	char *name;
	size_t directory;
};

struct policy_names {
	DIR *open[N_DIRECTORIES];
	struct policy_name *items;
	size_t n, allocated;
};

static void policy_names_cleanup(struct policy_names *names)
{
	for (size_t i = 0; i < N_DIRECTORIES; i++)
		if (names->open[i])
			closedir(names->open[i]);
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i].name);
	free(names->items);
}

/* Adds a fault; takes over @path. Returns 0 or -ENOMEM. */
static int put_policy_fault(struct policy_files *files, char *path, int fault, int error)
{
	if (!path ||
	    ARRAY_RESERVE(files->faults, files->n_faults, files->allocated_faults)) {
		free(path);
		return -ENOMEM;
	}
	files->faults[files->n_faults++] = (struct policy_fault){ path, fault, error };
	return 0;
}

/* Returns 0, or why a file or directory with this status may not be used. */
static int vet_status(const struct stat *status, int *ret_error)
{
	int r = root_only_check(status);

	*ret_error = r < 0 ? -r : EACCES;
	if (r <= 0)
		return r ? DBFILE_UNKNOWN : 0;
	return r == ROOT_ONLY_WRITABLE ? DBFILE_WRITABLE : DBFILE_FOREIGN;
}

static bool is_policy_name(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

static int put_policy_name(struct policy_names *names, const char *name, size_t directory)
{
	char *copy;

	if (ARRAY_RESERVE(names->items, names->n, names->allocated) ||
	    !(copy = strdup(name)))
		return -ENOMEM;
	names->items[names->n++] = (struct policy_name){ copy, directory };
	return 0;
}

/* Adds the files of an open directory. Returns 0, -ENOMEM or what readdir(3) said. */
static int list_directory(struct policy_names *names, size_t directory)
{
	const struct dirent *entry;
	int r = 0;

	while (errno = 0, r == 0 && (entry = readdir(names->open[directory])))
		if (is_policy_name(entry->d_name))
			r = names->n < LIMIT_DROPINS ?
				    put_policy_name(names, entry->d_name, directory) :
				    -E2BIG;
	return r ? r : -errno;
}

/* Opens a directory; without a root there is only the one in @etc. */
static int open_policy_directory(int etc, const char *root, size_t directory)
{
	int fd;

	if (root)
		return etc_open_directory(strcmp(root, "/") == 0 ? NULL : root,
					  directories[directory]);
	if (directory > 0)
		return -ENOENT;
	fd = openat(etc, "subid.d", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int find_files(struct policy_files *files, int fd_of_directory, size_t directory,
		      struct policy_names *names)
{
	CLEANUP(fd_cleanup) int fd = fd_of_directory;
	struct stat status;
	int error, fault, r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status))
		return put_policy_fault(files, strdup(directories[directory]),
					DBFILE_CLOSED, fd < 0 ? -fd : errno);
	fault = vet_status(&status, &error);
	if (fault)
		return put_policy_fault(files, strdup(directories[directory]), fault,
					error);
	names->open[directory] = fdopendir(fd);
	if (!names->open[directory])
		return -errno;
	TAKE_FD(fd);
	r = list_directory(names, directory);
	return r && r != -ENOMEM ? put_policy_fault(files, strdup(directories[directory]),
						    DBFILE_UNREADABLE, -r) :
				   r;
}

static int compare_policy_names(const void *a, const void *b)
{
	const struct policy_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order :
		       (x->directory > y->directory) - (x->directory < y->directory);
}

/* Reads a text of the size that fstat(2) said. Returns 0 or -errno. */
static int read_policy_text(int fd, size_t size, char **ret_text)
{
	CLEANUP(cleanup_free) char *text = malloc(size + 1);
	size_t len = 0, n = 1;
	int r = text ? 0 : -ENOMEM;

	while (r == 0 && n > 0 && len <= size) {
		r = fd_read(fd, text + len, size + 1 - len, &n);
		len += r ? 0 : n;
	}
	if (r == 0 && len != size)
		r = -ESTALE;
	if (r == 0)
		*ret_text = TAKE_PTR(text);
	return r;
}

/* Adds the rules of a file, whose path is taken over. */
static int add_file(struct policy_files *files, char *path, const struct dbfile *file)
{
	size_t size = (size_t)file->status.st_size, total = size;
	char *text;
	int r;

	for (size_t i = 0; i < files->n; i++)
		total += files->files[i].len;
	if (ARRAY_RESERVE(files->files, files->n, files->allocated)) {
		free(path);
		return -ENOMEM;
	}
	r = total > LIMIT_POLICY_BYTES ? -EFBIG : read_policy_text(file->fd, size, &text);
	if (r)
		return put_policy_fault(files, path, DBFILE_UNREADABLE, -r);
	files->files[files->n++] = (struct policy_file){ path, text, size };
	return policy_add_text(&files->policy, (uint32_t)(files->n - 1), text, size);
}

static int read_policy_file(struct policy_files *files, int directory,
			    const struct policy_name *name)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	int fault, error;
	char *path;

	dbfile_open_at(directory, name->name, &file);
	if (file.fault && file.error == ELOOP && etc_is_masked(directory, name->name))
		return 0;
	if (asprintf(&path, "%s/%s", directories[name->directory], name->name) < 0)
		return -ENOMEM;
	fault = dbfile_vet(&file);
	if (fault)
		return put_policy_fault(files, path, fault, file.error);
	fault = vet_status(&file.status, &error);
	return fault ? put_policy_fault(files, path, fault, error) :
		       add_file(files, path, &file);
}

static int read_files(struct policy_files *files, struct policy_names *names)
{
	int r = 0;

	if (names->n > 0)
		qsort(names->items, names->n, sizeof(*names->items),
		      compare_policy_names);
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		const struct policy_name *name = &names->items[i];

		if (i > 0 && strcmp(names->items[i - 1].name, name->name) == 0)
			continue;
		r = read_policy_file(files, dirfd(names->open[name->directory]), name);
	}
	return r;
}

/*
 * Reads the policy of the system in the directory @root, `/` for this one; NULL: only the
 * files below the directory @etc. What is wrong with files is in files->faults, and with
 * rules in policy.errors.
 *
 * Returns 0 or -ENOMEM; free with policy_files_cleanup() in any case. Thread-safe.
 */
int policy_files_read(int etc, const char *root, struct policy_files *ret_files)
{
	CLEANUP(policy_names_cleanup) struct policy_names names = { .n = 0 };
	int r = 0;

	*ret_files = (struct policy_files){ .n = 0 };
	for (size_t i = 0; r == 0 && i < N_DIRECTORIES; i++)
		r = find_files(ret_files, open_policy_directory(etc, root, i), i, &names);
	if (r == 0)
		r = read_files(ret_files, &names);
	return r ? r : policy_close(&ret_files->policy);
}

/* Frees the rules and the texts. Takes zeroed files. */
void policy_files_cleanup(struct policy_files *files)
{
	policy_cleanup(&files->policy);
	for (size_t i = 0; i < files->n; i++) {
		free(files->files[i].path);
		free(files->files[i].text);
	}
	for (size_t i = 0; i < files->n_faults; i++)
		free(files->faults[i].path);
	free(files->files);
	free(files->faults);
	*files = (struct policy_files){ .n = 0 };
}
