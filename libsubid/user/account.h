/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account: the login name and ids of a user.
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
	bool exists;		/* false: an owner of lines without an account */
	char number[NUM_BYTES]; /* the uid in decimal; not terminated */
	size_t number_len;	/* 0: no uid */
	uid_t uid;		/* ID_NONE: no uid */
	gid_t gid;
};

enum {
	ACCOUNT_NONE = 1, /* there is certainly no such account */
};

void account_set(struct account *account, const char *name, size_t len, uid_t uid,
		 gid_t gid);
void account_set_text(struct account *account, const char *name, size_t len);

#endif
