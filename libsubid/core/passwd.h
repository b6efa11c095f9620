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

/* Fields, from 0 on. */
enum {
	PASSWD_MEMBERS = 3, /* of a group, comma-separated */
	PASSWD_HOME = 5,    /* the home directory of a user */
};

const char *passwd_find_field(const char *line, size_t len, int field_index,
			      size_t *ret_len);
int passwd_read_line(const char *line, size_t len, bool group,
		     struct passwd_line *ret_line);

/*
 * What the name service skips in its files, isspace(3) without a locale.
 */

/* Returns whether a byte is whitespace within a line; a newline is not. */
static inline bool whitespace_is(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r';
}

/* Counts the whitespace at the begin of @text. */
static inline size_t whitespace_count(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && whitespace_is(text[n]))
		n++;
	return n;
}

#endif
