// SPDX-License-Identifier: BSD-3-Clause
/*
 * mapfile: one open, one write.
 *
 * The kernel accepts a map once, in a single write(2) shorter than a page. It checks the
 * credentials at the open and at the write; here they are the same. See
 * user_namespaces(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "mapwriter/mapfile.h"
#include "mapwriter/target.h"

/* The most bytes that the kernel accepts: map_write() wants less than a page. */
size_t mapfile_limit(void)
{
	return (size_t)getpagesize() - 1;
}

/*
 * Writes @map, which must be allowed and within mapfile_limit().
 *
 * process: a descriptor of /proc/PID.
 * Returns 0, or the enum mapfile_step that failed and in *ret_error its errno.
 */
int mapfile_write(const struct kind *kind, int process, const struct idmap *map,
		  int *ret_error)
{
	CLEANUP(fd_cleanup) int fd = -1;
	size_t len = idmap_render(map, NULL, 0);
	/* Not on the stack: the longest map takes three pages, and few maps need them. */
	CLEANUP(cleanup_free) char *text = malloc(len);
	int r;

	if (!text) {
		*ret_error = ENOMEM;
		return MAPFILE_OPEN;
	}
	idmap_render(map, text, len);
	fd = target_open_file(process, kind->map, O_WRONLY);
	if (fd < 0) {
		*ret_error = -fd;
		return MAPFILE_OPEN;
	}
	r = fd_write_once(fd, text, len);
	if (r) {
		*ret_error = -r;
		return MAPFILE_WRITE;
	}
	return 0;
}
