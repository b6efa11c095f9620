// SPDX-License-Identifier: BSD-3-Clause
/*
 * load: read all of it, or say that it changed meanwhile.
 *
 * MUST: a table is what stood in the file, whole: who writes one back would lose the
 * rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/load.h"

/*
 * Reads an open file from its begin.
 *
 * size: as fstat(2) has it. ret_table: freed with table_clear().
 * Returns 0, -EFBIG, -ESTALE (the file has more or less than that by now: somebody writes
 * it in place), -ENOMEM or another -errno. Thread-safe, but the descriptor's position is
 * one.
 */
int load_table(int fd, off_t size, struct table *ret_table)
{
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0, n = 1;
	int r = 0;

	if (size > LIMIT_FILE_BYTES)
		return -EFBIG;
	/* One byte more, to see the end. */
	text = malloc((size_t)size + 1);
	if (!text)
		return -ENOMEM;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while (r == 0 && n > 0 && len <= (size_t)size) {
		r = fd_read(fd, text + len, (size_t)size + 1 - len, &n);
		if (r == 0)
			len += n;
	}
	if (r == 0 && len != (size_t)size)
		r = -ESTALE;
	return r ? r : table_load(TAKE_PTR(text), len, ret_table);
}
