/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owner-table: a table of the owners of all lines; an owner with several names is there
 * once.
 */
#ifndef SUBID_OWNER_TABLE_H
#define SUBID_OWNER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/hash.h"

struct holder {
	const char *name; /* the first name in the lines; not terminated */
	uint16_t name_len;
	bool has_uid;	  /* the owner is a number, or has an account */
	bool has_account; /* there is a user with this uid */
	uint32_t uid;
	uint32_t user; /* has_account: the index of the first user with this uid */
};

struct owner_table {
	const struct accounts *users;
	/* Other names that the name service accepts for users, or NULL; set by the
	 * caller. */
	const struct accounts *spellings;
	struct holder *items;
	size_t n;
	size_t allocated;
	struct hash index; /* numbers of items */
};

/* No user, no holder. */
#define OWNER_TABLE_NONE UINT32_MAX

void owner_table_init(struct owner_table *holders, const struct accounts *users);
int owner_table_put(struct owner_table *holders, const struct entry *entry,
		    uint32_t *ret_number);
uint32_t owner_table_user_named(const struct owner_table *holders, const char *name,
				size_t len);
void owner_table_close(struct owner_table *holders);
void owner_table_cleanup(struct owner_table *holders);

#endif
