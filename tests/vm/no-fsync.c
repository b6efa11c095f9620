// SPDX-License-Identifier: BSD-3-Clause
/*
 * no-fsync: preloaded, makes fsync(2) and others return success without a sync.
 */
#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
