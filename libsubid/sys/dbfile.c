// SPDX-License-Identifier: BSD-3-Clause
/*
 * dbfile: opening a database and judging it are two steps.
 *
 * A map writer opens with privilege and judges, like everything else, without.
 * MUST: opening has no effect on what is opened and cannot block: no symbolic link is
 * followed, a fifo is not waited for, a terminal does not become the controlling one.
 * MUST: a file that somebody else than root could have written is not believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/fd.h"

/*
 * Opens @path, and keeps the error for later when it cannot be opened.
 * End with dbfile_cleanup(). Thread-safe.
 */
void dbfile_open(const char *path, struct dbfile *ret_file)
{
	struct dbfile file = DBFILE_UNOPENED;

	file.fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file.fd < 0 || fstat(file.fd, &file.status)) {
		file.error = errno;
		file.fault = DBFILE_CLOSED;
		file.fd = fd_close(file.fd);
	}
	*ret_file = file;
}

/* The first @size - 1 bytes of a small file below /proc, as a string. */
static int read_small(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = fd_read(fd, text, size - 1, &n);
	fd_close(fd);
	if (r)
		return r;
	text[n] = '\0';
	return 0;
}

/* Tells whether this user namespace has every id: the first one does. */
static bool everything_is_mapped(void)
{
	/* The kernel's own format of the one extent of the initial namespace. */
	static const char whole[] = "         0          0 4294967295\n";
	char text[sizeof(whole) + 1];

	return read_small("/proc/self/uid_map", text, sizeof(text)) ||
	       strcmp(text, whole) == 0;
}

/*
 * Tells whether @uid is how files of an owner outside this user namespace look, root's
 * among them: the overflow uid of user_namespaces(7).
 */
static bool is_outside_owner(uid_t uid)
{
	char text[NUM_BYTES + 2];
	uint64_t overflow;

	if (everything_is_mapped() ||
	    read_small("/proc/sys/kernel/overflowuid", text, sizeof(text)))
		return false;
	return num_parse(text, strcspn(text, "\n"), ID_NONE - 1, &overflow) == 0 &&
	       overflow == uid;
}

static int set_fault(struct dbfile *file, int fault, int error)
{
	file->fault = fault;
	file->error = error;
	return fault;
}

/*
 * Judges an opened file by its descriptor.
 * Returns 0, or the enum dbfile_fault, which is also kept, with an errno to show.
 */
int dbfile_vet(struct dbfile *file)
{
	const struct stat *st = &file->status;

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
	if (st->st_uid != 0 && !is_outside_owner(st->st_uid))
		return set_fault(file, DBFILE_FOREIGN, EACCES);
	return 0;
}

/* Closes the file. Takes one that was never opened. */
void dbfile_cleanup(struct dbfile *file)
{
	file->fd = fd_close(file->fd);
}
