// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-lines: what stands in the databases, against the accounts.
 *
 * The local accounts are read whole. Owners without one may be users of the name service:
 * it is asked about them, for a bounded time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/asker.h"
#include "common/i18n.h"
#include "common/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/paths.h"
#include "subid/check.h"

/* The accounts as the search wants them. */
struct people {
	struct findings_user *users;
	size_t n_users;
	struct findings_group *groups;
	size_t n_groups;
	/* Names that are not the roster's. */
	char **names;
	size_t n_names;
	bool unsure; /* not every owner was asked for */
};

static void people_cleanup(struct people *people)
{
	for (size_t i = 0; i < people->n_names; i++)
		free(people->names[i]);
	free(people->names);
	free(people->users);
	free(people->groups);
}

static int people_load(const struct check *check, struct people *people)
{
	const struct roster *users = &check->users, *groups = &check->groups;

	people->users = reallocarray(NULL, users->n + 1, sizeof(*people->users));
	people->groups = reallocarray(NULL, groups->n + 1, sizeof(*people->groups));
	if (!people->users || !people->groups)
		return -ENOMEM;
	for (size_t i = 0; i < users->n; i++)
		people->users[people->n_users++] = (struct findings_user){
			.uid = users->accounts[i].id,
			.gid = users->accounts[i].gid,
			.name = users->accounts[i].name,
		};
	for (size_t i = 0; i < groups->n; i++)
		people->groups[people->n_groups++] = (struct findings_group){
			.gid = groups->accounts[i].id,
			.name = groups->accounts[i].name,
		};
	return 0;
}

static int people_add(struct people *people, const struct account *account)
{
	CLEANUP(cleanup_free) char *name = strndup(account->name, account->name_len);
	struct findings_user *users;
	char **names;

	users = reallocarray(people->users, people->n_users + 1, sizeof(*users));
	if (users)
		people->users = users;
	names = reallocarray(people->names, people->n_names + 1, sizeof(*names));
	if (names)
		people->names = names;
	if (!users || !names || !name)
		return -ENOMEM;
	users[people->n_users++] = (struct findings_user){
		.uid = account->uid,
		.gid = account->gid,
		.name = name,
	};
	names[people->n_names++] = TAKE_PTR(name);
	return 0;
}

static int search(const struct check *check, const struct people *people,
		  struct findings *ret_findings)
{
	const struct findings_question question = {
		.tables = { check->sides[0].readable ? &check->sides[0].table : NULL,
			    check->sides[1].readable ? &check->sides[1].table : NULL },
		.users = people->users,
		.n_users = people->n_users,
		.groups = people->groups,
		.n_groups = people->n_groups,
		.max = check->all ? 0 : CHECK_MAX,
	};

	return findings_find(&question, ret_findings);
}

/* Who an owner is to the name service. Returns 0, ACCOUNT_NONE or -errno. */
static int look_up(struct asker *asker, const struct finding *finding,
		   struct account *ret_account)
{
	char name[LIMIT_OWNER_BYTES + 1];
	uint64_t uid;

	if (finding->owner_len > LIMIT_OWNER_BYTES)
		return ACCOUNT_NONE;
	if (num_parse(finding->owner, finding->owner_len, ID_NONE - 1, &uid) == 0)
		return asker_uid(asker, (uid_t)uid, ret_account);
	memcpy(name, finding->owner, finding->owner_len);
	name[finding->owner_len] = '\0';
	return asker_user(asker, name, ret_account);
}

/* Asks the name service for the owners that no local account has. */
static int ask(const struct findings *findings, struct asker *asker,
	       struct people *people)
{
	size_t n = findings->counts[FINDING_NO_ACCOUNT][FINDING_NOTE], asked = 0;

	for (size_t i = 0; i < findings->n && asker->failed == 0; i++) {
		struct finding finding;
		struct account account;
		int r;

		findings_get(findings, i, &finding);
		if (finding.code != FINDING_NO_ACCOUNT)
			continue;
		r = look_up(asker, &finding, &account);
		asked += r >= 0;
		r = r == 0 ? people_add(people, &account) : 0;
		if (r)
			return r;
	}
	people->unsure = asked < n;
	return 0;
}

/* Looks once more if the name service knows more users than the local files. */
static int search_with_others(struct check *check, struct people *people,
			      struct findings *findings)
{
	CLEANUP(asker_end) struct asker asker = ASKER_LOOK;
	struct nsswitch nsswitch;
	size_t before = people->n_users;
	int r;

	if (check->place.image || nsswitch_read(NSSWITCH_CONF, &nsswitch) ||
	    nsswitch.passwd_others[0] == '\0')
		return 0;
	r = ask(findings, &asker, people);
	check->unsure = people->unsure;
	if (people->unsure)
		report_line(PROGRAM, _("note: the name service did not answer about all "
				       "owners; some may have an account"));
	if (r || people->n_users == before)
		return r;
	findings_clear(findings);
	return search(check, people, findings);
}

/* Of each code what is told is enough to see what it is about. */
static void tell_rest(struct check *check, const struct findings *findings)
{
	size_t left = 0;

	for (size_t code = 1; code < FINDING_CODES_END; code++)
		for (size_t severity = FINDING_NOTE; severity <= FINDING_ERROR;
		     severity++) {
			size_t n = findings->counts[code][severity];

			if (check->all || n <= CHECK_MAX)
				continue;
			left += n - CHECK_MAX;
			if (severity >= FINDING_WARNING)
				check->n_wrong += n - CHECK_MAX;
		}
	if (left)
		report_line(PROGRAM,
			    _("note: %zu more findings of the same kinds are not shown; "
			      "--all shows them"),
			    left);
}

/*
 * Tells what is wrong in the lines of the databases.
 * Returns 0, or an exit status with the reason told.
 */
int check_lines(struct check *check)
{
	CLEANUP(findings_cleanup) struct findings findings = { .n = 0 };
	CLEANUP(people_cleanup) struct people people = { .n_users = 0 };
	int r;

	r = people_load(check, &people);
	if (r == 0)
		r = search(check, &people, &findings);
	if (r == 0)
		r = search_with_others(check, &people, &findings);
	if (r == 0)
		r = check_find_taken(check, &findings);
	if (r)
		return verb_fail(-r);
	for (size_t i = 0; i < findings.n; i++) {
		struct problem problem;
		struct finding finding;

		findings_get(&findings, i, &finding);
		check_describe(check, &finding, &problem);
		r = check_tell(check, &problem);
		if (r)
			return r;
	}
	tell_rest(check, &findings);
	return 0;
}
