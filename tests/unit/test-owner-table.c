// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owners under all their names.
 */
#include "libsubid/findings/owner-table.h"
#include "tests/unit/accounts.h"
#include "tests/unit/unit.h"

static const struct accounts_row users[] = {
	{ "elsa", 1001, 1001 }, { "anna", 1002, 1002 },	      { "elsie", 1001, 1001 },
	{ "1001", 1003, 1003 }, { "elsa smith", 1004, 1004 }, { "2005", 1005, 1005 },
};

/* The names must stay valid longer than the table. */
static char lines[8192][24];
static size_t n_lines;

static uint32_t put(struct owner_table *holders, const char *name)
{
	uint32_t number = OWNER_TABLE_NONE;
	struct entry entry = { .owner = NULL };
	char *line = lines[n_lines++];

	cr_assert(n_lines <= COUNT_OF(lines));
	snprintf(line, sizeof(lines[0]), "%s:1:1", name);
	cr_assert(entry_parse(line, strlen(line), &entry) == 0);
	cr_assert(owner_table_put(holders, &entry, &number) == 0);
	return number;
}

/* All names and the number of a uid are one owner; a text without a user is its own.
 */
Test(owner_table, one_owner_one_number)
{
	CLEANUP(accounts_cleanup) struct accounts accounts;
	struct owner_table holders;

	accounts_make(&accounts, users, COUNT_OF(users));
	owner_table_init(&holders, &accounts);
	cr_assert(put(&holders, "elsa") == 0);
	cr_assert(put(&holders, "1001") == 0);
	cr_assert(put(&holders, "elsie") == 0);
	cr_assert(put(&holders, "anna") == 1);
	cr_assert(put(&holders, "containers") == 2);
	cr_assert(put(&holders, "container") == 3);
	cr_assert(put(&holders, "containers") == 2);
	cr_assert(put(&holders, "77") == 4);
	cr_assert(put(&holders, "elsa smith") == 5);
	cr_assert(put(&holders, "1004") == 5);
	cr_assert(holders.n == 6);
	cr_assert(holders.items[0].has_account && holders.items[0].user == 0);
	cr_assert(holders.items[4].has_uid && !holders.items[4].has_account);
	cr_assert(!holders.items[2].has_uid && holders.items[2].user == OWNER_TABLE_NONE);
	/* A number is a uid, even if it is a login name. */
	cr_assert(owner_table_user_named(&holders, "1001", 4) == 3);
	cr_assert(owner_table_user_named(&holders, "elsa", 3) == OWNER_TABLE_NONE);
	cr_assert(owner_table_user_named(&holders, "elsax", 5) == OWNER_TABLE_NONE);
	owner_table_cleanup(&holders);
	owner_table_cleanup(&holders);
}

/* Another spelling is the same user; digits are a login name if no account has the uid.
 */
Test(owner_table, spellings)
{
	static const struct accounts_row others[] = { { "elsa@corp", 1001, 1001 },
						      { "gone", 1999, 1 } };
	CLEANUP(accounts_cleanup) struct accounts accounts;
	CLEANUP(accounts_cleanup) struct accounts spellings;
	CLEANUP(owner_table_cleanup) struct owner_table holders;

	accounts_make(&accounts, users, COUNT_OF(users));
	accounts_make(&spellings, others, COUNT_OF(others));
	owner_table_init(&holders, &accounts);
	holders.spellings = &spellings;
	cr_assert(put(&holders, "elsa@corp") == 0);
	cr_assert(put(&holders, "elsie") == 0);
	cr_assert(holders.items[0].user == 0);
	cr_assert(owner_table_user_named(&holders, "elsa@corp", 9) == OWNER_TABLE_NONE);
	cr_assert(put(&holders, "2005") == 1);
	cr_assert(put(&holders, "1005") == 1);
	cr_assert(holders.items[1].uid == 1005 && holders.items[1].has_account);
	cr_assert(put(&holders, "gone") == 2);
	cr_assert(holders.items[2].uid == 1999 && !holders.items[2].has_account);
}

/* A retired owner has no account, also if a user has such a login name. */
Test(owner_table, retired)
{
	static const struct accounts_row retired_users[] = { { "~elsa", 1000, 0 } };
	struct accounts accounts = { 0 };
	struct owner_table holders;

	accounts_make(&accounts, retired_users, COUNT_OF(retired_users));
	owner_table_init(&holders, &accounts);
	cr_assert(put(&holders, "~elsa") == 0 && put(&holders, "1000") == 1);
	cr_assert(!holders.items[0].has_account && holders.items[1].has_account);
	owner_table_cleanup(&holders);
	accounts_cleanup(&accounts);
}

/* Numbers stay when the index grows. */
Test(owner_table, many)
{
	struct owner_table holders;
	char name[16];

	owner_table_init(&holders, NULL);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 3000; i++) {
			snprintf(name, sizeof(name), i % 2 ? "u%u" : "%u", i);
			cr_assert(put(&holders, name) == i, "%u", i);
		}
	cr_assert(holders.n == 3000);
	owner_table_cleanup(&holders);
}
