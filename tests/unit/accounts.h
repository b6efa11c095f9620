/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accounts: users or groups for a test, from a table.
 */
#ifndef TESTS_ACCOUNTS_H
#define TESTS_ACCOUNTS_H

#include <stdlib.h>
#include <string.h>

#include "libsubid/core/accounts.h"
#include "libsubid/user/account.h"

/* The user of most tests. */
static const struct account elsa = {
	.name = "elsa",
	.name_len = 4,
	.number = "5001",
	.number_len = 4,
	.uid = 5001,
	.gid = 5001,
	.exists = true,
};

struct accounts_row {
	const char *name;
	uint32_t id;
	uint32_t gid;
};

/* Freed with accounts_cleanup(). */
static inline void accounts_make(struct accounts *ret_accounts,
				 const struct accounts_row *rows, size_t n)
{
	*ret_accounts = (struct accounts){ 0 };
	for (size_t i = 0; i < n; i++)
		if (accounts_add(ret_accounts, rows[i].name, strlen(rows[i].name),
				 rows[i].id, rows[i].gid))
			abort();
	if (accounts_sort(ret_accounts))
		abort();
}

#endif
