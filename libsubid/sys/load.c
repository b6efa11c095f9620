// SPDX-License-Identifier: BSD-3-Clause
/*
 * load: read all of it, or say that it changed meanwhile.
 *
 * MUST: a table is what stood in the file, whole: who writes one back would lose the
 * rest.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/load.h"

/* Not in every libc that builds this; a number of the kernel's,
 * asm-generic/mman-common.h. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* For lines that are appended: one or two make no second place of the text necessary. */
#define ROOM 1024

/*
 * Has the pages that a file is read into made at once, where else the kernel would come
 * by each of them alone while it copies: that is a third of the time to read it. A kernel
 * that cannot (before Linux 5.14) does as it always did.
 */
static void make_pages(char *text, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t before = (page - (uintptr_t)text % page) % page;

	if (size >= before + page)
		madvise(text + before, (size - before) / page * page,
			MADV_POPULATE_WRITE);
}

/* A hole is NUL bytes that take no room on disk; written anew, they would. */
static bool has_hole(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END), hole = lseek(fd, 0, SEEK_HOLE);

	return hole >= 0 && hole < end;
}

/*
 * Reads an open file from its begin.
 *
 * size: as fstat(2) has it. ret_table: freed with table_clear().
 * Returns 0, -EFBIG, -EILSEQ (a file with a hole is no text), -ESTALE (the file has more
 * or less than that by now: somebody writes it in place), -ENOMEM or another -errno.
 * Thread-safe, but the descriptor's position is one.
 */
int load_table(int fd, off_t size, struct table *ret_table)
{
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0, n = 1;
	int r = 0;

	if (size > LIMIT_FILE_BYTES)
		return -EFBIG;
	if (has_hole(fd))
		return -EILSEQ;
	/* One byte of the room is read into, to see the end. */
	text = malloc((size_t)size + ROOM);
	if (!text)
		return -ENOMEM;
	make_pages(text, (size_t)size);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while (r == 0 && n > 0 && len <= (size_t)size) {
		r = fd_read(fd, text + len, (size_t)size + 1 - len, &n);
		if (r == 0)
			len += n;
	}
	if (r == 0 && len != (size_t)size)
		r = -ESTALE;
	if (r == 0)
		r = table_load(text, len, ret_table);
	if (r)
		return r;
	ret_table->allocated = (size_t)size + ROOM;
	TAKE_PTR(text);
	return 0;
}
