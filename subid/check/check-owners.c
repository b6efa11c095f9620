// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-owners: messages of findings about owners, and commands that fix them.
 *
 * MUST: lines are offered for removal only if it is known that their owner has no
 * account.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/printable.h"
#include "message/i18n.h"
#include "subid/check/check.h"
#include "subid/verb/owner-guess.h"

/* Bytes of lines that are read to find all lines of owners. */
#define SEARCHED_BYTES (16 << 20)
/* Owners that are searched in the backup of passwd. */
#define RENAMED_MAX 100

/* Collects the ids of an owner's lines, as programs read them. Returns 0 or -errno. */
static int find_owner_ids(const struct check *check, unsigned group, const char *owner,
			  struct range_set *ids)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && check->sides[group].readable &&
	       table_next(&check->sides[group].table, &cursor, &line))
		if (line.fault == 0 && line.entry.owner_len == strlen(owner) &&
		    memcmp(line.entry.owner, owner, line.entry.owner_len) == 0)
			r = range_set_add(ids, line.entry.range);
	return r;
}

/* Whether an owner has these ids in a database. */
static bool has_ids(struct check *check, unsigned group, const char *owner,
		    const struct range_set *ids)
{
	CLEANUP(range_set_cleanup) struct range_set found = RANGE_SET(SIZE_MAX);
	bool same;

	check->searched += check->sides[group].table.len;
	same = find_owner_ids(check, group, owner, &found) == 0 && found.n == ids->n;
	for (size_t i = 0; same && i < ids->n; i++)
		same = range_equals(found.ranges[i], ids->ranges[i]);
	return same;
}

/*
 * Finds the local user who has a name like that of an owner without account, and the same
 * ids, each of them only in one database: one of the two names is misspelt. NULL: none.
 */
static const struct accounts_item *find_twin(struct check *check,
					     const struct findings *findings,
					     unsigned group, const char *owner)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(SIZE_MAX);
	const struct range_set none = { .n = 0 };

	check->searched += check->sides[group].table.len;
	if (find_owner_ids(check, group, owner, &ids) || ids.n == 0 ||
	    !has_ids(check, !group, owner, &none))
		return NULL;
	for (size_t i = 0; i < findings->n && check->searched < SEARCHED_BYTES; i++) {
		const struct findings_item *item = &findings->items[i];
		const struct accounts_item *user;
		struct finding finding;

		if (item->code != FINDING_ONE_SIDE || item->group == group ||
		    item->first != ids.ranges[0].start)
			continue;
		findings_get(findings, i, &finding);
		user = accounts_by_name(&check->users, finding.owner, finding.owner_len);
		if (user &&
		    owner_guess_alike(owner, accounts_name(&check->users, user)) &&
		    has_ids(check, !group, accounts_name(&check->users, user), &ids))
			return user;
	}
	return NULL;
}

/* Adds what an owner without account is now. Returns 0 or -ENOMEM. */
static int add_name_meant(struct check *check, const struct findings *findings,
			  const struct findings_item *item, const char *owner)
{
	const struct accounts_item *twin = NULL;
	size_t len = strlen(owner);
	bool by_home = false;
	uint32_t uid;
	int r;

	if (owner_guess_renamed(check->place.directory, &check->users, owner, &uid,
				&by_home)) {
		twin = check->searched < SEARCHED_BYTES ?
			       find_twin(check, findings, item->group, owner) :
			       NULL;
		if (!twin)
			return 0;
		uid = twin->id;
	}
	r = accounts_add(&check->renamed, owner, len, uid, ID_NONE);
	if (r == 0 && (twin || by_home))
		r = accounts_add(twin ? &check->misspelt : &check->by_home, owner, len,
				 uid, ID_NONE);
	return r;
}

/* Adds what the owners without account are now, see owner-guess.h. Returns 0 or -ENOMEM.
 */
int check_find_renamed(struct check *check, const struct findings *findings)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < findings->n && n < RENAMED_MAX; i++) {
		char owner[CHECK_NAME_BYTES];
		struct finding finding;

		if (findings->items[i].code != FINDING_NO_ACCOUNT)
			continue;
		findings_get(findings, i, &finding);
		problem_copy_name(finding.owner, finding.owner_len, owner);
		n++;
		if (!accounts_by_name(&check->users, owner, strlen(owner)) &&
		    !accounts_by_name(&check->unknown, owner, strlen(owner)))
			r = add_name_meant(check, findings, &findings->items[i], owner);
	}
	if (r == 0)
		r = accounts_sort(&check->by_home);
	if (r == 0)
		r = accounts_sort(&check->misspelt);
	return r ? r : accounts_sort(&check->renamed);
}

/* Whether the user has lines in a database, by name or uid. */
static bool has_lines(const struct check *check, const char *login)
{
	struct table_cursor cursor;
	struct table_line line;

	for (size_t k = 0; k < 2; k++) {
		cursor = (struct table_cursor){ 0 };
		while (check->sides[k].readable &&
		       table_next(&check->sides[k].table, &cursor, &line)) {
			char owner[CHECK_NAME_BYTES];
			const char *other;

			if (line.fault)
				continue;
			problem_copy_name(line.entry.owner, line.entry.owner_len, owner);
			other = check_renamed(check, owner) ? NULL :
							      check_login(check, owner);
			if (other && strcmp(other, login) == 0)
				return true;
		}
	}
	return false;
}

static void describe_renamed(const struct check *check, struct problem *problem)
{
	const char *name = check_login(check, problem->owner);
	const struct accounts_item *user = check_renamed(check, problem->owner);
	const struct facts_host host = {
		.former = problem->owner,
		.former_line = problem->line,
		.merge = has_lines(check, name),
		.prefix = check->prefix,
	};
	struct account account;
	struct facts facts = {
		.kind = problem->kind,
		.step = FACTS_RENAMED,
		.account = &account,
		.host = &host,
	};
	struct cause cause;

	account_set(&account, name, strlen(name), user->id, ID_NONE);
	causes_describe(&facts, CAUSE_OWNER_RENAMED, &cause);
	causes_add(&problem->cause,
		   accounts_by_name(&check->misspelt, problem->owner,
				    strlen(problem->owner)) ?
			   _("; likely %s (uid %u) is meant, who has the same ids in the "
			     "other database") :
		   accounts_by_name(&check->by_home, problem->owner,
				    strlen(problem->owner)) ?
			   _("; it may have become %s (uid %u), whose home directory has "
			     "this name") :
			   _("; it has become %s (uid %u)"),
		   name, user->id);
	causes_cure_as_root(&problem->cause, "%s", cause.cure);
}

/* Whether a process uses ids of the owner, which is added to the message. */
static bool is_used(struct check *check, struct problem *problem)
{
	for (size_t k = 0; k < 2 && check->searched < SEARCHED_BYTES; k++) {
		CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(SIZE_MAX);
		const struct busy_process *process = NULL;

		if (!check_is_any_used(check, kind_all[k]))
			continue;
		check->searched += check->sides[k].table.len;
		if (find_owner_ids(check, kind_all[k]->group, problem->owner, &ids) == 0)
			process = check_find_process(check, kind_all[k], problem->owner,
						     &ids);
		if (!process)
			continue;
		check_add_process(problem, process);
		return true;
	}
	return false;
}

static void describe_no_account(struct check *check, struct problem *problem)
{
	char word[CURE_QUOTED_BYTES];
	bool used;

	causes_evidence(&problem->cause, _("there is no user %s"), problem->owner);
	if (check_renamed(check, problem->owner)) {
		describe_renamed(check, problem);
		return;
	}
	/* podman uses this owner on purpose. */
	if (strcmp(problem->owner, FACTS_AUTO_OWNER) == 0 ||
	    !cure_quote_ascii(problem->owner, word))
		return;
	used = is_used(check, problem);
	causes_cure_as_root(&problem->cause, "%s revoke %s--no-account %s%s%s", PROGRAM,
			    check->prefix, used ? "--in-use " : "",
			    word[0] == '-' ? "-- " : "", word);
}

/* Writes a name with each byte that is not visible ASCII as \xNN. */
static void show_bytes(const char *name, char *out, size_t size)
{
	size_t n = 0;

	for (; *name && n + PRINTABLE_ESCAPE_BYTES < size; name++) {
		if (*name > ' ' && *name < 0x7f) {
			out[n++] = *name;
			continue;
		}
		printable_escape(*name, out + n);
		n += PRINTABLE_ESCAPE_BYTES;
	}
	out[n] = '\0';
}

static void describe_odd(struct check *check, const struct finding *finding,
			 struct problem *problem)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(CHECK_RANGES);
	char options[CURE_QUOTED_BYTES + 16], word[CURE_QUOTED_BYTES];
	const char *login = owner_guess_likely(&check->users, problem->owner);
	char shown[4 * CHECK_NAME_BYTES];
	struct entry entry;

	show_bytes(problem->owner, shown, sizeof(shown));
	if (login)
		causes_evidence(&problem->cause,
				_("no login has the name %s; likely %s is meant"), shown,
				login);
	else
		causes_evidence(&problem->cause, _("no login can have the name %s"),
				shown);
	if (entry_parse(finding->text, finding->text_len, &entry))
		return;
	if (login && cure_quote(login, word) &&
	    !check_is_refused(check, finding, entry.range, login)) {
		snprintf(options, sizeof(options), " --owner %s", word);
		check_cure_by_fix(check, finding, problem, options);
		return;
	}
	if (login)
		causes_add(&problem->cause, _("; its ids are not free"));
	if (range_set_add(&ids, entry.range) == 0)
		check_cure_by_revoke(check, problem, &ids);
}

/* The owner is the uid of one user and the login name of another. */
static void describe_ambiguous(const struct check *check, const struct finding *finding,
			       struct problem *problem)
{
	const struct accounts *users = &check->users;
	const struct accounts_owner found =
		accounts_by_owner(users, finding->owner, finding->owner_len);
	const struct accounts_item *by_uid = found.by_uid, *by_name = found.by_name;
	char options[CURE_QUOTED_BYTES + 16], word[CURE_QUOTED_BYTES];
	char name[CHECK_NAME_BYTES];

	if (!by_uid || !by_name)
		return;
	problem_copy_name(accounts_name(users, by_uid),
			  strlen(accounts_name(users, by_uid)), name);
	causes_evidence(&problem->cause,
			_("%s is the uid of %s and the login name of the user with the "
			  "uid %u: both can map these ids"),
			problem->owner, name, by_name->id);
	causes_add(&problem->cause,
		   _("; the command keeps them for the uid, and --owner %s for the login "
		     "name"),
		   problem->owner);
	if (cure_quote(name, word)) {
		snprintf(options, sizeof(options), " --owner %s", word);
		check_cure_by_fix(check, finding, problem, options);
	}
}

static void describe_spelling(const struct check *check, struct problem *problem)
{
	causes_evidence(&problem->cause,
			_("%s is another name for the user %s: programs that compare "
			  "names miss this line"),
			problem->owner, problem->other);
	causes_cure_as_root(&problem->cause, "%s rename %s--canonical", PROGRAM,
			    check->prefix);
}

/* Makes ` (uid 1001)` and ` on 2026-11-30`, as far as they are known. */
static void add_former(struct problem *problem, const struct former_owner *former)
{
	char date[FORMER_DATE_BYTES];

	if (former->name[0] != '\0')
		causes_add(&problem->cause, _(", formerly of %s"), former->name);
	if (former->uid != ID_NONE)
		causes_add(&problem->cause, _(" (uid %u)"), former->uid);
	if (former->epoch > 0)
		causes_add(&problem->cause, _(", since %s"),
			   former_date(former->epoch, date));
}

static void describe_retired(struct check *check, const struct finding *finding,
			     struct problem *problem)
{
	const struct kind *kind = problem->kind;
	struct former_owner former;
	char word[CURE_QUOTED_BYTES];

	former_find(&check->former, kind, problem->ids.start, problem->owner, &former);
	causes_evidence(&problem->cause, _("the %ss %" PRIu64 "-%" PRIu64 " are retired"),
			kind->id, problem->ids.start, problem->ids.end - 1);
	add_former(problem, &former);
	if (finding->code == FINDING_RETIRED) {
		causes_cure_as_root(&problem->cause,
				    "%s release %s%s --range %" PRIu64 "-%" PRIu64,
				    PROGRAM, check->prefix, cure_kind_option(kind),
				    problem->ids.start, problem->ids.end - 1);
		return;
	}
	causes_add(&problem->cause,
		   _("; but there is a user %s, to whom other programs give them"),
		   problem->owner);
	if (cure_quote(problem->owner, word) && former.name[0] != '\0')
		causes_cure(&problem->cause,
			    _("rename the user, with usermod -l NAME %s"), word);
}

/* Describes a finding about an owner. */
void check_describe_owner(struct check *check, const struct finding *finding,
			  struct problem *problem)
{
	if (finding->code == FINDING_RETIRED ||
	    finding->code == FINDING_RETIRED_ACCOUNT) {
		describe_retired(check, finding, problem);
		return;
	}
	if (finding->code == FINDING_NO_ACCOUNT)
		describe_no_account(check, problem);
	else if (finding->code == FINDING_OWNER_ODD)
		describe_odd(check, finding, problem);
	else if (finding->code == FINDING_AMBIGUOUS_OWNER)
		describe_ambiguous(check, finding, problem);
	else
		describe_spelling(check, problem);
}
