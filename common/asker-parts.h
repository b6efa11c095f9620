/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * asker-parts: what both sides of the socket know.
 */
#ifndef SUBID_ASKER_PARTS_H
#define SUBID_ASKER_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/limits.h"

/* The groups of a user, and the members of a group, are not more. */
#define ASKER_GROUPS_MAX 65536
#define ASKER_BYTES_MAX	 (16 * 1024 * 1024)

enum asker_type {
	ASKER_USER,    /* name -> struct account */
	ASKER_UID,     /* id -> struct account */
	ASKER_UID_OF,  /* id -> the user's name, with a NUL */
	ASKER_GID_OF,  /* id -> the group's name, with a NUL */
	ASKER_HOME,    /* name -> path, with a NUL */
	ASKER_GROUPS,  /* name, id of the primary group -> gids */
	ASKER_MEMBERS, /* name -> gid, and names, each with a NUL */
};

struct asker_question {
	enum asker_type type;
	uint32_t id;
	char name[LIMIT_OWNER_BYTES + 1];
};

/* What comes first; behind it are @len bytes. */
struct asker_answer {
	int r; /* 0, ACCOUNT_NONE or -errno */
	size_t len;
};

void asker_answer_all(int fd);

#endif
