// SPDX-License-Identifier: BSD-3-Clause
/*
 * account: fills in a struct account.
 */
#include <string.h>

#include "libsubid/core/entry.h"
#include "libsubid/user/account.h"

/* Fills in an account; @len is LIMIT_OWNER_BYTES at the most. Thread-safe. */
void account_set(struct account *account, const char *name, size_t len, uid_t uid,
		 gid_t gid)
{
	*account = (struct account){
		.name_len = len, .exists = true, .uid = uid, .gid = gid
	};
	memcpy(account->name, name, len);
	account->name_owns = entry_check_owner(name, len) == 0;
	account->number_len = num_format(uid, account->number);
}

/*
 * Fills in an owner of lines that has no account: its name alone, or, if that is a uid in
 * decimal, this uid. The name must pass entry_check_owner(). Thread-safe.
 */
void account_set_text(struct account *account, const char *name, size_t len)
{
	uint64_t uid;

	*account = (struct account){
		.name_len = len, .name_owns = true, .uid = ID_NONE, .gid = ID_NONE
	};
	memcpy(account->name, name, len);
	if (num_parse(name, len, ID_NONE - 1, &uid) == 0) {
		account->uid = (uid_t)uid;
		account->number_len = num_format(uid, account->number);
	}
}
