/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owner: a user by all the names that a database may have for it.
 */
#ifndef SUBID_OWNER_H
#define SUBID_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/entry.h"
#include "libsubid/sys/account.h"

struct owner {
	struct account account;
	char **aliases; /* other login names with the same uid */
	size_t n;
};

int owner_init(struct owner *owner, const struct account *account, int folder);
bool owner_begins(const char *line, size_t len, const void *context);
bool owner_is(const struct entry *entry, void *context);
void owner_cleanup(struct owner *owner);

#endif
