// SPDX-License-Identifier: BSD-3-Clause
/*
 * load: reads a whole file, or fails if it changes meanwhile.
 *
 * MUST: a table has the whole text of the file: writing a partial one back would lose the
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
	size_t len = 0, n = 1;
	int r = 0;

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
