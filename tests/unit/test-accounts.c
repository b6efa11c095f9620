// SPDX-License-Identifier: BSD-3-Clause
/*
 * Accounts in memory: by name, by id and in the order of ids, compared with a search
 * through all of them; and the hash table below.
 */
#include "libsubid/core/hash.h"
#include "libsubid/core/limits.h"
#include "tests/unit/accounts-expect.h"
#include "tests/unit/accounts.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

/* Prefixes of names are other names; the first of a name or an id counts. */
Test(accounts, first_counts)
{
	static const struct accounts_row rows[] = {
		{ "root", 0, 0 },	    { "elsa", 1002, 100 }, { "els", 1003, 100 },
		{ "elsatwin", 1002, 101 },  { "elsa", 1009, 100 }, { "", 11, ID_NONE },
		{ "last", 4294967294U, 1 },
	};
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };

	accounts_make(&accounts, rows, COUNT_OF(rows));
	cr_assert_eq(accounts.n, COUNT_OF(rows));
	accounts_expect_first(&accounts);
	cr_expect_eq(accounts_lower_bound(&accounts, 4294967296U), accounts.n);
}

/* An owner is a login name, digits are a uid as well, and may be of two users. */
Test(accounts, by_owner)
{
	static const struct accounts_row users[] = {
		{ "elsa", 1005, 1 },  { "1005", 1010, 1 }, { "1007", 1007, 1 },
		{ "01005", 1011, 1 }, { "1012", 1013, 1 },
	};
	static const struct {
		const char *owner;
		uint32_t by_name, by_uid;
		bool digits, two;
	} rows[] = {
		{ "elsa", 1005, ID_NONE, false, false },
		{ "1005", 1010, 1005, true, true },
		{ "1007", 1007, 1007, true, false },
		{ "1010", ID_NONE, 1010, true, false },
		{ "1012", 1013, ID_NONE, true, false },
		{ "01005", 1011, ID_NONE, false, false },
		{ "1", ID_NONE, ID_NONE, true, false },
		{ "4294967295", ID_NONE, ID_NONE, false, false },
		{ "anna", ID_NONE, ID_NONE, false, false },
		{ "", ID_NONE, ID_NONE, false, false },
	};
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };

	accounts_make(&accounts, users, COUNT_OF(users));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct accounts_owner found = accounts_by_owner(&accounts, rows[i].owner,
								strlen(rows[i].owner));

		cr_expect((found.by_name ? found.by_name->id : ID_NONE) ==
				  rows[i].by_name,
			  "row %zu", i);
		cr_expect((found.by_uid ? found.by_uid->id : ID_NONE) == rows[i].by_uid,
			  "row %zu", i);
		cr_expect(found.digits == rows[i].digits, "row %zu", i);
		cr_expect(accounts_are_two(found) == rows[i].two, "row %zu", i);
	}
}

/* Without any there is nothing to be found, before and after the index is made. */
Test(accounts, none)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };

	for (int i = 0; i < 2; i++) {
		accounts_expect_name(&accounts, "root", -1);
		accounts_expect_name(&accounts, "", -1);
		accounts_expect_id(&accounts, 0, NULL);
		cr_expect_eq(accounts_lower_bound(&accounts, 0), 0);
		cr_assert_eq(accounts_sort(&accounts), 0);
	}
	accounts_cleanup(&accounts);
}

/* Each of many accounts is found by name and by id, whatever their order. */
Test(accounts, many)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	char name[16];

	for (uint32_t i = 0; i < 5000; i++) {
		int len = snprintf(name, sizeof(name), "user%u", i * 7919 % 5000);

		cr_assert_eq(accounts_add(&accounts, name, (size_t)len, 10000 + i, 1), 0);
	}
	cr_assert_eq(accounts_sort(&accounts), 0);
	cr_assert_eq(accounts.n, 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "user%u", i * 7919 % 5000);
		accounts_expect_name(&accounts, name, 10000 + i);
		accounts_expect_id(&accounts, 10000 + i, name);
	}
}

/* The longest names, and so many that the memory is moved several times. */
Test(accounts, long_names)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	char name[LIMIT_OWNER_BYTES + 1];

	for (uint32_t i = 0; i < 300; i++) {
		memset(name, 'x', LIMIT_OWNER_BYTES);
		sprintf(name + LIMIT_OWNER_BYTES - 3, "%03u", i);
		cr_assert_eq(accounts_add(&accounts, name, LIMIT_OWNER_BYTES, i, i), 0);
	}
	cr_assert_eq(accounts_sort(&accounts), 0);
	for (uint32_t i = 0; i < 300; i++) {
		sprintf(name + LIMIT_OWNER_BYTES - 3, "%03u", i);
		accounts_expect_name(&accounts, name, i);
	}
	name[LIMIT_OWNER_BYTES - 1] = '\0';
	accounts_expect_name(&accounts, name, -1);
}

/* The first of those with this name, or, if it is NULL, with this id. */
static const struct accounts_item *search(const struct accounts *accounts,
					  const char *name, uint32_t id)
{
	for (size_t i = 0; i < accounts->n; i++) {
		const struct accounts_item *item = &accounts->items[i];

		if (name ? strcmp(accounts_name(accounts, item), name) == 0 :
			   item->id == id)
			return item;
	}
	return NULL;
}

static void check_order(const struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->n; i++) {
		const struct accounts_item *item = accounts_at(accounts, i), *before;

		if (i == 0)
			continue;
		before = accounts_at(accounts, i - 1);
		cr_assert(before->id < item->id ||
			  (before->id == item->id && before < item));
	}
}

/* Few names and few ids, so that most occur several times; sometimes sorted. */
Test(accounts, agree_with_a_search)
{
	struct rng rng = { rng_seed() };

	for (int round = 0; round < 500; round++) {
		CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
		uint32_t base = rng_once_in(&rng, 2) ? 0 : ID_NONE - 20;
		size_t n = rng_below(&rng, 40);

		for (size_t i = 0; i < n; i++) {
			char name[16] = "";
			size_t len = rng_below(&rng, 4);

			for (size_t k = 0; k < len; k++)
				name[k] = (char)('a' + rng_below(&rng, 2));
			cr_assert_eq(accounts_add(&accounts, name, len,
						  base + (uint32_t)rng_below(&rng, 20),
						  (uint32_t)i),
				     0);
			if (rng_once_in(&rng, 10))
				cr_assert_eq(accounts_sort(&accounts), 0);
		}
		cr_assert_eq(accounts_sort(&accounts), 0);
		check_order(&accounts);
		for (uint32_t id = base; id < base + 21; id++) {
			size_t at = accounts_lower_bound(&accounts, id);

			cr_assert(accounts_by_id(&accounts, id) ==
				  search(&accounts, NULL, id));
			cr_assert(at == n || accounts_at(&accounts, at)->id >= id);
			cr_assert(at == 0 || accounts_at(&accounts, at - 1)->id < id);
		}
		for (size_t i = 0; i < n; i++) {
			const char *name = accounts_name(&accounts, &accounts.items[i]);

			cr_assert(accounts_by_name(&accounts, name, strlen(name)) ==
				  (*name ? search(&accounts, name, 0) : NULL));
		}
		cr_assert_null(accounts_by_name(&accounts, "c", 1));
	}
}

/* Numbers with the same hash are all found, each once, and no number with another hash.
 */
Test(hash, same_hash)
{
	CLEANUP(hash_cleanup) struct hash table = { 0 };
	uint32_t sums[4] = { 0 };
	size_t at = 0;

	cr_assert_eq(hash_next(&table, 0, &at), 0);
	for (uint32_t i = 1; i <= 1000; i++)
		cr_assert_eq(hash_put(&table, i % 4 * 64, i), 0);
	cr_assert(table.n == 1000 && table.size >= 2 * table.n &&
		  (table.size & (table.size - 1)) == 0);
	for (uint32_t k = 0; k < 4; k++) {
		uint32_t number, n = 0;

		at = 0;
		while ((number = hash_next(&table, k * 64, &at))) {
			cr_assert(number % 4 == k);
			sums[k] += number;
			n++;
		}
		cr_assert_eq(n, 250);
	}
	cr_assert_eq(sums[0] + sums[1] + sums[2] + sums[3], 500500);
	at = 0;
	cr_assert_eq(hash_next(&table, 7, &at), 0);
}

/* Space for many at once; nothing is lost when the table grows. */
Test(hash, grows)
{
	CLEANUP(hash_cleanup) struct hash table = { 0 };

	cr_assert_eq(hash_reserve(&table, 3000), 0);
	cr_assert(table.size >= 6000 && table.n == 0);
	for (uint32_t i = 1; i <= 20000; i++)
		cr_assert_eq(hash_put(&table, hash_number(i), i), 0);
	for (uint32_t i = 1; i <= 20000; i++) {
		uint32_t number;
		size_t at = 0;

		while ((number = hash_next(&table, hash_number(i), &at)))
			if (number == i)
				break;
		cr_assert_eq(number, i);
	}
}

/* The hashes of neighbours are far from each other, also in their lowest bits. */
Test(hash, spreads)
{
	static bool taken[2][4096];
	size_t n[2] = { 0 };

	for (uint32_t i = 0; i < 4096; i++) {
		char name[16];
		int len = snprintf(name, sizeof(name), "user%u", i);
		uint32_t hashes[] = { hash_number(100000 + i),
				      hash_bytes(name, (size_t)len) };

		for (size_t k = 0; k < 2; k++) {
			n[k] += !taken[k][hashes[k] & 4095];
			taken[k][hashes[k] & 4095] = true;
		}
	}
	/* Random hashes would reach 63 %. */
	cr_assert(n[0] > 2300 && n[1] > 2300, "%zu %zu", n[0], n[1]);
}
