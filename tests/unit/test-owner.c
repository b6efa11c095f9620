// SPDX-License-Identifier: BSD-3-Clause
/*
 * The owner of a line: tables of one owner's spellings, and a model of small passwd
 * files.
 */
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/owner.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;
static struct lookup lookup; /* the passwd file alone */

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	lookup = (struct lookup){ .directory = tmpdir.fd };
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(owner, .init = set_up, .fini = tear_down);

/* Whether an entry with this owner field is the owner's; the filters must not skip it. */
static bool owns(struct owner *owner, const char *text)
{
	char line[2 * LIMIT_OWNER_BYTES];
	size_t len = (size_t)snprintf(line, sizeof(line), "%s:100:10", text);
	CLEANUP(cleanup_free) char *copy = exact_copy(line, len);
	bool begins = owner_begins(copy, len, owner), is;
	struct line_prefixes starts;
	struct entry entry;

	if (entry_parse(copy, len, &entry))
		return false;
	is = owner_is(&entry, owner);
	cr_assert(is == owner_is_text(owner, text, strlen(text)), "'%s'", text);
	cr_assert(begins || !is, "'%s' is excluded by its first bytes", text);
	if (owner_starts(owner, &starts))
		cr_assert(line_prefixes_match(&starts, line) || !is,
			  "'%s' is excluded by its start", text);
	return is;
}

/*
 * A line is the user's by login name or uid, both whole. The filter for its first bytes
 * passes at least those lines.
 */
Test(owner, name_and_number)
{
	static const struct {
		const char *name;
		uid_t uid;
		const char *line;
		bool begins, owns;
	} rows[] = {
		{ "elsa", 1000, "elsa:1:2", true, true },
		{ "elsa", 1000, "1000:1:2", true, true },
		{ "elsa", 1000, "elsa:", true, false },
		{ "elsa", 1000, "1000:", true, false },
		{ "elsa", 1000, "elsa", false, false },
		{ "elsa", 1000, "1000", false, false },
		{ "elsa", 1000, "", false, false },
		{ "elsa", 1000, ":", false, false },
		{ "elsa", 1000, "els:1:2", false, false },
		{ "elsa", 1000, "elsaa:1:2", false, false },
		{ "elsa", 1000, "Elsa:1:2", false, false },
		{ "elsa", 1000, " elsa:1:2", false, false },
		{ "elsa", 1000, "elsa :1:2", false, false },
		{ "elsa", 1000, "anna:1:2", false, false },
		{ "elsa", 1000, "anna:elsa:2", false, false },
		{ "elsa", 1000, "1001:1:2", false, false },
		{ "elsa", 1000, "100:1:2", false, false },
		{ "elsa", 1000, "10000:1:2", false, false },
		{ "elsa", 1000, "01000:1:2", false, false },
		{ "elsa", 1000, "0:1:2", false, false },
		{ "root", 0, "0:1:2", true, true },
		{ "root", 0, "00:1:2", false, false },
		{ "root", 0, "root:1:2", true, true },
		/* An owner that is no number has no uid, not uid 0. */
		{ "root", 0, "elsa:1:2", false, false },
		{ "last", 4294967294U, "4294967294:1:2", true, true },
		/* A login name of digits. */
		{ "2000", 1003, "2000:1:2", true, true },
		{ "2000", 1003, "1003:1:2", true, true },
		{ "2000", 1003, "1004:1:2", false, false },
		/* Names that cannot be owners: a line with them has another meaning. */
		{ "x:1", 1000, "x:1:2", true, false },
		{ "x:1", 1000, "x:1:2:3", true, false },
		{ "x", 1000, "x:1:2", true, true },
		{ "#x", 1000, "#x:1:2", true, false },
		{ "02000", 1003, "02000:1:2", true, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t len = strlen(rows[i].line);
		CLEANUP(cleanup_free) char *line = exact_copy(rows[i].line, len);
		struct account account;
		struct owner owner;
		struct entry entry;

		account_set(&account, rows[i].name, strlen(rows[i].name), rows[i].uid,
			    100);
		owner_set(&owner, &account);
		cr_assert(owner_begins(line, len, &owner) == rows[i].begins,
			  "row %zu: '%s', '%s'", i, rows[i].name, rows[i].line);
		cr_assert((entry_parse(line, len, &entry) == 0 &&
			   owner_is(&entry, &owner)) == rows[i].owns,
			  "row %zu: '%s', '%s'", i, rows[i].name, rows[i].line);
		owner_cleanup(&owner);
	}
}

/* An owner without a uid has the name alone. */
Test(owner, without_uid)
{
	struct account account;
	struct owner owner;

	account_set(&account, "elsa", 4, 1000, 100);
	owner_set(&owner, &account);
	cr_assert(owns(&owner, "1000"));
	cr_assert(owns(&owner, "elsa"));
	account.number_len = 0;
	owner_set(&owner, &account);
	cr_assert(owns(&owner, "elsa"));
	cr_assert_not(owns(&owner, "1000"));
}

/* Digits, and texts that only look like a number. */
Test(owner, is_number)
{
	static const char *const numbers[] = { "0",	     "7",
					       "1000",	     "4294967294",
					       "4294967295", "18446744073709551616" };
	static const char *const others[] = { "",   "elsa", "01000", "00", "+1",
					      "-1", "1 ",   " 1",    "1a", "0x10" };

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		cr_assert(owner_is_number(numbers[i], strlen(numbers[i])), "%s",
			  numbers[i]);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		cr_assert_not(owner_is_number(others[i], strlen(others[i])), "%s",
			      others[i]);
}

static void put_passwd(const char *text)
{
	tmpdir_put(&tmpdir, "passwd", text, strlen(text), 0644);
}

/* The further names, with commas, in their order. */
static const char *names_of(const struct owner *owner)
{
	static char text[256];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < owner->n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s,",
					owner->names[i]);
	return text;
}

/* All names of the uid in the file, as getpwuid(3) reads it, but the known one. */
Test(owner, names)
{
	struct account account;
	struct owner owner;

	account_set(&account, "elsa", 4, 1000, 1100);
	cr_assert(owner_init(&owner, &account, tmpdir.fd) == 0);
	cr_assert(owner.n == 0 && owner_has_account(&owner));
	owner_cleanup(&owner);
	put_passwd("root:x:0:0:::\n"
		   "elsa:x:1000:1100:::\n"
		   "+nis:x:1000:7:::\n"
		   "alias:x:1000:1102:::\n"
		   "twin:x:1001:1101:::\n"
		   "twin:x:1000:1101:::\n"
		   "octal:x:01000:1102:::\n"
		   " front:x: +1000:1102:::\n"
		   "cut:x:1000\n"
		   "behind:x:1000 :7:::\n"
		   "hex:x:0x3e8:7:::\n"
		   "2000:x:1000:1102:::\n"
		   "alias:x:1000:1102:::\n"
		   "anna:x:1001:1101:::\n"
		   "elsa:x:5:5:::\n"
		   "third:x:1000:1103:::");
	cr_assert(owner_init(&owner, &account, tmpdir.fd) == 0);
	cr_assert_str_eq(names_of(&owner), "alias,octal,front,third,");
	cr_assert(owns(&owner, "elsa") && owns(&owner, "1000") && owns(&owner, "octal"));
	cr_assert_not(owns(&owner, "2000") || owns(&owner, "cut") ||
		      owns(&owner, "anna") || owns(&owner, "nis") ||
		      owns(&owner, "hex") || owns(&owner, "behind"));
	cr_assert_not(owner.ambiguous_name || owner.ambiguous_number);
	owner_cleanup(&owner);
	owner_cleanup(&owner);

	account_set(&account, "gone", 4, 1002, 1);
	cr_assert(owner_init(&owner, &account, tmpdir.fd) == 0);
	cr_assert_str_eq(names_of(&owner), "");
	owner_cleanup(&owner);
	/* Without an account there is one name, with any file. */
	account_set_text(&account, "1000", 4);
	cr_assert(owner_init(&owner, &account, tmpdir.fd) == 0);
	cr_assert(owner.n == 0 && !owner_has_account(&owner));
	owner_cleanup(&owner);

	account_set(&account, "elsa", 4, 1000, 1100);
	cr_assert(unlinkat(tmpdir.fd, "passwd", 0) == 0);
	cr_assert(mkdirat(tmpdir.fd, "passwd", 0755) == 0);
	cr_assert(owner_init(&owner, &account, tmpdir.fd) == -EISDIR);
	cr_assert(unlinkat(tmpdir.fd, "passwd", AT_REMOVEDIR) == 0);
	cr_assert(symlinkat("passwd", tmpdir.fd, "passwd") == 0);
	cr_assert(owner_init(&owner, &account, tmpdir.fd) == -ELOOP);
}

/* Names are added once, and digits never. */
Test(owner, add_name)
{
	static const char *const names[] = { "elsa",  "1000",	    "alias",	 "2000",
					     "alias", "4294967296", "DOM\\elsa", "0" };
	struct account account;
	struct owner owner;

	account_set(&account, "elsa", 4, 1000, 1100);
	owner_set(&owner, &account);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CLEANUP(cleanup_free)
		char *name = exact_copy(names[i], strlen(names[i]));

		cr_assert(owner_add_name(&owner, name, strlen(names[i])) == 0);
	}
	cr_assert_str_eq(names_of(&owner), "alias,DOM\\elsa,");
	cr_assert(owns(&owner, "alias") && owns(&owner, "DOM\\elsa"));
	cr_assert_not(owns(&owner, "2000") || owns(&owner, "0"));
	owner_cleanup(&owner);
}

#define SPELLINGS 10
static const char *const spellings[SPELLINGS] = { "elsa", "elsie", "1000", "anna",
						  "1001", "2000",  "77",   "ghost",
						  "el",	  "ELSA" };

/* The spellings that are the owner's, separated by spaces. */
static const char *owned(struct owner *owner)
{
	static char text[128];

	text[0] = '\0';
	for (size_t i = 0; i < SPELLINGS; i++)
		if (owns(owner, spellings[i]))
			sprintf(text + strlen(text), "%s%s", text[0] ? " " : "",
				spellings[i]);
	return text;
}

/* The substitute for the name service: qualified and other spellings of users. */
static int service_name(void *context, const char *name, struct account *ret_account)
{
	(void)context;
	if (strcmp(name, "broken") == 0 || strcmp(name, "3001") == 0)
		return -EAGAIN;
	if (strcmp(name, "ELSA") == 0)
		account_set(ret_account, "elsa", 4, 1000, 1);
	else if (strcmp(name, "1000") == 0)
		account_set(ret_account, "1000", 4, 4000, 1);
	else
		return ACCOUNT_NONE;
	return 0;
}

static int service_uid(void *context, uid_t uid, struct account *ret_account)
{
	(void)context;
	if (uid == 3002)
		return -EAGAIN;
	if (uid != 2000)
		return ACCOUNT_NONE;
	account_set(ret_account, "net", 3, 2000, 1);
	return 0;
}

static const struct name_service service = { .user = service_name, .uid = service_uid };

/* The typed word, and which of the spellings are this user's. */
Test(owner, find)
{
	static const struct {
		const char *word;
		bool or_uid, with_service;
		const char *owned;
		bool account;
	} rows[] = {
		{ "elsa", false, false, "elsa elsie 1000", true },
		{ "elsie", false, false, "elsa elsie 1000", true },
		{ "elsie", true, false, "elsa elsie 1000", true },
		{ "1000", true, false, "elsa elsie 1000", true },
		/* Without @or_uid a word is a name; a word without account is its one
		   spelling. */
		{ "1000", false, false, "1000", false },
		{ "77", false, false, "77", false },
		{ "77", true, false, "77", false },
		{ "ghost", false, false, "ghost", false },
		{ "ghost", true, false, "ghost", false },
		{ "el", true, false, "el", false },
		{ "anna", true, false, "anna 1001", true },
		/* A login name of digits, and of an uid that another name has, too. */
		{ "2000", true, false, "2000", true },
		{ "2000", false, false, "2000", true },
		{ "2001", true, false, "2000", true },
		/* Users that the service knows under another spelling. */
		{ "ELSA", true, false, "ELSA", false },
		{ "ELSA", true, true, "elsa elsie 1000 ELSA", true },
		{ "ELSA", false, true, "elsa elsie 1000 ELSA", true },
	};

	put_passwd("root:x:0:0:::\nelsa:x:1000:1:::\nelsie:x:1000:1:::\n"
		   "anna:x:1001:1:::\n2000:x:2001:1:::\n");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct owner owner;

		lookup.files_first = true;
		lookup.service = rows[i].with_service ? &service : NULL;
		cr_assert(owner_find(&owner, rows[i].word, &lookup, rows[i].or_uid) == 0,
			  "row %zu", i);
		cr_assert(owner_has_account(&owner) == rows[i].account, "row %zu", i);
		cr_assert(strcmp(owned(&owner), rows[i].owned) == 0, "row %zu '%s': %s",
			  i, rows[i].word, owned(&owner));
		owner_cleanup(&owner);
	}
}

/* A login name that no line can have: its user has lines by uid and by other names. */
Test(owner, find_name_that_no_line_can_have)
{
	static const char *const names[] = { "00123456", "4294967295", "12345678901" };
	struct owner owner = { .n = 0 };

	put_passwd("00123456:x:5009:1:::\n4294967295:x:5009:1:::\n"
		   "12345678901:x:5009:1:::\nbob:x:5009:1:::\n");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		cr_assert(owner_find(&owner, names[i], &lookup, false) == 0, "'%s'",
			  names[i]);
		cr_assert(owner_has_account(&owner) && owns(&owner, "5009") &&
				  owns(&owner, "bob"),
			  "'%s'", names[i]);
		/* Other programs find malformed lines by it. */
		cr_assert(owner_is_text(&owner, names[i], strlen(names[i])), "'%s'",
			  names[i]);
		owner_cleanup(&owner);
	}
}

/* Words that no line can have, and a service that has not answered. */
Test(owner, find_fails)
{
	static const char *const invalid[] = { "",	"a:b", "a\nb", " elsa", "elsa ",
					       "#elsa", "+",   "-x",   "01000" };
	struct owner owner = { .n = 0 };

	put_passwd("elsa:x:1000:1:::\n");
	for (size_t i = 0; i < COUNT_OF(invalid); i++)
		cr_assert(owner_find(&owner, invalid[i], &lookup, true) == OWNER_INVALID,
			  "'%s'", invalid[i]);
	lookup.service = &service;
	cr_assert(owner_find(&owner, "broken", &lookup, true) == -EAGAIN);
	cr_assert(owner_find(&owner, "3002", &lookup, true) == -EAGAIN);
	lookup.service = NULL;
	cr_assert(unlinkat(tmpdir.fd, "passwd", 0) == 0);
	cr_assert(mkdirat(tmpdir.fd, "passwd", 0755) == 0);
	cr_assert(owner_find(&owner, "elsa", &lookup, true) == -EISDIR);
	/* The service's answer is of no use where the other names cannot be read. */
	lookup.service = &service;
	cr_assert(owner_find(&owner, "ELSA", &lookup, true) == -EISDIR);
	cr_assert(owner.names == NULL);
}

/*
 * Digits that are an account's uid and another account's name: for the map writers a line
 * with them belongs to both, and for a verb to the user that the caller chooses.
 */
Test(owner, ambiguous_digits)
{
	static const struct {
		const char *word;
		bool name, number;
		const char *both, *neither, *uid, *login;
	} rows[] = {
		/* anna's uid is the login name of 1002. */
		{ "anna", false, true, "anna 1001", "anna", "anna 1001", "anna" },
		{ "1001", true, false, "1001", "", "", "1001" },
		{ "elsa", false, false, "elsa 1000", "elsa 1000", "elsa 1000",
		  "elsa 1000" },
		/* The name is the uid of the same account. */
		{ "77", false, false, "77", "77", "77", "77" },
		/* A login name that is no account's uid. */
		{ "2000", false, false, "2000", "2000", "2000", "2000" },
	};

	put_passwd("elsa:x:1000:1:::\nanna:x:1001:1:::\n1001:x:1002:1:::\n"
		   "77:x:77:1:::\n2000:x:2001:1:::\n");
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (int choice = 0; choice < 4; choice++) {
			const char *wants[] = { rows[i].neither, rows[i].uid,
						rows[i].login, rows[i].both };
			struct owner owner;

			cr_assert(owner_find(&owner, rows[i].word, &lookup, false) == 0);
			cr_assert(owner.ambiguous_name == rows[i].name &&
					  owner.ambiguous_number == rows[i].number,
				  "row %zu", i);
			cr_assert_str_eq(owned(&owner), rows[i].both, "row %zu: %s", i,
					 owned(&owner));
			owner_choose_digits(&owner, choice & 1, choice & 2);
			cr_assert_str_eq(owned(&owner), wants[choice], "row %zu, %d: %s",
					 i, choice, owned(&owner));
			owner_cleanup(&owner);
		}
}

/* Accounts that only the service knows; without an answer the local ones decide. */
Test(owner, ambiguous_by_service)
{
	static const struct {
		const char *word;
		bool name, number;
	} rows[] = {
		{ "elsa", false, true }, /* the service has a user `1000` */
		{ "2000", true, false }, /* and one with the uid 2000 */
		{ "anna", false, false },
		{ "serge", false, false }, /* it is silent about `3001`, */
		{ "3002", false, false },  /* and about the uid 3002 */
		{ "77", false, false },
		{ "ghost", false, false },
	};

	put_passwd("elsa:x:1000:1:::\nanna:x:1001:1:::\nserge:x:3001:1:::\n"
		   "77:x:77:1:::\n2000:x:2001:1:::\n3002:x:3003:1:::\n");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct owner owner;

		lookup.service = NULL;
		cr_assert(owner_find(&owner, rows[i].word, &lookup, false) == 0);
		owner_check_digits(&owner, &lookup);
		cr_assert_not(owner.ambiguous_name || owner.ambiguous_number, "row %zu",
			      i);
		lookup.service = &service;
		owner_check_digits(&owner, &lookup);
		cr_assert(owner.ambiguous_name == rows[i].name &&
				  owner.ambiguous_number == rows[i].number,
			  "row %zu: %d %d", i, owner.ambiguous_name,
			  owner.ambiguous_number);
		owner_cleanup(&owner);
	}
}

/* One line of a model's passwd file. */
struct user {
	const char *name;
	unsigned uid;
	bool exists; /* getpwuid(3) takes the line */
};

/* Names and uids that are often the same digits, and begin alike. */
static const char *const universe[] = { "a",	      "ab",	   "b",
					"1",	      "2",	   "12",
					"3",	      "a12345678", "a1234567",
					"abcdefghij", "abcdefghik" };

static size_t make_users(struct rng *rng, struct user *users, char *text)
{
	/* How a line is written: as tools do, as getpwuid(3) accepts it, and otherwise.
	 */
	static const struct {
		const char *front, *sign, *end;
		bool exists;
	} forms[] = {
		{ "", "", ":9:::", true },   { "", "", ":9:::", true },
		{ "", "", ":9:::", true },   { " ", "0", ":9:::", true },
		{ "", " +", ":09", true },   { "", "", "", false },
		{ "+", "", ":9:::", false },
	};
	static const unsigned uids[] = { 1, 2, 3, 12 };
	size_t n = rng_below(rng, 7);

	for (size_t i = 0; i < n; i++) {
		size_t form = rng_below(rng, COUNT_OF(forms));

		users[i] = (struct user){
			universe[rng_below(rng, COUNT_OF(universe))],
			uids[rng_below(rng, COUNT_OF(uids))],
			forms[form].exists,
		};
		text += sprintf(text, "%s%s:x:%s%u%s\n", forms[form].front, users[i].name,
				forms[form].sign, users[i].uid, forms[form].end);
	}
	*text = '\0';
	return n;
}

static bool is_digits(const char *text)
{
	return strspn(text, "0123456789") == strlen(text);
}

/* The user of a word: by name, or by uid; NULL: no user. */
static const struct user *meant(const struct user *users, size_t n, const char *word,
				bool or_uid)
{
	for (size_t i = 0; i < n; i++)
		if (users[i].exists && strcmp(users[i].name, word) == 0)
			return &users[i];
	for (size_t i = 0; or_uid && is_digits(word) && i < n; i++)
		if (users[i].exists && users[i].uid == strtoul(word, NULL, 10))
			return &users[i];
	return NULL;
}

/* The rule, for one spelling; @who: the user, NULL: only the word. */
static bool model_owns(const struct user *users, size_t n, const struct user *who,
		       const char *word, const char *spelling)
{
	if (!who)
		return strcmp(spelling, word) == 0;
	if (is_digits(spelling))
		return strtoul(spelling, NULL, 10) == who->uid ||
		       strcmp(spelling, who->name) == 0;
	if (strcmp(spelling, who->name) == 0)
		return true;
	/* Of several lines with one name getpwnam(3) finds the first. */
	for (size_t i = 0; i < n; i++)
		if (users[i].exists && strcmp(users[i].name, spelling) == 0)
			return users[i].uid == who->uid;
	return false;
}

/* Whether digits are an account's uid and the name of another one. */
static bool is_ambiguous(const struct user *users, size_t n, const char *digits)
{
	unsigned long uid = strtoul(digits, NULL, 10);
	bool as_uid = false, as_name = false;

	for (size_t i = 0; is_digits(digits) && i < n; i++) {
		const struct user *user = &users[i];

		if (!user->exists)
			continue;
		as_uid |= user->uid == uid;
		as_name |= user->uid != uid && strcmp(user->name, digits) == 0;
	}
	return as_uid && as_name;
}

/* Every word and every spelling against the model; filters are checked in owns(). */
Test(owner, agrees_with_a_model)
{
	struct rng rng = { rng_seed() };
	size_t met[3] = { 0 };

	for (int round = 0; round < 4000; round++) {
		bool or_uid = rng_once_in(&rng, 2);
		struct user users[8];
		char text[512];
		size_t n = make_users(&rng, users, text);
		const char *word = universe[rng_below(&rng, COUNT_OF(universe))];
		const struct user *who = meant(users, n, word, or_uid);
		struct owner owner;

		put_passwd(text);
		cr_assert(owner_find(&owner, word, &lookup, or_uid) == 0);
		cr_assert(owner_has_account(&owner) == (who != NULL));
		for (size_t i = 0; i < COUNT_OF(universe); i++) {
			const char *spelling = universe[i];
			bool want = model_owns(users, n, who, word, spelling);
			bool is = owns(&owner, spelling);

			cr_assert(is == want, "'%s', %d, of\n%s'%s': %d", word, or_uid,
				  text, spelling, is);
			met[want]++;
		}
		if (who) {
			char number[16];

			sprintf(number, "%u", who->uid);
			cr_assert(owner.ambiguous_number ==
					  is_ambiguous(users, n, number),
				  "'%s' of\n%s", word, text);
			cr_assert(owner.ambiguous_name ==
					  is_ambiguous(users, n, owner.account.name),
				  "'%s' of\n%s", word, text);
			met[2] += owner.ambiguous_number || owner.ambiguous_name;
		}
		owner_cleanup(&owner);
	}
	cr_assert(met[0] > 4000 && met[1] > 4000 && met[2] > 100, "%zu %zu %zu", met[0],
		  met[1], met[2]);
}

/* Lines of a retired owner belong to no user, but can be named as they are. */
Test(owner, retired)
{
	struct owner owner;

	put_passwd("elsa:x:1000:1::/:\n~elsa:x:1000:1::/:\n");
	cr_assert(owner_find(&owner, "elsa", &lookup, false) == 0);
	cr_assert(owns(&owner, "elsa") && owns(&owner, "1000") && !owns(&owner, "~elsa"));
	owner_cleanup(&owner);
	cr_assert(owner_find(&owner, "~elsa", &lookup, false) == 0);
	cr_assert(!owner_has_account(&owner) && owns(&owner, "~elsa"));
	cr_assert(!owns(&owner, "elsa") && !owns(&owner, "1000"));
	owner_cleanup(&owner);
	put_passwd("~elsa:x:1000:1::/:\n");
	cr_assert(owner_find(&owner, "1000", &lookup, true) == 0);
	cr_assert(owns(&owner, "1000") && !owns(&owner, "~elsa"));
	owner_cleanup(&owner);
}
