// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy-files: reads the files of subid.d(5).
 *
 * MUST: a file or directory that others than root could have written is not used, and
 * one that cannot be read is an error: a missing rule gives ids away.
 */
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

/* The files that were found; their source is the index of the directory. */
struct policy_names {
	int open[N_DIRECTORIES];
	struct etc_dropins files;
};

static void policy_names_cleanup(struct policy_names *names)
{
	for (size_t i = 0; i < N_DIRECTORIES; i++)
		fd_close(names->open[i]);
	etc_dropins_cleanup(&names->files);
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

/* Finds the files of a directory, which stays open. Returns 0 or -ENOMEM. */
static int find_files(struct policy_files *files, size_t directory,
		      struct policy_names *names)
{
	int fd = names->open[directory], fault, error, r;
	struct stat status;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status)) {
		fault = DBFILE_CLOSED;
		error = fd < 0 ? -fd : errno;
	} else if ((fault = vet_status(&status, &error)) == 0) {
		r = etc_dropins_add(&names->files, fd, directory, ".conf");
		if (r == 0 || r == -ENOMEM)
			return r;
		fault = DBFILE_UNREADABLE;
		error = -r;
	}
	return put_policy_fault(files, strdup(directories[directory]), fault, error);
}

/* Reads a text of the size that fstat(2) said. Returns 0 or -errno. */
static int read_policy_text(int fd, size_t size, char **ret_text)
{
	CLEANUP(cleanup_free) char *text = malloc(size + 1);
	int r = text ? fd_read_whole(fd, text, size) : -ENOMEM;

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
			    const struct etc_dropin *name)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	int fault, error;
	char *path;

	dbfile_open_at(directory, name->name, &file);
	if (file.fault && file.error == ELOOP && etc_is_masked(directory, name->name))
		return 0;
	if (asprintf(&path, "%s/%s", directories[name->source], name->name) < 0)
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

	etc_dropins_sort(&names->files);
	for (size_t i = 0; r == 0 && i < names->files.n; i++) {
		const struct etc_dropin *name = &names->files.items[i];

		r = read_policy_file(files, names->open[name->source], name);
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
	CLEANUP(policy_names_cleanup) struct policy_names names = { .files = { 0 } };
	int r = 0;

	*ret_files = (struct policy_files){ .n = 0 };
	for (size_t i = 0; i < N_DIRECTORIES; i++)
		names.open[i] = open_policy_directory(etc, root, i);
	for (size_t i = 0; r == 0 && i < N_DIRECTORIES; i++)
		r = find_files(ret_files, i, &names);
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
