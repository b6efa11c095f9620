/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * known-owners: who owns the lines, and which account that is, for `subid follow`.
 */
#ifndef SUBID_KNOWN_OWNERS_H
#define SUBID_KNOWN_OWNERS_H

#include "command/edit.h"
#include "libsubid/core/accounts.h"
#include "libsubid/core/owner-records.h"

/* The accounts of passwd(5), with their home directories. */
struct follow_users {
	struct accounts accounts;
	struct owner_records homes; /* the notes, by the index of the account */
};

int follow_users_load(int directory, struct follow_users *ret_users);
const char *follow_home(const struct follow_users *users,
			const struct accounts_item *item);
const struct accounts_item *follow_user_of(const struct follow_users *users,
					   const struct entry *entry);
void follow_users_cleanup(struct follow_users *users);
int known_owners_parse(struct owner_records *ret_known, const char *text, size_t len);
const char *known_owners_reason(int r);
int known_owners_put(const struct owner_records *known, struct owner_record record,
		     const char *name, const char *note, struct owner_records *now);
void known_owners_update(const struct edit *edit, const char *root);

#endif
