/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * account: users, as the name service knows them.
 */
#ifndef SUBID_ACCOUNT_H
#define SUBID_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/starts.h"

struct account {
	char name[LIMIT_OWNER_BYTES + 1];
	size_t name_len;
	bool name_owns; /* the name can be the owner of a line: no colon in it, say */
	char number[NUM_BYTES]; /* the uid in decimal; not terminated */
	size_t number_len;
	uid_t uid;
	gid_t gid;
};

enum {
	ACCOUNT_NONE = 1, /* the name service answered: there is none */
};

/* What matters of a line of passwd(5) or group(5). */
struct account_line {
	const char *name; /* into the line; not terminated */
	size_t name_len;
	uint64_t id;
	uint64_t gid; /* of a user */
};

void account_set(struct account *account, const char *name, size_t len, uid_t uid,
		 gid_t gid);
bool account_read_line(const char *line, size_t len, bool group,
		       struct account_line *ret_line);
int account_by_uid(uid_t uid, const char *passwd_file, struct account *ret_account);
int account_by_name(const char *name, struct account *ret_account);
int account_in_file(int folder, const char *name, struct account *ret_account);
int account_in_file_by_uid(int folder, uid_t uid, struct account *ret_account);
int account_name_is_uid(const char *name, size_t len, uid_t uid);
int account_each_name(int folder, uid_t uid,
		      int (*tell)(const char *name, size_t len, void *context),
		      void *context);
bool account_owns(const struct account *account, const struct entry *entry);
bool account_begins(const struct account *account, const char *line, size_t len);
void account_starts(const struct account *account, struct starts *ret_starts);

#endif
