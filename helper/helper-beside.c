// SPDX-License-Identifier: BSD-3-Clause
/*
 * helper-beside: finds the helper of a program without privilege, which may not be
 * installed, or be a user's.
 *
 * MUST: map writers do not link this file.
 * MUST: a program with privilege uses the installed helper alone.
 * MUST: the helper and its directory have the owner of the running program, who could as
 * well have changed that.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/helper.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"

#define SELF "/proc/self/exe"

/* Where the build has it, from the directory of any other program. */
#define BUILT "../helper"

static bool belongs_to(const struct stat *status, uid_t owner)
{
	return status->st_uid == owner && (status->st_mode & S_IWOTH) == 0;
}

/* Opens the helper in @path if it and the directory are those of @owner. */
static int open_owned(const char *path, uid_t owner, int *ret_fd)
{
	CLEANUP(fd_cleanup) int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_cleanup) int fd = -1;
	struct stat status;

	if (directory >= 0)
		fd = openat(directory, HELPER_NAME, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return HELPER_MISSING;
	if (fstat(directory, &status) || !belongs_to(&status, owner) ||
	    fstat(fd, &status) || !belongs_to(&status, owner) || !S_ISREG(status.st_mode))
		return HELPER_FOREIGN;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Writes the directory of the build for the running program, and tells its owner. */
static int find_build(char path[static PATH_MAX], uid_t *ret_owner)
{
	struct stat status;
	ssize_t n = readlink(SELF, path, PATH_MAX);
	char *slash;

	if (n < 0 || (size_t)n >= PATH_MAX - sizeof("/" BUILT) || stat(SELF, &status))
		return HELPER_MISSING;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return HELPER_MISSING;
	memcpy(slash, "/" BUILT, sizeof("/" BUILT));
	*ret_owner = status.st_uid;
	return 0;
}

/*
 * Opens the helper of the build that the program runs from, else the installed one.
 * Returns 0, an enum helper_fault or -errno.
 */
int helper_open_beside(int *ret_fd)
{
	char path[PATH_MAX];
	uid_t owner;
	int r;

	if (getauxval(AT_SECURE))
		return helper_open(ret_fd);
	if (find_build(path, &owner))
		return helper_open_installed(ret_fd);
	if (open_owned(path, owner, ret_fd) == 0)
		return 0;
	r = helper_open_installed(ret_fd);
	/* A user has installed all of it. */
	if (r == HELPER_FOREIGN && owner != 0)
		r = open_owned(HELPERDIR, owner, ret_fd);
	return r;
}
