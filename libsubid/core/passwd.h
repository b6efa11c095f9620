/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * passwd: one line of passwd(5) or group(5), read as getpwuid(3) and getgrgid(3) of glibc
 * read it.
 */
#ifndef SUBID_PASSWD_H
#define SUBID_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct passwd_line {
	const char *name; /* into the line; not terminated */
	size_t name_len;
	uint32_t id;
	uint32_t gid; /* the primary group of a user; ID_NONE: unknown */
};

enum {
	PASSWD_ODD = 1, /* an account, but not as tools write it */
	PASSWD_ID_ONLY, /* an id in a line that getpwuid(3) rejects */
	PASSWD_NONE,	/* a comment, an entry of the compat service, garbage */
};

const char *passwd_find_members(const char *line, size_t len, size_t *ret_len);
int passwd_read_line(const char *line, size_t len, bool group,
		     struct passwd_line *ret_line);

#endif
