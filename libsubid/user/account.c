// SPDX-License-Identifier: BSD-3-Clause
/*
 * account: initialises a struct account.
 */
#include <string.h>

#include "libsubid/core/entry.h"
#include "libsubid/user/account.h"

/* Sets an account; @len is at most LIMIT_OWNER_BYTES. Thread-safe. */
void account_set(struct account *account, const char *name, size_t len, uid_t uid,
		 gid_t gid)
{
	*account = (struct account){
		.name_len = len, .exists = true, .uid = uid, .gid = gid
	};
	memcpy(account->name, name, len);
	account->number_len = num_format(uid, account->number);
}

/*
 * Sets an owner of lines that has no account: only its name, and the uid if the name is
 * one in decimal. The name must pass entry_check_owner(). Thread-safe.
 */
void account_set_text(struct account *account, const char *name, size_t len)
{
	uint64_t uid;

	*account = (struct account){ .name_len = len, .uid = ID_NONE, .gid = ID_NONE };
	memcpy(account->name, name, len);
	if (num_parse(name, len, ID_NONE - 1, &uid) == 0) {
		account->uid = (uid_t)uid;
		account->number_len = num_format(uid, account->number);
	}
}
