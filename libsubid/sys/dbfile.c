// SPDX-License-Identifier: BSD-3-Clause
/*
 * dbfile: opens a database and checks its owner and mode, in two steps.
 *
 * A map writer opens with privilege, and checks, like everything else, without.
 * MUST: opening has no side effect and cannot block: it follows no symbolic link, does
 * not wait for a fifo, and makes no terminal the controlling one.
 * MUST: a file that other users could have written, or that is not known to be root's, is
 * refused.
 */
#include <errno.h>
#include <fcntl.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/userns.h"

/*
 * Opens @name in @directory; an error is stored for dbfile_vet().
 * End with dbfile_cleanup(). Thread-safe.
 */
void dbfile_open_at(int directory, const char *name, struct dbfile *ret_file)
{
	struct dbfile file = DBFILE_UNOPENED;

	file.fd = openat(directory, name,
			 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file.fd < 0 || fstat(file.fd, &file.status)) {
		file.error = errno;
		file.fault = DBFILE_CLOSED;
		file.fd = fd_close(file.fd);
	}
	*ret_file = file;
}

/* Opens a database by its path. As dbfile_open_at(). */
void dbfile_open(const char *path, struct dbfile *ret_file)
{
	dbfile_open_at(AT_FDCWD, path, ret_file);
}

static int set_fault(struct dbfile *file, int fault, int error)
{
	file->fault = fault;
	file->error = error;
	return fault;
}

/*
 * Checks an opened file by its descriptor. Returns 0 or an enum dbfile_fault, which it
 * also stores, with an errno for the message.
 */
int dbfile_vet(struct dbfile *file)
{
	const struct stat *st = &file->status;
	int r;

	if (file->fault)
		return file->fault;
	if (S_ISDIR(st->st_mode))
		return set_fault(file, DBFILE_NOT_REGULAR, EISDIR);
	if (!S_ISREG(st->st_mode))
		return set_fault(file, DBFILE_NOT_REGULAR, EINVAL);
	if (st->st_size > LIMIT_FILE_BYTES)
		return set_fault(file, DBFILE_HUGE, EFBIG);
	if (st->st_mode & S_IWOTH)
		return set_fault(file, DBFILE_WRITABLE, EACCES);
	if (st->st_uid == 0)
		return 0;
	r = userns_is_outside_owner(st->st_uid);
	if (r < 0)
		return set_fault(file, DBFILE_UNKNOWN, -r);
	return r ? 0 : set_fault(file, DBFILE_FOREIGN, EACCES);
}

/* Closes the file. Takes one that was never opened. */
void dbfile_cleanup(struct dbfile *file)
{
	file->fd = fd_close(file->fd);
}
