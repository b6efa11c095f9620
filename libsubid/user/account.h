/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account: a user by login name and ids.
 */
#ifndef SUBID_ACCOUNT_H
#define SUBID_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"

struct account {
	char name[LIMIT_OWNER_BYTES + 1];
	size_t name_len;
	bool exists;	/* false: an owner of lines that has no account */
	bool name_owns; /* the name can be the owner of a line: no colon in it, say */
	char number[NUM_BYTES]; /* the uid in decimal; not terminated */
	size_t number_len;	/* 0: there is no uid */
	uid_t uid;		/* ID_NONE: there is none */
	gid_t gid;
};

enum {
	ACCOUNT_NONE = 1, /* there is no such account; that is known */
};

void account_set(struct account *account, const char *name, size_t len, uid_t uid,
		 gid_t gid);
void account_set_text(struct account *account, const char *name, size_t len);

#endif
