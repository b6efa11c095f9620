// SPDX-License-Identifier: BSD-3-Clause
/*
 * Names of many users: each is found, no part of one is, and none is added twice.
 */
#include "libsubid/user/names.h"
#include "tests/unit/unit.h"

#define MANY 5000

static size_t make(size_t i, char name[static 32])
{
	return (size_t)sprintf(name, "%s%zu", i % 2 ? "user" : "", i * 7919 % MANY);
}

/* In any order, and while the memory moves. */
Test(names, many)
{
	CLEANUP(names_cleanup) struct names names = { 0 };
	char name[32];

	cr_assert_null(names_find(&names, "user", 4));
	for (size_t i = 0; i < MANY; i++) {
		size_t len = make(i, name);

		cr_assert_null(names_find(&names, name, len));
		cr_assert_eq(names_put(&names, name, len, i), 0);
		cr_assert_eq(names_put(&names, name, len, MANY), NAMES_TWICE);
	}
	cr_assert_eq(names.n, MANY);
	for (size_t i = 0; i < MANY; i++) {
		size_t len = make(i, name);
		CLEANUP(cleanup_free) char *copy = exact_copy(name, len);
		const struct names_slot *slot = names_find(&names, copy, len);

		cr_assert(slot && slot->person == i && slot->len == len);
		cr_assert_str_eq(names.text + slot->text, name);
	}
}

/* A part of a name, one with a NUL, an empty one, and a text that is no name. */
Test(names, others)
{
	CLEANUP(names_cleanup) struct names names = { 0 };
	size_t at;

	cr_assert_eq(names_put(&names, BYTES("elsa"), 1), 0);
	cr_assert_eq(names_put_text(&names, BYTES("login"), &at), 0);
	cr_assert_str_eq(names.text + at, "login");
	cr_expect_null(names_find(&names, BYTES("login")));
	cr_expect_null(names_find(&names, BYTES("els")));
	cr_expect_null(names_find(&names, BYTES("elsa\0")));
	cr_expect_null(names_find(&names, BYTES("")));
	cr_assert_eq(names_put(&names, BYTES(""), 2), 0);
	cr_expect_eq(names_find(&names, BYTES(""))->person, 2);
	cr_expect_eq(names_find(&names, BYTES("elsa"))->person, 1);
	cr_assert_eq(names_put_text(&names, BYTES(""), &at), 0);
	cr_assert_str_eq(names.text + at, "");
}
