// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owners that only the name service knows: each is asked for once, and the login name
 * that their lines should have.
 */
#include "libsubid/core/limits.h"
#include "libsubid/user/unknown-owners.h"
#include "tests/unit/unit.h"

/* The substitute for the name service. */
static const struct {
	const char *word;
	int r;
	const char *name;
	uid_t uid;
} answers[] = {
	{ "joe", 0, "joe", 7001 },
	{ "joe@corp", 0, "joe", 7001 },
	{ "JOE", 0, "joe", 7001 },
	{ "elsa@corp", 0, "elsa", 7002 }, /* the file has another elsa */
	{ "elsie@corp", 0, "elsie", 1000 },
	{ "half", 0, "other-half", 7003 },
	{ "other-half", -EAGAIN, NULL, 0 },
	{ "lost", 0, "nowhere", 7004 },
	{ "student", 0, "80025037", 7005 },
	{ "colon", 0, "a:b", 7006 },
	{ "silent", -EAGAIN, NULL, 0 },
};

static size_t asked[COUNT_OF(answers)];
static struct tmpdir tmpdir;

static int users(void *context, const char *const *names, size_t n,
		 struct name_service_answer *ret_answers)
{
	(void)context;
	for (size_t i = 0; i < n; i++) {
		ret_answers[i].r = ACCOUNT_NONE;
		for (size_t k = 0; k < COUNT_OF(answers); k++) {
			if (strcmp(answers[k].word, names[i]) != 0)
				continue;
			asked[k]++;
			ret_answers[i].r = answers[k].r;
			if (answers[k].r == 0)
				account_set(&ret_answers[i].account, answers[k].name,
					    strlen(answers[k].name), answers[k].uid, 1);
		}
	}
	return 0;
}

static const struct name_service service = { .users = users };

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd",
		   BYTES("elsa:x:1000:100::/:\nelsie:x:1000:100::/:\n"), 0644);
	memset(asked, 0, sizeof(asked));
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(unknown_owners, .init = set_up, .fini = tear_down);

static void add(struct unknown_owners *owners, const char *name)
{
	cr_assert(unknown_owners_add(owners, name, strlen(name)) == 0);
}

static int answer_of(const struct unknown_owners *owners, const char *name)
{
	const struct unknown_owner *owner =
		unknown_owners_find(owners, name, strlen(name));

	cr_assert(owner && owner->asked, "%s", name);
	return owner->answer.r;
}

/* Each once; owners in the file are not asked for; digits are no unknown owner. */
Test(unknown_owners, once)
{
	const struct lookup lookup = { tmpdir.fd, true, false, &service };
	CLEANUP(unknown_owners_cleanup) struct unknown_owners owners = { 0 };

	for (int i = 0; i < 3; i++) {
		add(&owners, "joe");
		add(&owners, "elsa");
		add(&owners, "nobody");
		add(&owners, "5001");
		cr_assert(unknown_owners_ask(&owners, &lookup) == 0);
	}
	cr_assert_eq(owners.n, 3);
	cr_assert_eq(asked[0], 1);
	cr_assert(answer_of(&owners, "joe") == 0 && answer_of(&owners, "elsa") == 0 &&
		  answer_of(&owners, "nobody") == ACCOUNT_NONE);
	cr_assert_null(unknown_owners_find(&owners, "5001", 4));
	cr_assert_null(unknown_owners_find(&owners, "jo", 2));
}

/* The name in the answer, if it is of the same account. */
Test(unknown_owners, canonical)
{
	static const struct {
		const char *word;
		const char *
			name; /* NULL: there is no other name, or it cannot be an owner */
		int r;	      /* of the answer */
	} rows[] = {
		{ "joe", NULL, 0 },	      { "joe@corp", "joe", 0 },
		{ "JOE", "joe", 0 },	      { "elsa@corp", NULL, 0 },
		{ "elsie@corp", "elsie", 0 }, { "half", NULL, -EAGAIN },
		{ "lost", NULL, 0 },	      { "student", NULL, 0 },
		{ "colon", NULL, 0 },	      { "silent", NULL, -EAGAIN },
		{ "elsie", NULL, 0 },	      { "nobody", NULL, ACCOUNT_NONE },
	};
	const struct lookup lookup = { tmpdir.fd, true, false, &service };
	CLEANUP(unknown_owners_cleanup) struct unknown_owners owners = { 0 };

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		add(&owners, rows[i].word);
	for (int i = 0; i < 2; i++)
		cr_assert(unknown_owners_ask_canonical(&owners, &lookup) == 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct account *account = unknown_owners_canonical(
			&owners, rows[i].word, strlen(rows[i].word));

		cr_assert_eq(answer_of(&owners, rows[i].word), rows[i].r, "%s",
			     rows[i].word);
		cr_assert((account ? rows[i].name &&
					     strcmp(account->name, rows[i].name) == 0 :
				     !rows[i].name),
			  "%s", rows[i].word);
	}
	for (size_t i = 0; i < COUNT_OF(asked); i++)
		cr_assert_eq(asked[i], 1, "%s", answers[i].word);
	cr_assert_null(unknown_owners_canonical(&owners, "5001", 4));
}

/* All owners of a table, or those other than the user. */
Test(unknown_owners, lines)
{
	const struct range some = { 100, 200 }, all = { 0, ID_END };
	const struct lookup lookup = { tmpdir.fd, true, false, &service };
	CLEANUP(unknown_owners_cleanup) struct unknown_owners owners = { 0 };
	CLEANUP(unknown_owners_cleanup) struct unknown_owners none = { 0 };
	CLEANUP(owner_cleanup) struct owner joe = { 0 };
	CLEANUP(table_cleanup) struct table table = { 0 };
	struct account account;

	cr_assert(table_append(&table, "joe@corp", 8, (struct range){ 100, 110 }) == 0);
	cr_assert(table_append(&table, "JOE", 3, (struct range){ 300, 310 }) == 0);
	cr_assert(table_append(&table, "silent", 6, (struct range){ 199, 210 }) == 0);
	cr_assert(table_append(&table, "joe", 3, (struct range){ 120, 130 }) == 0);
	account_set(&account, "joe", 3, 7001, 1);
	owner_set(&joe, &account);
	cr_assert(unknown_owners_name(&owners, &table, some, &lookup, &joe) == 0);
	cr_assert_eq(joe.n, 1);
	cr_assert_str_eq(joe.names[0], "joe@corp");
	cr_assert(unknown_owners_are_silent(&owners, "silent", 6));
	cr_assert(!unknown_owners_are_silent(&owners, "joe@corp", 8));
	cr_assert(!unknown_owners_are_silent(&owners, "JOE", 3));
	cr_assert(unknown_owners_add_lines(&none, &table, all, NULL, NULL) == 0);
	cr_assert_eq(none.n, 4);
}
