// SPDX-License-Identifier: BSD-3-Clause
/*
 * People: whose a name is, by all the names that a line may have for somebody.
 */
#include "libsubid/user/passwd-file.h"
#include "libsubid/user/people.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct folder folder;
static struct accounts accounts;
static struct lookup lookup; /* the passwd file alone */
static struct people people;

static void set_up(void)
{
	folder_make(&folder);
	folder_put(&folder, "passwd",
		   BYTES("root:x:0:0::/:\nelsa:x:1000:100::/:\nelsa2:x:1000:100::/:\n"
			 "anna:x:1001:100::/:\n1001:x:1002:100::/:\nbob:x:1003:200::/:\n"
			 "anna:x:1009:100::/:\n"),
		   0644);
	people = (struct people){ 0 };
	lookup = (struct lookup){ .directory = folder.fd };
	cr_assert(passwd_file_load(folder.fd, &kind_uid, &accounts) == 0);
}

static void tear_down(void)
{
	people_cleanup(&people);
	accounts_cleanup(&accounts);
	folder_cleanup(&folder);
}

TestSuite(people, .init = set_up, .fini = tear_down, .timeout = 60);

static size_t add(const char *name)
{
	size_t index = 99;

	cr_assert(people_add(&people, name, strlen(name), &index) == 0, "%s", name);
	return index;
}

static void check(const char *name, size_t want)
{
	size_t index = SIZE_MAX;
	bool found = people_find(&people, name, strlen(name), &index);

	cr_assert(found == (want != SIZE_MAX) && (!found || index == want),
		  "%s is %zu and not %zu", name, index, want);
}

/* By name, by uid and by another name; of two lines for a name the first counts. */
Test(people, names)
{
	size_t index;

	add("elsa");
	add("anna");
	cr_assert(people_add(&people, "elsa", 4, &index) == PEOPLE_TWICE && index == 0);
	cr_assert(people_resolve(&people, &accounts, &lookup, false) == 0);
	check("elsa", 0);
	check("elsa2", 0);
	check("1000", 0);
	check("anna", 1);
	/* The uid of anna, and a login name. */
	check("1001", SIZE_MAX);
	check("1009", SIZE_MAX);
	check("bob", SIZE_MAX);
	check("els", SIZE_MAX);
	check("", SIZE_MAX);
	cr_assert_str_eq(people_name(&people, 1), "anna");
}

/* Who is nobody, who is somebody else, and whose name is no owner. */
Test(people, statuses)
{
	static const int wants[] = { PERSON_KNOWN, PERSON_SAME, PERSON_NONE,
				     PERSON_INVALID };

	add("elsa2");
	add("elsa");
	add("ghost");
	add("x:1:1\nroot");
	cr_assert(people_resolve(&people, &accounts, &lookup, false) == 0);
	for (size_t i = 0; i < COUNT_OF(wants); i++)
		cr_assert(people.items[i].status == wants[i], "%zu: %d", i,
			  people.items[i].status);
	cr_assert(people.items[1].same == 0);
	check("elsa", 0);
}

/* Whom nobody knows is a name, or a uid, where that is allowed. */
Test(people, without_account)
{
	add("containers");
	add("1003");
	cr_assert(people_resolve(&people, &accounts, &lookup, true) == 0);
	cr_assert(people.items[0].status == PERSON_KNOWN);
	cr_assert(people.items[0].uid == PERSON_NO_UID);
	cr_assert(people.items[1].uid == 1003);
	check("bob", 1);
}

/* A login name that is another user's uid makes no two users the same, in either order.
 */
Test(people, name_like_a_uid)
{
	for (int round = 0; round < 2; round++) {
		size_t anna = round ? (add("1001"), add("anna")) : add("anna");

		if (!round)
			add("1001");
		cr_assert(people_resolve(&people, &accounts, &lookup, false) == 0);
		for (size_t i = 0; i < 2; i++)
			cr_assert(people.items[i].status == PERSON_KNOWN, "%zu", i);
		/* Whose lines with these digits are would have to be said. */
		check("1001", SIZE_MAX);
		check("anna", anna);
		check("1002", !anna);
		people_cleanup(&people);
	}
}

/* A name service in which elsa has other names and another anna is, and that is silent
 * about others. */
static int ask(void *context, const char *const *names, size_t n,
	       struct name_service_answer *ret_answers)
{
	size_t *asked = context;

	*asked += n;
	for (size_t i = 0; i < n; i++) {
		struct name_service_answer *answer = &ret_answers[i];

		answer->r = strncmp(names[i], "elsa@", 5) == 0	? 0 :
			    strncmp(names[i], "silent", 6) == 0 ? -EAGAIN :
								  ACCOUNT_NONE;
		account_set(&answer->account, "elsa", 4, 1000, 100);
		if (strncmp(names[i], "anna@", 5) == 0) {
			answer->r = 0;
			account_set(&answer->account, "anna", 4, 7000, 100);
		}
	}
	return 0;
}

/* New lines name the user by login name, however it was spelled; messages do not. */
Test(people, login_name)
{
	size_t asked = 0;
	const struct name_service service = { .context = &asked, .users = ask };

	lookup.files_first = true;
	lookup.service = &service;
	add("elsa@example.com");
	add("anna");
	cr_assert(people_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert(asked == 1);
	cr_assert_str_eq(people_name(&people, 0), "elsa@example.com");
	cr_assert_str_eq(people_login(&people, 0), "elsa");
	cr_assert(people.items[0].login_len == 4);
	cr_assert_str_eq(people_login(&people, 1), "anna");
	check("elsa", 0);
	check("elsa@example.com", 0);
	check("elsa2", 0);
	cr_assert(!people.items[0].by_uid && !people.items[1].by_uid);
}

/* A login name that the service gives to one user and the passwd file to another. */
Test(people, login_name_of_two)
{
	size_t asked = 0;
	const struct name_service service = { .context = &asked, .users = ask };

	lookup.files_first = true;
	lookup.service = &service;
	add("anna@example.com");
	cr_assert(people_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert(people.items[0].uid == 7000 && people.items[0].by_uid);
}

/* Owners that only the service knows: each is asked for once, where it may matter. */
Test(people, find_names)
{
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	CLEANUP(table_cleanup) struct table table = { 0 };
	static const char text[] = "elsa:10:5\nelsa@a:20:5\nelsa@b:30:5\nbob:21:2\n"
				   "ghost:22:1\nsilent:23:1\nelsa@a:40:1\n1000:24:1\n";
	size_t asked = 0;
	const struct name_service service = { .context = &asked, .users = ask };

	lookup.files_first = true;
	add("elsa");
	add("anna");
	cr_assert(people_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert(table_load(strdup(text), sizeof(text) - 1, &table) == 0);
	/* Of another system there is no service. */
	cr_assert(people_find_names(&people, &unknown, &table, (struct range){ 0, 100 },
				    &lookup) == 0);
	check("elsa@a", SIZE_MAX);
	lookup.service = &service;
	cr_assert(people_find_names(&people, &unknown, &table, (struct range){ 20, 25 },
				    &lookup) == 0);
	cr_assert(asked == 3, "%zu", asked);
	check("elsa@a", 0);
	check("elsa@b", SIZE_MAX);
	check("ghost", SIZE_MAX);
	cr_assert(unknown_owners_are_silent(&unknown, "silent", 6));
	cr_assert(people_find_names(&people, &unknown, &table, (struct range){ 0, 100 },
				    &lookup) == 0);
	cr_assert(asked == 4, "%zu", asked);
	check("elsa@b", 0);
}

/* All users within bounds, of a group by gid or as members. */
Test(people, filters)
{
	struct people members = { 0 };
	struct people_filter filter = { .uids = { 1000, 60000 } };
	size_t index;

	cr_assert(people_add_users(&people, &accounts, &filter) == 0);
	cr_assert(people.n == 5);
	cr_assert_str_eq(people_name(&people, 0), "elsa");
	people_cleanup(&people);

	cr_assert(people_add(&members, "elsa", 4, &index) == 0);
	filter.by_group = true;
	filter.gid = 200;
	filter.members = &members;
	cr_assert(people_add_users(&people, &accounts, &filter) == 0);
	cr_assert(people.n == 2);
	cr_assert_str_eq(people_name(&people, 0), "elsa");
	cr_assert_str_eq(people_name(&people, 1), "bob");
	people_cleanup(&members);
}

/* More than the table has room for at first, each found again. */
Test(people, many)
{
	char name[16];

	for (size_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "user%zu", i);
		cr_assert(add(name) == i);
	}
	for (size_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "user%zu", i);
		check(name, i);
	}
}

/* Who was added is found, and nobody else: with any number of names, of any bytes. */
Test(people, found)
{
	struct rng rng = { rng_seed() };
	size_t index, n;

	for (n = 0; n < 3000; n++) {
		char name[24], other[24];
		int len = snprintf(name, sizeof(name), "%c%zux%c",
				   (char)('a' + rng_below(&rng, 26)), n,
				   (char)(1 + rng_below(&rng, 255)));

		cr_assert_not(people_find(&people, name, (size_t)len, &index));
		cr_assert(people_add(&people, name, (size_t)len, &index) == 0);
		cr_assert(people_find(&people, name, (size_t)len, &index) && index == n);
		for (int i = 0; i < 50; i++) {
			int other_len = snprintf(other, sizeof(other), "%zu",
						 rng_below(&rng, SIZE_MAX));

			cr_assert_not(
				people_find(&people, other, (size_t)other_len, &index));
		}
		cr_assert_not(people_find(&people, "", 0, &index));
	}
	for (size_t i = 0; i < n; i++) {
		const struct person *person = &people.items[i];

		cr_assert(people_find(&people, people_name(&people, i), person->name_len,
				      &index) &&
			  index == i);
	}
}
