/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holders: a table of the owners of all lines; an owner with several names is there once.
 */
#ifndef SUBID_HOLDERS_H
#define SUBID_HOLDERS_H

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

struct holders {
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
#define HOLDERS_NONE UINT32_MAX

void holders_init(struct holders *holders, const struct accounts *users);
int holders_put(struct holders *holders, const struct entry *entry, uint32_t *ret_number);
uint32_t holders_user_named(const struct holders *holders, const char *name, size_t len);
void holders_close(struct holders *holders);
void holders_cleanup(struct holders *holders);

#endif
