/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accounts-expect: what accounts in memory are found by.
 */
#ifndef TESTS_ACCOUNTS_EXPECT_H
#define TESTS_ACCOUNTS_EXPECT_H

#include "libsubid/core/accounts.h"
#include "tests/unit/unit.h"

/* The first account with this name has the id; -1: there is none. */
static inline void accounts_expect_name(const struct accounts *accounts, const char *name,
					int64_t id)
{
	CLEANUP(cleanup_free) char *copy = exact_copy(name, strlen(name));
	const struct accounts_item *found =
		accounts_by_name(accounts, copy, strlen(name));

	cr_expect_eq(found ? (int64_t)found->id : -1, id, "%s: %d", name,
		     found ? (int)found->id : -1);
}

/* The first account with this id has the name; NULL: there is none. */
static inline void accounts_expect_id(const struct accounts *accounts, uint32_t id,
				      const char *name)
{
	const struct accounts_item *found = accounts_by_id(accounts, id);

	cr_expect((found != NULL) == (name != NULL), "%u", id);
	if (found && name)
		cr_expect_str_eq(accounts_name(accounts, found), name, "%u", id);
}

#endif
