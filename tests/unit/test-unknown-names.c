// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owners that only the name service knows: each is asked for once, all of them together;
 * owners in the passwd file are not asked for.
 */
#include "libsubid/core/limits.h"
#include "libsubid/user/unknown-owners.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;
static struct lookup lookup;
static struct unknown_owners owners;

/* The substitute for the name service: how often it was asked, and the names. */
static size_t calls;
static char asked[256];

static int service_users(void *context, const char *const *names, size_t n,
			 struct name_service_answer *ret_answers)
{
	(void)context;
	calls++;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(asked);

		snprintf(asked + len, sizeof(asked) - len, "%s,", names[i]);
		ret_answers[i].r = ACCOUNT_NONE;
		if (strncmp(names[i], "silent", 6) == 0)
			ret_answers[i].r = -EAGAIN;
		if (strcmp(names[i], "ELSA") != 0 && strcmp(names[i], "DOM\\elsa") != 0)
			continue;
		ret_answers[i].r = 0;
		account_set(&ret_answers[i].account, "elsa", 4, 1000, 1);
	}
	return 0;
}

static const struct name_service service = { .users = service_users };

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd",
		   BYTES("elsa:x:1000:1:::\nelsie:x:1000:1:::\n anna:x:01001:1:::\n"
			 "cut:x:1002\nanna:x:7:7:::\n"),
		   0644);
	lookup = (struct lookup){ .directory = tmpdir.fd,
				  .files_first = true,
				  .service = &service };
	owners = (struct unknown_owners){ 0 };
	calls = 0;
	asked[0] = '\0';
}

static void tear_down(void)
{
	unknown_owners_cleanup(&owners);
	unknown_owners_cleanup(&owners);
	tmpdir_cleanup(&tmpdir);
}

TestSuite(unknown_names, .init = set_up, .fini = tear_down);

static void add(const char *name)
{
	CLEANUP(cleanup_free) char *copy = exact_copy(name, strlen(name));

	cr_assert(unknown_owners_add(&owners, copy, strlen(name)) == 0);
}

static const struct name_service_answer *answer(const char *name)
{
	const struct unknown_owner *owner =
		unknown_owners_find(&owners, name, strlen(name));

	cr_assert(owner && owner->asked, "%s", name);
	return &owner->answer;
}

/* Each name once; a uid is no name. */
Test(unknown_names, names)
{
	static const char *const names[] = { "elsa", "anna", "elsa", "1000",
					     "0",    "els",  "anna", "01000" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		add(names[i]);
	cr_assert_eq(owners.n, 4);
	cr_assert(unknown_owners_find(&owners, "elsax", 4) == &owners.items[0]);
	cr_assert(unknown_owners_find(&owners, "els", 3) == &owners.items[2]);
	cr_assert_null(unknown_owners_find(&owners, "el", 2));
	cr_assert_null(unknown_owners_find(&owners, "1000", 4));
	cr_assert_null(unknown_owners_find(&owners, "", 0));
}

/* Owners in the passwd file are not asked for; the others are, once and together. */
Test(unknown_names, asks_once)
{
	static const char *const names[] = { "anna", "ELSA", "elsie", "silent", "cut" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		add(names[i]);
	cr_assert(unknown_owners_ask(&owners, &lookup) == 0);
	cr_assert_str_eq(asked, "ELSA,silent,cut,");
	cr_assert_eq(calls, 1);
	cr_assert(answer("anna")->r == 0 && answer("anna")->account.uid == 1001);
	cr_assert(answer("elsie")->r == 0 && answer("elsie")->account.uid == 1000);
	cr_assert(answer("ELSA")->r == 0 && answer("ELSA")->account.uid == 1000);
	cr_assert(answer("cut")->r == ACCOUNT_NONE);
	cr_assert(answer("silent")->r == -EAGAIN);
	cr_assert(unknown_owners_are_silent(&owners, "silent", 6));
	cr_assert_not(unknown_owners_are_silent(&owners, "cut", 3));
	cr_assert_not(unknown_owners_are_silent(&owners, "other", 5));

	add("bob");
	add("cut");
	cr_assert(unknown_owners_ask(&owners, &lookup) == 0);
	cr_assert(unknown_owners_ask(&owners, &lookup) == 0);
	cr_assert_str_eq(asked, "ELSA,silent,cut,bob,");
	cr_assert_eq(calls, 2);
	cr_assert(answer("anna")->account.uid == 1001);
}

/* If the service does not use the file first, it is asked for all. */
Test(unknown_names, service_first)
{
	lookup.files_first = false;
	add("elsie");
	add("ELSA");
	cr_assert(unknown_owners_ask(&owners, &lookup) == 0);
	cr_assert_str_eq(asked, "elsie,ELSA,");
	cr_assert(answer("elsie")->r == ACCOUNT_NONE);
}

/* Without a service the file's "no" counts. */
Test(unknown_names, file_alone)
{
	for (int i = 0; i < 2; i++) {
		lookup.files_alone = i;
		lookup.service = i ? &service : NULL;
		add("elsie");
		add("ELSA");
		cr_assert(unknown_owners_ask(&owners, &lookup) == 0);
		cr_assert(answer("elsie")->r == 0 && answer("ELSA")->r == ACCOUNT_NONE);
		unknown_owners_cleanup(&owners);
	}
	cr_assert_eq(calls, 0);
	cr_assert(unlinkat(tmpdir.fd, "passwd", 0) == 0);
	cr_assert(mkdirat(tmpdir.fd, "passwd", 0755) == 0);
	cr_assert(unknown_owners_ask(&owners, &lookup) == 0);
	add("elsie");
	cr_assert(unknown_owners_ask(&owners, &lookup) == -EISDIR);
}

static void load(struct table *table, const char *text)
{
	cr_assert(table_load(exact_copy(text, strlen(text)), strlen(text), table) == 0);
}

/* Owners of lines with an id of the range that are no known name of the user. */
Test(unknown_names, further_names)
{
	static const char text[] = "elsa:100:10\nELSA:105:10\nDOM\\elsa:200:10\n"
				   "silent1:100:1\nsilent2:300:1\nbob:90:11\n1000:100:1\n"
				   "broken:x:1\n2000:100:1\nELSA:0:4294967295\n";
	CLEANUP(table_cleanup) struct table table = { 0 };
	struct account account;
	struct owner owner;

	load(&table, text);
	account_set(&account, "elsa", 4, 1000, 1);
	owner_set(&owner, &account);
	cr_assert(unknown_owners_name(&owners, &table, (struct range){ 100, 110 },
				      &lookup, &owner) == 0);
	cr_assert_str_eq(asked, "ELSA,silent1,bob,");
	cr_assert(owner.n == 1);
	cr_assert_str_eq(owner.names[0], "ELSA");
	cr_assert(unknown_owners_are_silent(&owners, "silent1", 7));
	/* Another range: names are not asked for again. */
	cr_assert(unknown_owners_name(&owners, &table, (struct range){ 0, ID_END },
				      &lookup, &owner) == 0);
	cr_assert_str_eq(asked, "ELSA,silent1,bob,DOM\\elsa,silent2,");
	cr_assert(owner.n == 2);
	cr_assert_str_eq(owner.names[1], "DOM\\elsa");
	owner_cleanup(&owner);
}

/* No service is asked for an owner without account, nor if there is none. */
Test(unknown_names, no_further_names)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	const struct range all = { 0, ID_END };
	struct account account;
	struct owner owner;

	load(&table, "ELSA:100:10\n");
	account_set_text(&account, "ghost", 5);
	owner_set(&owner, &account);
	cr_assert(unknown_owners_name(&owners, &table, all, &lookup, &owner) == 0);
	account_set(&account, "elsa", 4, 1000, 1);
	owner_set(&owner, &account);
	lookup.files_alone = true;
	cr_assert(unknown_owners_name(&owners, &table, all, &lookup, &owner) == 0);
	lookup.files_alone = false;
	lookup.service = NULL;
	cr_assert(unknown_owners_name(&owners, &table, all, &lookup, &owner) == 0);
	cr_assert(calls == 0 && owner.n == 0);
}
