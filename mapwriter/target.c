// SPDX-License-Identifier: BSD-3-Clause
/*
 * target: /proc/PID, opened once.
 *
 * MUST: the process is examined without privilege, so that a refusal reveals nothing
 * about a process that the caller cannot see.
 * MUST: the process id is looked up only once. The descriptor stays with its process:
 * after that has ended it returns ESRCH, even if another process has the id.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "mapwriter/target.h"

#define PROC_DIRECTORY "/proc/"

/*
 * Reads the first argument, `PID` or `fd:N`.
 * Returns 0 or TARGET_MALFORMED.
 */
int target_parse(const char *argument, struct target *target)
{
	bool by_fd = strncmp(argument, "fd:", 3) == 0;
	const char *digits = by_fd ? argument + 3 : argument;
	size_t len = strlen(argument);
	uint64_t number;

	if (num_parse(digits, strlen(digits), INT_MAX, &number) ||
	    len >= sizeof(target->name))
		return TARGET_MALFORMED;

	*target = (struct target)TARGET_NONE;
	target->borrowed = by_fd;
	if (by_fd)
		target->fd = (int)number;
	else
		target->pid = (pid_t)number;
	memcpy(target->name, argument, len);
	return 0;
}

/*
 * Opens the directory and reads its owner.
 *
 * own_fd: a descriptor that this program opened; fd:N must not name it.
 * Returns 0, TARGET_NOT_PROC or -errno.
 */
int target_open(struct target *target, int own_fd)
{
	/* Not by snprintf(3): a granted map needs nothing else of stdio, which is big. */
	char path[sizeof(PROC_DIRECTORY) + sizeof(target->name)] = PROC_DIRECTORY;
	struct statfs filesystem;
	struct stat status;

	if (!target->borrowed) {
		memcpy(path + strlen(PROC_DIRECTORY), target->name, sizeof(target->name));
		target->fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (target->fd < 0)
			return -errno;
	} else if (target->fd == own_fd) {
		return -EBADF;
	}

	/* Our path leads to /proc; the caller's descriptor may be of any file. */
	if (target->borrowed && fstatfs(target->fd, &filesystem))
		return -errno;
	if (fstat(target->fd, &status))
		return -errno;
	if (target->borrowed &&
	    (filesystem.f_type != PROC_SUPER_MAGIC || !S_ISDIR(status.st_mode)))
		return TARGET_NOT_PROC;
	target->uid = status.st_uid;
	target->gid = status.st_gid;
	return 0;
}

/*
 * Opens a file of the process. Returns a descriptor or -errno.
 *
 * The caller may have mounted another file over it in a mount namespace: that is -EXDEV.
 * A kernel before 5.6, or a filter of system calls that does not know openat2(2) (ENOSYS,
 * old ones EPERM), does not detect this; then only the kernel checks who owns the
 * namespace that is written to.
 */
int target_open_file(int process, const char *name, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, process, name, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(process, name, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

/*
 * Whether the process has ended. Its directory then belongs to root, whatever user the
 * process had.
 */
bool target_is_gone(const struct target *target)
{
	return faccessat(target->fd, "status", F_OK, 0) != 0 && errno == ESRCH;
}

/* Closes the directory unless the descriptor is the caller's. */
void target_cleanup(struct target *target)
{
	if (!target->borrowed)
		fd_close(target->fd);
	target->fd = -1;
}
