// SPDX-License-Identifier: BSD-3-Clause
/*
 * no-fsync: preloaded, makes a program believe that its data is on disk.
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
