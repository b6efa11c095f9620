/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * holders: the owners of all lines, each once under whatever names it has.
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
	const char *name; /* the first that was met; not terminated */
	uint16_t name_len;
	bool has_uid;	  /* as a number or by an account: */
	bool has_account; /* there is a user with this uid */
	uint32_t uid;
	uint32_t user; /* has_account: which of the users is the first with this uid */
};

struct holders {
	const struct accounts *users;
	/* Other names of users, as the name service has them, or NULL; set by the caller.
	 */
	const struct accounts *spellings;
	struct holder *items;
	size_t n;
	size_t allocated;
	struct hash index; /* of the items */
};

/* No user, no holder. */
#define HOLDERS_NONE UINT32_MAX

void holders_init(struct holders *holders, const struct accounts *users);
int holders_put(struct holders *holders, const struct entry *entry, uint32_t *ret_number);
uint32_t holders_user_named(const struct holders *holders, const char *name, size_t len);
void holders_close(struct holders *holders);
void holders_cleanup(struct holders *holders);

#endif
