/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * passwd-libc: lines of passwd(5) and group(5) as the GNU C library reads them. Its
 * fgetpwent_r(3) and fgetgrent_r(3) have the parser of the service `files`.
 */
#ifndef TESTS_PASSWD_LIBC_H
#define TESTS_PASSWD_LIBC_H

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct libc_line {
	char *name; /* to be freed */
	uint32_t id;
	uint32_t gid; /* of a user */
};

static inline bool libc_read_stream(FILE *stream, bool group, char *buffer, size_t size,
				    struct libc_line *ret_line)
{
	struct group *found_group = NULL, group_entry;
	struct passwd *found = NULL, entry;

	if (group) {
		if (fgetgrent_r(stream, &group_entry, buffer, size, &found_group))
			return false;
		*ret_line = (struct libc_line){ found_group->gr_name, found_group->gr_gid,
						0 };
	} else {
		if (fgetpwent_r(stream, &entry, buffer, size, &found))
			return false;
		*ret_line = (struct libc_line){ found->pw_name, found->pw_uid,
						found->pw_gid };
	}
	return true;
}

/*
 * Reads a line without its newline. The file has the newline: without one, and with
 * whitespace before the name, the library (2.36) reads some bytes twice. A line that
 * begins with `+` or `-` is no account: the service `files` skips it after parsing it.
 */
static inline bool libc_read_line(const char *line, size_t len, bool group,
				  struct libc_line *ret_line)
{
	/* Room for the line and a pointer for each member. */
	size_t size = 4096 + 16 * len;
	char *buffer = malloc(size), *text = malloc(len + 1);
	FILE *stream;
	bool found;

	*ret_line = (struct libc_line){ .name = NULL };
	if (!buffer || !text)
		abort();
	if (len > 0)
		memcpy(text, line, len);
	text[len] = '\n';
	stream = fmemopen(text, len + 1, "r");
	if (!stream)
		abort();
	found = libc_read_stream(stream, group, buffer, size, ret_line) &&
		ret_line->name[0] != '+' && ret_line->name[0] != '-';
	ret_line->name = found ? strdup(ret_line->name) : NULL;
	fclose(stream);
	free(text);
	free(buffer);
	return found;
}

#endif
