// SPDX-License-Identifier: BSD-3-Clause
/*
 * Modules of the name service, called one by one. The test's modules are beside it, see
 * nss-module.c.
 */
#include <dlfcn.h>

#include "libsubid/user/account.h"
#include "libsubid/user/nss-modules.h"
#include "tests/unit/nss-module.h"
#include "tests/unit/unit.h"

static struct nss_modules modules;

static void open_modules(const char *words, bool group)
{
	nss_modules_close(&modules);
	nss_modules_open(&modules, words, group);
}

static void tear_down(void)
{
	nss_modules_close(&modules);
	nss_modules_close(&modules);
}

TestSuite(nss_modules, .fini = tear_down);

static struct nss_module_control *control_of(size_t i)
{
	struct nss_module_control *control =
		dlsym(modules.modules[i].handle, "nss_module_control");

	cr_assert(control);
	return control;
}

static int ask_name(bool group, const char *name, struct nss_found *ret_found)
{
	const struct nss_question question = { .group = group, .name = name };

	return nss_modules_ask(&modules, &question, ret_found);
}

static int ask_id(bool group, uint32_t id, struct nss_found *ret_found)
{
	const struct nss_question question = { .group = group, .id = id };

	return nss_modules_ask(&modules, &question, ret_found);
}

/* A module that cannot be loaded is not installed: it counts as if it were not named. */
Test(nss_modules, not_installed)
{
	static const struct {
		const char *words;
		size_t n;
		bool remote, too_many;
		const char *missing;
	} rows[] = {
		{ "", 0, false, false, "" },
		{ "unit", 1, true, false, "" },
		{ "missing", 0, false, false, "missing" },
		{ "missing unit absent", 1, true, false, "missing absent" },
		{ "unit unit2 unitfew", 3, true, false, "" },
		{ "systemd", 1, false, false, "" },
		{ "systemd unit", 2, true, false, "" },
		/* A word is no path. */
		{ "x/../unit ../unit /unit", 0, false, false, "x/../unit ../unit /unit" },
		{ "unit unit unit unit unit unit unit unit", 8, true, false, "" },
		{ "unit unit unit unit unit unit unit unit missing", 8, true, true, "" },
		{ NSSWITCH_UNREAD, 0, true, true, NSSWITCH_UNREAD },
		{ "missing missing missing missing missing missing missing missing unit",
		  1, true, false,
		  "missing missing missing missing missing missing missing missing" },
	};
	struct nss_found found;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		open_modules(rows[i].words, false);
		cr_assert(modules.n == rows[i].n, "'%s': %zu", rows[i].words, modules.n);
		cr_assert(modules.too_many == rows[i].too_many, "'%s'", rows[i].words);
		cr_assert_str_eq(modules.missing, rows[i].missing);
		cr_assert(nss_modules_have_remote(&modules) == rows[i].remote, "'%s'",
			  rows[i].words);
		/* "No such user" is not known if one service was not asked. */
		cr_assert(ask_name(false, "nobody", &found) ==
				  (rows[i].too_many ? -EAGAIN : ACCOUNT_NONE),
			  "'%s'", rows[i].words);
	}
}

/* A word of the longest kind that nsswitch.conf can have. */
Test(nss_modules, long_word)
{
	char words[NSSWITCH_WORD_BYTES + 8];

	memset(words, 'w', sizeof(words));
	strcpy(words + NSSWITCH_WORD_BYTES - 1, " unit");
	open_modules(words, false);
	cr_assert_eq(modules.n, 1);
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	open_modules(words, false);
	cr_assert_eq(modules.n, 0);
}

/* Only a module's "not found" is a "no"; its other results are no answer. */
Test(nss_modules, answers)
{
	static const struct {
		const char *name;
		int r;
		uint32_t id;
	} rows[] = {
		{ "id-1000", 0, 1000 },
		{ "id-4294967294", 0, 4294967294 },
		{ "alias-1000", 0, 1000 },
		{ "none-0", ACCOUNT_NONE, 0 },
		{ "none-2", ACCOUNT_NONE, 0 },	/* ENOENT */
		{ "none-11", ACCOUNT_NONE, 0 }, /* EAGAIN */
		{ "other", ACCOUNT_NONE, 0 },
		{ "unavail-0", -EAGAIN, 0 },
		{ "unavail-2", -EAGAIN, 0 },
		{ "unavail-11", -EAGAIN, 0 },
		{ "unavail-34", -EAGAIN, 0 }, /* ERANGE */
		{ "unavail-111", -EAGAIN, 0 },
		{ "again-0", -EAGAIN, 0 },
		{ "again-2", -EAGAIN, 0 },
		{ "again-11", -EAGAIN, 0 },
		{ "return-0", -EAGAIN, 0 },
		{ "return-2", -EAGAIN, 0 },
		/* The buffer grows, up to a limit. */
		{ "big-1024", 0, 7 },
		{ "big-1025", 0, 7 },
		{ "big-100000", 0, 7 },
		{ "big-16777216", 0, 7 },
		{ "big-16777217", -ERANGE, 0 },
		{ "again-34", -ERANGE, 0 },
	};

	for (int group = 0; group < 2; group++) {
		open_modules("unit", group);
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			struct nss_found found = { .id = 77 };
			int r = ask_name(group, rows[i].name, &found);

			cr_assert(r == rows[i].r, "%s: %d", rows[i].name, r);
			cr_assert(found.id == (r ? 77 : rows[i].id), "%s: %u",
				  rows[i].name, found.id);
			if (r == 0)
				cr_assert(found.gid == rows[i].id + !group, "%s: %u",
					  rows[i].name, found.gid);
		}
	}
}

/* The name is the module's; a name that no database can hold is skipped. */
Test(nss_modules, names)
{
	struct nss_found found;

	open_modules("unit", false);
	cr_assert(ask_name(false, "alias-1000", &found) == 0);
	cr_assert_str_eq(found.name, "id-1000");
	cr_assert(ask_name(false, "named-256", &found) == 0);
	cr_assert_eq(strlen(found.name), 256);
	cr_assert(ask_name(false, "named-257", &found) == 0 && found.id == 7);
	cr_assert_str_eq(found.name, "");
	cr_assert(ask_name(false, "named-0", &found) == 0 && found.id == 7);
	cr_assert_str_eq(found.name, "");
}

/* By id, of users and of groups. */
Test(nss_modules, ids)
{
	for (int group = 0; group < 2; group++) {
		struct nss_module_control *control;
		struct nss_found found = { .id = 77 };

		open_modules("unit", group);
		control = control_of(0);
		/* A module stays loaded and keeps its state. */
		control->n_asked = 0;
		control->first = 1000;
		control->last = 1001;
		control->silent_id = 1002;
		cr_assert(ask_id(group, 999, &found) == ACCOUNT_NONE && found.id == 77);
		cr_assert(ask_id(group, 1000, &found) == 0 && found.id == 1000);
		cr_assert_str_eq(found.name, "id-1000");
		cr_assert(ask_id(group, 1001, &found) == 0 && found.id == 1001);
		cr_assert(ask_id(group, 1002, &found) == -EAGAIN && found.id == 1001);
		cr_assert(ask_id(group, 4294967294U, &found) == ACCOUNT_NONE);
		cr_assert(control->n_asked == 5 && control->asked[4] == 4294967294U);
	}
}

/* Of several services the first that has the user, unless one before it is silent; "no"
 * if all answer "no". */
Test(nss_modules, several)
{
	struct nss_module_control *first, *second;
	struct nss_found found;

	open_modules("unit unit2", false);
	first = control_of(0);
	second = control_of(1);
	cr_assert(first != second);
	first->first = first->last = 1000;
	second->first = second->last = 1001;
	first->silent_id = 1001;
	second->silent_id = 1002;
	cr_assert(ask_id(false, 1000, &found) == 0 && second->n_asked == 0);
	/* One is silent, a later one has the user: an action may keep libc from asking
	 * the later one. */
	cr_assert(ask_id(false, 1001, &found) == -EAGAIN);
	cr_assert(ask_id(false, 1002, &found) == -EAGAIN);
	cr_assert(ask_id(false, 1003, &found) == ACCOUNT_NONE);
	/* One is silent, the other one does not have the user. */
	first->silent_id = 1004;
	cr_assert(ask_id(false, 1004, &found) == -EAGAIN);
	cr_assert(first->n_asked == 5 && second->n_asked == 4);
}

/* A module without a call has no such accounts. */
Test(nss_modules, missing_calls)
{
	struct nss_found found;

	open_modules("unitfew", false);
	cr_assert_eq(modules.n, 1);
	cr_assert(ask_name(false, "id-1000", &found) == 0 && found.id == 1000);
	cr_assert(ask_name(false, "unavail-0", &found) == -EAGAIN);
	cr_assert(ask_id(false, 1000, &found) == ACCOUNT_NONE);
	cr_assert(ask_name(true, "id-1000", &found) == ACCOUNT_NONE);
	cr_assert(ask_id(true, 1000, &found) == ACCOUNT_NONE);
}

/* Services of the running system are skipped when other accounts are looked for. */
Test(nss_modules, remote)
{
	const struct nss_question question = { .id = 1000 }, name = { .name = "id-1000" };
	struct nss_module_control *local;
	struct nss_found found;

	open_modules("systemd missing", false);
	cr_assert_not(nss_modules_have_remote(&modules));
	local = control_of(0);
	local->first = local->last = 1000;
	cr_assert(nss_modules_ask(&modules, &question, &found) == 0);
	cr_assert(nss_modules_ask_remote(&modules, &question, &found) == ACCOUNT_NONE);
	cr_assert(nss_modules_ask_remote(&modules, &name, &found) == ACCOUNT_NONE);
	local->silent_id = 1000;
	cr_assert(nss_modules_ask(&modules, &question, &found) == -EAGAIN);
	cr_assert(nss_modules_ask_remote(&modules, &question, &found) == ACCOUNT_NONE);

	open_modules("systemd unit", false);
	control_of(1)->first = control_of(1)->last = 1000;
	cr_assert(nss_modules_ask_remote(&modules, &question, &found) == 0);
	cr_assert(nss_modules_ask_remote(&modules, &name, &found) == 0);
}

/* The enumerated accounts: their number, and the sum of their ids. */
struct enumerated {
	size_t n, stop_after;
	uint64_t ids, gids;
};

static int take(const struct nss_found *found, void *context)
{
	struct enumerated *enumerated = context;
	char name[32];

	snprintf(name, sizeof(name), "member-%u", found->id % 1000);
	cr_assert_str_eq(found->name, name);
	enumerated->ids += found->id;
	enumerated->gids += found->gid;
	return ++enumerated->n == enumerated->stop_after ? 42 : 0;
}

static struct enumerated enumerate(size_t stop_after, int want)
{
	struct enumerated enumerated = { .stop_after = stop_after };

	cr_assert_eq(nss_modules_enumerate(&modules, take, &enumerated), want);
	return enumerated;
}

/* All accounts of all modules but the system's; each time from the first one. */
Test(nss_modules, enumerates)
{
	for (int group = 0; group < 2; group++) {
		struct enumerated all;

		open_modules("systemd unit missing unitfew unit2", group);
		control_of(0)->enumerated = 100;
		control_of(1)->enumerated_first = 1000;
		control_of(1)->enumerated = 20;
		control_of(3)->enumerated_first = 2000;
		control_of(3)->enumerated = 10;
		for (int i = 0; i < 2; i++) {
			all = enumerate(0, 0);
			cr_assert_eq(all.n, 30);
			cr_assert_eq(all.ids, 20 * 1000 + 190 + 10 * 2000 + 45);
			cr_assert_eq(all.gids, all.ids + (group ? 0 : 30));
			all = enumerate(22, 42);
			cr_assert_eq(all.n, 22);
		}
	}
}

/* A module that cannot enumerate, or fails in the middle, does not count as silent. */
Test(nss_modules, enumerates_not)
{
	open_modules("unit unit2", false);
	control_of(0)->set_fails = true;
	control_of(1)->enumerated_first = 2000;
	control_of(1)->enumerated = 10;
	cr_assert_eq(enumerate(0, 0).n, 10);
	/* Some report that they cannot, and enumerate nevertheless. */
	control_of(0)->enumerated_first = 1000;
	control_of(0)->enumerated = 5;
	cr_assert_eq(enumerate(0, 0).n, 15);
	control_of(0)->ends_after = 3;
	cr_assert_eq(enumerate(0, 0).n, 13);
	control_of(1)->ends_after = 1;
	cr_assert_eq(enumerate(0, 0).n, 4);
}

/* Whether each service has said which groups a user has. */
Test(nss_modules, groups)
{
	open_modules("unit unitfew systemd", true);
	control_of(0)->first = 100;
	control_of(0)->last = 200;
	control_of(0)->silent_id = 150;
	cr_assert_eq(nss_modules_check_groups(&modules, "elsa", 99), 0);
	cr_assert_eq(nss_modules_check_groups(&modules, "elsa", 100), 0);
	cr_assert_eq(nss_modules_check_groups(&modules, "elsa", 150), -EAGAIN);
	open_modules("unit unit unit unit unit unit unit unit unit", true);
	cr_assert_eq(nss_modules_check_groups(&modules, "elsa", 99), -EAGAIN);
	control_of(0)->silent_id = 0;
}
