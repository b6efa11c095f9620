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
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
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

/*
 * Reads a whole file, or fails if it changes meanwhile.
 *
 * MUST: a table has the whole text of the file: writing a partial one back would lose the
 * rest.
 */

/* Older libcs lack it; from asm-generic/mman-common.h of the kernel. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* So that appending one or two lines does not move the text. */
#define ROOM 1024

/*
 * Populates the pages of a buffer at once. Page faults during the read would take a third
 * of its time. Kernels before Linux 5.14 cannot do this, and the error is ignored.
 */
static void make_pages(char *text, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t before = (page - (uintptr_t)text % page) % page;

	if (size >= before + page)
		madvise(text + before, (size - before) / page * page,
			MADV_POPULATE_WRITE);
}

/* A hole takes no space on disk, but would if the file were written again. */
static bool has_hole(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END), hole = lseek(fd, 0, SEEK_HOLE);

	return hole >= 0 && hole < end;
}

/*
 * Reads an open file from its begin.
 *
 * size: from fstat(2). ret_table: free with table_clear().
 * Returns 0, -EFBIG, -EILSEQ (a file with a hole is no text), -ESTALE (the size has
 * changed: a program writes the file in place), -ENOMEM or another -errno. Thread-safe,
 * but it uses the position of the descriptor.
 */
int load_table(int fd, off_t size, struct table *ret_table)
{
	CLEANUP(cleanup_free) char *text = NULL;
	int r;

	if (size > LIMIT_FILE_BYTES)
		return -EFBIG;
	if (has_hole(fd))
		return -EILSEQ;
	/* One byte of ROOM is for the read that detects the end. */
	text = malloc((size_t)size + ROOM);
	if (!text)
		return -ENOMEM;
	make_pages(text, (size_t)size);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	r = fd_read_whole(fd, text, (size_t)size);
	if (r == 0)
		r = table_load(text, (size_t)size, ret_table);
	if (r)
		return r;
	ret_table->allocated = (size_t)size + ROOM;
	TAKE_PTR(text);
	return 0;
}
