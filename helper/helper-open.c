// SPDX-License-Identifier: BSD-3-Clause
/*
 * helper-open: finds the installed helper.
 *
 * MUST: it is the file that was compiled in, and only root can have put it there or
 * changed it.
 * MUST: nobody but root can read it, so the kernel lets nobody trace the process, which
 * has the ids of the caller: a caller could answer in its place. With fs.suid_dumpable=1
 * the kernel would.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/helper.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/root-only.h"

#define DUMPABLE "/proc/sys/fs/suid_dumpable"

/* The group has no right that others lack, so any group will do. */
#define HELPER_MODE 0711

static int fault_of(int r)
{
	return r == ROOT_ONLY_FOREIGN  ? HELPER_FOREIGN :
	       r == ROOT_ONLY_WRITABLE ? HELPER_WRITABLE :
					 r;
}

/* In a directory with the sticky bit users can replace only what is theirs. */
static int check_above(struct stat *status)
{
	if (status->st_mode & S_ISVTX)
		status->st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	return fault_of(root_only_check(status));
}

static int open_above(int directory)
{
	int fd = openat(directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Checks a directory and all above it, whatever symbolic links led there. */
static int check_directories(int directory)
{
	struct stat status, above;
	CLEANUP(fd_cleanup) int fd = -1;
	int r, next;

	if (fstat(directory, &status))
		return -errno;
	r = fault_of(root_only_check(&status));
	for (next = open_above(directory); r == 0; next = open_above(fd)) {
		if (next < 0)
			return next;
		fd_close(fd);
		fd = next;
		if (fstat(fd, &above))
			return -errno;
		if (above.st_dev == status.st_dev && above.st_ino == status.st_ino)
			return 0;
		status = above;
		r = check_above(&above);
	}
	fd_close(next);
	return r;
}

static int check_file(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return HELPER_MISSING;
	return fault_of(root_only_check(&status));
}

/*
 * Opens another program beside the installed helper, which only root can have changed.
 * Returns 0, an enum helper_fault or -errno. Thread-safe.
 */
int helper_open_other(const char *name, int *ret_fd)
{
	CLEANUP(fd_cleanup) int fd = -1;
	CLEANUP(fd_cleanup)
	int directory = open(HELPERDIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (directory >= 0)
		fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? HELPER_MISSING : -errno;
	r = check_directories(directory);
	if (r == 0)
		r = check_file(fd);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

/* Opens the installed helper and checks it. Returns 0, an enum helper_fault or -errno. */
int helper_open_installed(int *ret_fd)
{
	CLEANUP(fd_cleanup) int fd = -1;
	struct stat status;
	int r = helper_open_other(HELPER_NAME, &fd);

	if (r)
		return r;
	if (fstat(fd, &status))
		return -errno;
	if ((status.st_mode & 07777) != HELPER_MODE)
		return HELPER_READABLE;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* A setting that cannot be read may have any value. */
static bool may_be_traced(void)
{
	CLEANUP(fd_cleanup) int fd = open(DUMPABLE, O_RDONLY | O_CLOEXEC);
	char value;
	size_t n = 0;

	return fd < 0 || fd_read(fd, &value, 1, &n) || n != 1 ||
	       (value != '0' && value != '2');
}

/* The same for a program with privilege: the caller must not be able to trace the helper.
 */
int helper_open(int *ret_fd)
{
	CLEANUP(fd_cleanup) int fd = -1;
	int r = helper_open_installed(&fd);

	/* A file system may ignore modes. */
	if (r == 0 && getuid() != 0 && access(HELPERDIR "/" HELPER_NAME, R_OK) == 0)
		r = HELPER_READABLE;
	if (r == 0 && may_be_traced())
		r = HELPER_TRACEABLE;
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}
