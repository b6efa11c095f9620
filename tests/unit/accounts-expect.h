/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * accounts-expect: which account a name or an id must find.
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

/*
 * Of `root` 0, `elsa` 1002, `els` 1003, `elsatwin` 1002, `elsa` 1009, an id 11 alone and
 * `last` 4294967294, the first with a name or an id counts. Prefixes of names are other
 * names; an id alone has no name.
 */
static inline void accounts_expect_first(const struct accounts *accounts)
{
	accounts_expect_name(accounts, "root", 0);
	accounts_expect_name(accounts, "elsa", 1002);
	accounts_expect_name(accounts, "els", 1003);
	accounts_expect_name(accounts, "el", -1);
	accounts_expect_name(accounts, "elsatwi", -1);
	accounts_expect_name(accounts, "elsatwin", 1002);
	accounts_expect_name(accounts, "elsatwins", -1);
	accounts_expect_name(accounts, "", -1);
	accounts_expect_name(accounts, "zoe", -1);
	accounts_expect_id(accounts, 0, "root");
	accounts_expect_id(accounts, 1002, "elsa");
	accounts_expect_id(accounts, 1009, "elsa");
	accounts_expect_id(accounts, 11, "");
	accounts_expect_id(accounts, 1001, NULL);
	accounts_expect_id(accounts, 4294967294U, "last");
	accounts_expect_id(accounts, 4294967295U, NULL);
	cr_expect_eq(accounts_by_id(accounts, 1002)->gid, 100);
}

#endif
