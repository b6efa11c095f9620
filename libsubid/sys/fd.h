/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fd: owned file descriptors.
 */
#ifndef SUBID_FD_H
#define SUBID_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Evaluates to an owned descriptor and sets the variable to -1, which closes nothing. */
#define TAKE_FD(fd)                   \
	({                            \
		int *place_ = &(fd);  \
		int value_ = *place_; \
		*place_ = -1;         \
		value_;               \
	})

int fd_close(int fd);
int fd_move_up(int *fd, int first);
int fd_open_regular(int directory, const char *name, int flags);
bool fd_file_may_exist(const char *directory, const char *name);
int fd_read_whole(int fd, char *text, size_t size);
int fd_read_at(int fd, char *buffer, size_t size, uint64_t offset, size_t *ret_n);
int fd_read(int fd, char *buffer, size_t size, size_t *ret_n);
int fd_write_once(int fd, const char *text, size_t len);
int fd_write_all(int fd, const void *bytes, size_t len);

static inline void fd_cleanup(int *fd)
{
	*fd = fd_close(*fd);
}

#endif
