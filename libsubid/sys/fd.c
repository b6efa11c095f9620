// SPDX-License-Identifier: BSD-3-Clause
/*
 * fd: opens, reads and writes files safely.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"

/* Closes @fd unless it is negative; keeps errno. Returns -1. Thread-safe. */
int fd_close(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return -1;
}

/*
 * Moves a descriptor to the lowest free number from @first on. Returns 0 or -errno.
 * Thread-safe.
 */
int fd_move_up(int *fd, int first)
{
	int up = fcntl(*fd, F_DUPFD_CLOEXEC, first);

	if (up < 0)
		return -errno;
	fd_close(*fd);
	*fd = up;
	return 0;
}

/*
 * Opens a regular file in @directory that another user may have made: does not block and
 * makes no terminal the controlling one.
 *
 * flags: as for open(2); O_CREAT has mode 0600.
 * Returns a descriptor, -EISDIR, -EBADFD (neither a regular file nor a directory) or
 * another -errno. Thread-safe.
 */
int fd_open_regular(int directory, const char *name, int flags)
{
	CLEANUP(fd_cleanup)
	int fd = openat(directory, name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat status;

	/* A socket, a pipe that has no reader, a device that has no driver. */
	if (fd < 0)
		return errno == ENXIO ? -EBADFD : -errno;
	if (fstat(fd, &status))
		return -errno;
	if (S_ISREG(status.st_mode))
		return TAKE_FD(fd);
	return S_ISDIR(status.st_mode) ? -EISDIR : -EBADFD;
}

/*
 * Reads once, at most @size bytes; repeats an interrupted read.
 * Returns 0 or -errno; *ret_n is the number of bytes, 0 at the end. Thread-safe.
 */
int fd_read(int fd, char *buffer, size_t size, size_t *ret_n)
{
	ssize_t n;

	do {
		n = read(fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	*ret_n = (size_t)n;
	return 0;
}

/*
 * Reads the rest of a file, which must have @size bytes.
 *
 * text: has room for one byte more, which detects the end.
 * Returns 0, -ESTALE (it has more or fewer bytes: it has changed) or another -errno.
 * Thread-safe.
 */
int fd_read_whole(int fd, char *text, size_t size)
{
	size_t len = 0, n = 1;
	int r = 0;

	while (r == 0 && n > 0 && len <= size) {
		r = fd_read(fd, text + len, size + 1 - len, &n);
		if (r == 0)
			len += n;
	}
	return r ? r : len == size ? 0 : -ESTALE;
}

/*
 * Returns whether a directory has a file of that name. An error counts as a yes, so that
 * nothing is skipped because of one. Thread-safe.
 */
bool fd_file_may_exist(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return true;
	return faccessat(AT_FDCWD, path, F_OK, 0) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR);
}

/*
 * As fd_read(), at @offset. Returns 0 or -errno; -EBADFD for a file without offsets, such
 * as a pipe or socket. Thread-safe.
 */
int fd_read_at(int fd, char *buffer, size_t size, uint64_t offset, size_t *ret_n)
{
	ssize_t n;

	do {
		n = pread(fd, buffer, size, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ESPIPE ? -EBADFD : -errno;

	*ret_n = (size_t)n;
	return 0;
}

/*
 * Writes @len bytes with one write(2), as files in /proc need it. Returns 0 or -errno;
 * -EIO after a short write. Thread-safe.
 */
int fd_write_once(int fd, const char *text, size_t len)
{
	ssize_t n = write(fd, text, len);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* Writes all of @bytes. Returns 0 or -errno. Thread-safe. */
int fd_write_all(int fd, const void *bytes, size_t len)
{
	const char *rest = bytes;

	while (len > 0) {
		ssize_t n = write(fd, rest, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		rest += n;
		len -= (size_t)n;
	}
	return 0;
}
