// SPDX-License-Identifier: BSD-3-Clause
/*
 * Sets of owners: to which user a name belongs, by all the names that a line may have.
 */
#include "libsubid/user/owner-set.h"
#include "libsubid/user/passwd-file.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;
static struct accounts accounts;
static struct lookup lookup; /* the passwd file alone */
static struct owner_set people;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd",
		   BYTES("root:x:0:0::/:\nelsa:x:1000:100::/:\nelsa2:x:1000:100::/:\n"
			 "anna:x:1001:100::/:\n1001:x:1002:100::/:\nbob:x:1003:200::/:\n"
			 "anna:x:1009:100::/:\n"),
		   0644);
	people = (struct owner_set){ 0 };
	lookup = (struct lookup){ .directory = tmpdir.fd };
	cr_assert(passwd_file_load(tmpdir.fd, &kind_uid, &accounts) == 0);
}

static void tear_down(void)
{
	owner_set_cleanup(&people);
	accounts_cleanup(&accounts);
	tmpdir_cleanup(&tmpdir);
}

TestSuite(owner_set, .init = set_up, .fini = tear_down);

static size_t add(const char *name)
{
	size_t index = 99;

	cr_assert(owner_set_add(&people, name, strlen(name), &index) == 0, "%s", name);
	return index;
}

static void check(const char *name, size_t want)
{
	size_t index = SIZE_MAX;
	bool found = owner_set_find(&people, name, strlen(name), &index);

	cr_assert(found == (want != SIZE_MAX) && (!found || index == want),
		  "%s is %zu and not %zu", name, index, want);
}

/* By name, by uid and by another name; of two lines for a name the first counts. */
Test(owner_set, names)
{
	size_t index;

	add("elsa");
	add("anna");
	cr_assert(owner_set_add(&people, "elsa", 4, &index) == OWNER_SET_DUPLICATE &&
		  index == 0);
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
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
	cr_assert_str_eq(owner_set_name(&people, 1), "anna");
}

/* An unknown user, another name of a user, and a name that no line can have. */
Test(owner_set, statuses)
{
	static const int wants[] = { OWNER_SET_KNOWN, OWNER_SET_SAME, OWNER_SET_NONE,
				     OWNER_SET_NONE };

	add("elsa2");
	add("elsa");
	add("ghost");
	add("x:1:1\nroot");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	for (size_t i = 0; i < COUNT_OF(wants); i++)
		cr_assert(people.items[i].status == wants[i], "%zu: %d", i,
			  people.items[i].status);
	cr_assert(people.items[1].same == 0);
	check("elsa", 0);
}

/* An unknown user is a name or a uid, if that is allowed. */
Test(owner_set, without_account)
{
	add("containers");
	add("1003");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, true) == 0);
	cr_assert(people.items[0].status == OWNER_SET_KNOWN);
	cr_assert(people.items[0].uid == OWNER_SET_NO_UID);
	cr_assert(people.items[1].uid == 1003);
	check("bob", 1);
}

/* A login name that is another user's uid does not make both the same, in either order.
 */
Test(owner_set, name_like_a_uid)
{
	for (int round = 0; round < 2; round++) {
		size_t anna = round ? (add("1001"), add("anna")) : add("anna");

		if (!round)
			add("1001");
		cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
		for (size_t i = 0; i < 2; i++)
			cr_assert(people.items[i].status == OWNER_SET_KNOWN, "%zu", i);
		/* The owner of lines with these digits is ambiguous. */
		check("1001", SIZE_MAX);
		check("anna", anna);
		check("1002", !anna);
		owner_set_cleanup(&people);
	}
}

/* A name service with other names of elsa and another anna, which is silent about other
 * users. */
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
Test(owner_set, login_name)
{
	size_t asked = 0;
	const struct name_service service = { .context = &asked, .users = ask };

	lookup.files_first = true;
	lookup.service = &service;
	add("elsa@example.com");
	add("anna");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert(asked == 1);
	cr_assert_str_eq(owner_set_name(&people, 0), "elsa@example.com");
	cr_assert_str_eq(owner_set_login(&people, 0), "elsa");
	cr_assert(people.items[0].login_len == 4);
	cr_assert_str_eq(owner_set_login(&people, 1), "anna");
	check("elsa", 0);
	check("elsa@example.com", 0);
	check("elsa2", 0);
	cr_assert(!people.items[0].by_uid && !people.items[1].by_uid);
}

/* A login name that the service gives to one user and the passwd file to another. */
Test(owner_set, login_name_of_two)
{
	size_t asked = 0;
	const struct name_service service = { .context = &asked, .users = ask };

	lookup.files_first = true;
	lookup.service = &service;
	add("anna@example.com");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert(people.items[0].uid == 7000 && people.items[0].by_uid);
}

/* Owners that only the service knows: each is asked for once, if it may matter. */
Test(owner_set, find_names)
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
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert(table_load(strdup(text), sizeof(text) - 1, &table) == 0);
	/* An image has no service. */
	cr_assert(owner_set_find_names(&people, &unknown, &table,
				       (struct range){ 0, 100 }, &lookup) == 0);
	check("elsa@a", SIZE_MAX);
	lookup.service = &service;
	cr_assert(owner_set_find_names(&people, &unknown, &table,
				       (struct range){ 20, 25 }, &lookup) == 0);
	cr_assert(asked == 3, "%zu", asked);
	check("elsa@a", 0);
	check("elsa@b", SIZE_MAX);
	check("ghost", SIZE_MAX);
	cr_assert(unknown_owners_are_silent(&unknown, "silent", 6));
	cr_assert(owner_set_find_names(&people, &unknown, &table,
				       (struct range){ 0, 100 }, &lookup) == 0);
	cr_assert(asked == 4, "%zu", asked);
	check("elsa@b", 0);
}

/* All users within bounds; users of a group, by gid or as members. */
Test(owner_set, filters)
{
	struct owner_set members = { 0 };
	struct owner_set_filter filter = { .uids = { 1000, 60000 } };
	size_t index;

	cr_assert(owner_set_add_users(&people, &accounts, &filter) == 0);
	cr_assert(people.n == 5);
	cr_assert_str_eq(owner_set_name(&people, 0), "elsa");
	owner_set_cleanup(&people);

	cr_assert(owner_set_add(&members, "elsa", 4, &index) == 0);
	filter.by_group = true;
	filter.gid = 200;
	filter.members = &members;
	cr_assert(owner_set_add_users(&people, &accounts, &filter) == 0);
	cr_assert(people.n == 2);
	cr_assert_str_eq(owner_set_name(&people, 0), "elsa");
	cr_assert_str_eq(owner_set_name(&people, 1), "bob");
	owner_set_cleanup(&members);
}

/* More than the first table can hold: each is found again. */
Test(owner_set, many)
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

/* Only added users are found: with any number of names, of any bytes. */
Test(owner_set, found)
{
	struct rng rng = { rng_seed() };
	size_t index, n;

	for (n = 0; n < 3000; n++) {
		char name[24], other[24];
		int len = snprintf(name, sizeof(name), "%c%zux%c",
				   (char)('a' + rng_below(&rng, 26)), n,
				   (char)(1 + rng_below(&rng, 255)));

		cr_assert_not(owner_set_find(&people, name, (size_t)len, &index));
		cr_assert(owner_set_add(&people, name, (size_t)len, &index) == 0);
		cr_assert(owner_set_find(&people, name, (size_t)len, &index) &&
			  index == n);
		for (int i = 0; i < 50; i++) {
			int other_len = snprintf(other, sizeof(other), "%zu",
						 rng_below(&rng, SIZE_MAX));

			cr_assert_not(owner_set_find(&people, other, (size_t)other_len,
						     &index));
		}
		cr_assert_not(owner_set_find(&people, "", 0, &index));
	}
	for (size_t i = 0; i < n; i++) {
		const struct owner_set_user *person = &people.items[i];

		cr_assert(owner_set_find(&people, owner_set_name(&people, i),
					 person->name_len, &index) &&
			  index == i);
	}
}

/* The substitute for the name service, and the names it was asked for. */
static char asked[128];

static int service_users(void *context, const char *const *names, size_t n,
			 struct name_service_answer *ret_answers)
{
	(void)context;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(asked);

		snprintf(asked + len, sizeof(asked) - len, "%s,", names[i]);
		ret_answers[i].r = ACCOUNT_NONE;
		if (strcmp(names[i], "silent") == 0)
			ret_answers[i].r = -EAGAIN;
		if (strcmp(names[i], "DOM\\net") != 0 && strcmp(names[i], "net") != 0)
			continue;
		ret_answers[i].r = 0;
		account_set(&ret_answers[i].account, "net", 3, 5000, 1);
	}
	return 0;
}

static const struct name_service service = { .users = service_users };

/* Users that only the service knows, by the given name and by their canonical name. */
Test(owner_set, service)
{
	static const int wants[] = { OWNER_SET_KNOWN, OWNER_SET_KNOWN, OWNER_SET_NONE,
				     -EAGAIN, OWNER_SET_SAME };
	static const char *const names[] = { "elsa", "DOM\\net", "ghost", "silent",
					     "net" };

	asked[0] = '\0';
	lookup.files_first = true;
	lookup.service = &service;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		add(names[i]);
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert_str_eq(asked, "DOM\\net,ghost,silent,net,");
	for (size_t i = 0; i < COUNT_OF(wants); i++)
		cr_assert(people.items[i].status == wants[i], "%s: %d", names[i],
			  people.items[i].status);
	check("5000", 1);
	check("DOM\\net", 1);
	check("net", 1);
	check("elsa2", 0);
	check("silent", 3);
}

/* A silent service does not mean "no such user", also if unknown users are allowed. */
Test(owner_set, silent)
{
	lookup.files_first = true;
	lookup.service = &service;
	add("silent");
	add("ghost");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, true) == 0);
	cr_assert(people.items[0].status == -EAGAIN);
	cr_assert(people.items[1].status == OWNER_SET_KNOWN);
	cr_assert(people.items[1].uid == OWNER_SET_NO_UID);
}

/* Without other services the file's "no" counts. */
Test(owner_set, files_alone)
{
	asked[0] = '\0';
	lookup.files_first = lookup.files_alone = true;
	lookup.service = &service;
	add("elsa");
	add("DOM\\net");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	cr_assert(people.items[0].status == OWNER_SET_KNOWN);
	cr_assert(people.items[1].status == OWNER_SET_NONE);
	cr_assert_str_eq(asked, "");
}

/* Of several lines with one name the first counts, also for further names. */
Test(owner_set, first_line_of_a_name)
{
	owner_set_cleanup(&people);
	accounts_cleanup(&accounts);
	tmpdir_put(&tmpdir, "passwd",
		   BYTES("twin:x:1:1:::\nelsa:x:1000:1:::\ntwin:x:1000:1:::\n"
			 "anna:x:1001:1:::\nelsa:x:1001:1:::\n"),
		   0644);
	cr_assert(passwd_file_load(tmpdir.fd, &kind_uid, &accounts) == 0);
	add("elsa");
	add("anna");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	check("elsa", 0);
	check("anna", 1);
	check("twin", SIZE_MAX);
}

/* Owners that the service knows as one of the users; digits are no names. */
Test(owner_set, names_of_lines)
{
	static const char text[] = "DOM\\net:100:10\nbob:100:1\nsilent:105:1\n"
				   "elsa:100:1\n2000:100:1\nghost:90:5\n";
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	CLEANUP(table_cleanup) struct table table = { 0 };
	const struct range range = { 100, 110 };

	cr_assert(table_load(exact_copy(BYTES(text)), sizeof(text) - 1, &table) == 0);
	asked[0] = '\0';
	lookup.files_first = true;
	lookup.service = &service;
	add("elsa");
	add("net");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	check("DOM\\net", SIZE_MAX);
	cr_assert(owner_set_find_names(&people, &unknown, &table, range, &lookup) == 0);
	cr_assert_str_eq(asked, "net,DOM\\net,silent,");
	check("DOM\\net", 1);
	check("bob", SIZE_MAX);
	check("2000", SIZE_MAX);
	cr_assert(unknown_owners_are_silent(&unknown, "silent", 6));
}

/* A retired owner is no user, also if one has such a login name. */
Test(owner_set, retired)
{
	tmpdir_put(
		&tmpdir, "passwd",
		BYTES("elsa:x:1000:100::/:\n~elsa:x:1000:100::/:\n~bob:x:1003:100::/:\n"),
		0644);
	accounts_cleanup(&accounts);
	cr_assert(passwd_file_load(tmpdir.fd, &kind_uid, &accounts) == 0);
	add("elsa");
	add("~bob");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, false) == 0);
	check("elsa", 0);
	check("1000", 0);
	check("~elsa", SIZE_MAX);
	cr_assert(people.items[1].status == OWNER_SET_NONE);
	owner_set_cleanup(&people);
	add("~bob");
	cr_assert(owner_set_resolve(&people, &accounts, &lookup, true) == 0);
	check("~bob", 0);
	check("1003", SIZE_MAX);
}
