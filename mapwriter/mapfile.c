// SPDX-License-Identifier: BSD-3-Clause
/*
 * mapfile: one open, one write.
 *
 * The kernel accepts a map once, in a single write(2) shorter than a page. It checks the
 * credentials at the open and at the write; here they are the same. See
 * user_namespaces(7).
 *
 * MUST: nothing else is done here: this runs with capabilities in effect.
 */
#include <fcntl.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "mapwriter/mapfile.h"
#include "mapwriter/target.h"

/*
 * Writes the text of a map, which must be allowed and within userns_map_limit().
 *
 * process: a descriptor of /proc/PID.
 * Returns 0, or the enum mapfile_step that failed and in *ret_error its errno.
 */
int mapfile_write(const struct kind *kind, int process, const char *text, size_t len,
		  int *ret_error)
{
	CLEANUP(fd_cleanup) int fd = target_open_file(process, kind->map, O_WRONLY);
	int r;

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
