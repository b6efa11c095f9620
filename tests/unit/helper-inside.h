/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * helper-inside: the helper as a child that executes no program, so that it has the
 * mounts and libraries of the test. For programs that are linked with
 * --wrap=helper_execute and --wrap=helper_open_beside.
 */
#ifndef TESTS_HELPER_INSIDE_H
#define TESTS_HELPER_INSIDE_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "helper/ask.h"
#include "helper/helper.h"

/* What the child does; NULL: what the helper does. */
static int (*fake_helper)(int fd);
/* 0, or -errno: it cannot be executed. */
static int execute_fails;

/* With -flto the compiler does not see who calls them. */
__attribute__((used)) int __wrap_helper_execute(int program, int to, pid_t parent);
__attribute__((used)) int __wrap_helper_open_beside(int *ret_fd);

int __wrap_helper_execute(int program, int to, pid_t parent)
{
	(void)program;
	(void)parent;
	if (execute_fails)
		return execute_fails;
	_exit(fake_helper ? fake_helper(to) : ask_serve(to));
}

int __wrap_helper_open_beside(int *ret_fd)
{
	*ret_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

#endif
