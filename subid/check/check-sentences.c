// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-sentences: the message of each finding and the command that fixes it.
 *
 * MUST: a cure names a command only if that command fixes the finding.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/reserved.h"
#include "message/i18n.h"
#include "subid/check/check.h"
#include "subid/verb/kubelet-facts.h"

/* Collects the ranges of kubelet in one database: the owner is the one that
 * findings_find() takes for it. */
static int collect(const struct check *check, size_t k, struct range **ret_ranges,
		   struct kubelet_ranges *ret_side)
{
	CLEANUP(owner_table_cleanup)
	struct owner_table owners;
	const struct entry named = { .owner = KUBELET_USER,
				     .owner_len = strlen(KUBELET_USER) };
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t allocated = 0, n = 0;
	uint32_t kubelet, owner;
	int r;

	owner_table_init(&owners, &check->users);
	owners.spellings = &check->spellings;
	r = owner_table_put(&owners, &named, &kubelet);
	while (r == 0 && table_next(&check->sides[k].table, &cursor, &line)) {
		if (line.fault)
			continue;
		r = owner_table_put(&owners, &line.entry, &owner);
		if (r || owner != kubelet)
			continue;
		r = ARRAY_RESERVE(*ret_ranges, n, allocated);
		if (r == 0)
			(*ret_ranges)[n++] = line.entry.range;
	}
	*ret_side = (struct kubelet_ranges){ *ret_ranges, n };
	return r;
}

static void describe_kubelet_lines(struct check *check,
				   const struct kubelet_ranges sides[2],
				   struct problem *problem)
{
	struct account account;
	const struct kubelet_question question = {
		.sides = sides,
		.account = &account,
		.directory = check->place.directory,
		.place = check->place.image ? DB_ROOT : DB_LIVE,
	};
	struct facts_host host;
	struct facts facts = { .step = FACTS_KUBELET, .host = &host };

	account_set_text(&account, KUBELET_USER, strlen(KUBELET_USER));
	facts.kind = kubelet_gather(&question, &host);
	if (!facts.kind)
		return;
	host.prefix = check->prefix;
	host.no_account = !check_login(check, KUBELET_USER);
	causes_describe(&facts, CAUSE_KUBELET_RANGE, &problem->cause);
	/* Without an answer of the name service, it is not known whether kubelet is a
	 * user. */
	if (accounts_by_name(&check->unknown, KUBELET_USER, strlen(KUBELET_USER)))
		problem->cause.cure[0] = '\0';
}

/* The finding about lines of kubelet, in the words of `subid doctor --for kubelet`. */
static void describe_kubelet(struct check *check, struct problem *problem)
{
	struct range *ranges[2] = { NULL, NULL };
	struct kubelet_ranges sides[2];

	if (collect(check, 0, &ranges[0], &sides[0]) == 0 &&
	    collect(check, 1, &ranges[1], &sides[1]) == 0)
		describe_kubelet_lines(check, sides, problem);
	free(ranges[0]);
	free(ranges[1]);
}

/* Ranges that a message names. */
#define KEPT_MAX 4

/* Returns whether the name service may have an account with this name. */
static bool is_silent_about(const struct check *check, const char *owner)
{
	return accounts_by_name(&check->unknown, owner, strlen(owner));
}

/* Returns whether the right cure depends on a file that cannot be read or on an account
 * that is not known. */
static bool is_unknown(const struct check *check, const char *owner)
{
	return check->unreadable || is_silent_about(check, owner);
}

/* For a finding whose cure depends on an owner for whom is_unknown(). */
static void cure_by_waiting(const struct check *check, struct problem *problem,
			    const char *owner)
{
	if (is_silent_about(check, owner))
		causes_cure(&problem->cause,
			    _("repeat this when the name service answers: the command "
			      "depends on who %s is"),
			    owner);
	else
		causes_cure(
			&problem->cause,
			_("repeat this when all files can be read, perhaps as root: the "
			  "command depends on them"));
}

/* Reports what the owner that loses the ids keeps of the line. */
static void add_kept(const struct check *check, struct problem *problem)
{
	const struct range_set *kept = &check->kept;

	causes_add(&problem->cause, _("; %s loses them"), problem->owner);
	if (kept->n == 0)
		causes_add(&problem->cause, _(", and so all of the line"));
	for (size_t i = 0; i < kept->n && i < KEPT_MAX; i++)
		causes_add(&problem->cause,
			   i ? ", %" PRIu64 "-%" PRIu64 :
			       _(", and keeps of the line %" PRIu64 "-%" PRIu64),
			   kept->ranges[i].start, kept->ranges[i].end - 1);
	if (kept->n > KEPT_MAX)
		causes_add(&problem->cause, ", ...");
}

/* `subid revoke` for the ids of the finding. */
static void cure_by_revoke(struct check *check, struct problem *problem)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(CHECK_RANGES);

	if (range_set_add(&ids, problem->ids) == 0)
		check_cure_by_revoke(check, problem, &ids);
}

static void describe_overlap(struct check *check, struct problem *problem)
{
	causes_evidence(
		&problem->cause,
		_("%s and %s (line %" PRIu64 ") both have the %ss %" PRIu64 "-%" PRIu64),
		problem->owner, problem->other, problem->other_line, problem->kind->id,
		problem->ids.start, problem->ids.end - 1);
	/* Overlaps with root are usually intended. */
	if (problem->severity == FINDING_NOTE)
		return;
	if (is_unknown(check, problem->owner) || is_unknown(check, problem->other)) {
		cure_by_waiting(check, problem,
				is_unknown(check, problem->owner) ? problem->owner :
								    problem->other);
		return;
	}
	add_kept(check, problem);
	cure_by_revoke(check, problem);
}

/* Whether the owner is known without the name service, which --fix does not ask. */
static bool is_local_user(const struct check *check, const char *owner)
{
	const struct accounts_owner found =
		accounts_by_owner(&check->users, owner, strlen(owner));
	const struct accounts_item *user = found.digits ? found.by_uid : found.by_name;

	if (found.digits && found.by_name)
		return false;
	return user && (size_t)(user - check->users.items) < check->n_local;
}

/* Digits that are the uid of one user and the login name of another. */
static bool means_two_users(const struct check *check, const char *owner)
{
	return accounts_are_two(accounts_by_owner(&check->users, owner, strlen(owner)));
}

static void describe_own_overlap(const struct check *check, const struct finding *finding,
				 struct problem *problem)
{
	causes_evidence(&problem->cause,
			_("line %" PRIu64 " gives %s the %ss %" PRIu64 "-%" PRIu64
			  " already; container engines fail on that"),
			problem->other_line, problem->owner, problem->kind->id,
			problem->ids.start, problem->ids.end - 1);
	/* The finding about such digits has a command that ends this one, too. */
	if (means_two_users(check, problem->owner) ||
	    means_two_users(check, problem->other))
		return;
	if (strcmp(problem->owner, problem->other) == 0 ||
	    (is_local_user(check, problem->owner) &&
	     is_local_user(check, problem->other)))
		causes_cure_as_root(&problem->cause, "%s check %s--fix", PROGRAM,
				    check->prefix);
	else
		check_cure_by_fix(check, finding, problem, "");
}

/* Describes accounts whose ids a range contains. Some have no known name. */
static void describe_account(const struct finding *finding, struct problem *problem)
{
	uint64_t first = problem->ids.start, last = problem->ids.end - 1;
	const char *id = problem->kind->id, *owner = problem->owner;

	if (problem->other[0] == '\0')
		causes_evidence(&problem->cause,
				_("the range of %s holds %ss of accounts: the first is "
				  "%" PRIu64 ", the last %" PRIu64),
				owner, id, first, last);
	else if (finding->primary && first == last)
		causes_evidence(
			&problem->cause,
			_("the range of %s holds %" PRIu64 ", the primary gid of %s"),
			owner, first, problem->other);
	else if (first == last)
		causes_evidence(&problem->cause,
				_("the range of %s holds %" PRIu64 ", the %s of %s"),
				owner, first, id, problem->other);
	else if (finding->primary)
		causes_evidence(&problem->cause,
				_("the range of %s holds gids of accounts: the first is "
				  "%" PRIu64
				  ", the primary gid of %s, the last %" PRIu64),
				owner, first, problem->other, last);
	else
		causes_evidence(&problem->cause,
				_("the range of %s holds %ss of accounts: the first is "
				  "%" PRIu64 " of %s, the last %" PRIu64),
				owner, id, first, problem->other, last);
}

/* Adds the ids of the accounts that are in the range; not the owner's own, nor root's. */
static int add_account_ids(const struct check *check, const struct accounts *accounts,
			   const struct problem *problem, struct range_set *ids)
{
	const char *login = check_login(check, problem->owner);
	const struct accounts_item *user =
		login ? accounts_by_name(&check->users, login, strlen(login)) : NULL;
	uint64_t own = !user ? ID_NONE : problem->kind->group ? user->gid : user->id;
	int r = 0;

	for (size_t i = accounts_lower_bound(accounts, problem->ids.start);
	     r == 0 && i < accounts->sorted &&
	     accounts_at(accounts, i)->id < problem->ids.end;
	     i++) {
		uint64_t id = accounts_at(accounts, i)->id;

		if (id != own && id != 0)
			r = range_set_add(ids, (struct range){ id, id + 1 });
	}
	return r;
}

/* `subid revoke` for the ids of accounts in the range, and no id between them. */
static void cure_account(struct check *check, struct problem *problem)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(CHECK_RANGES);
	bool group = problem->kind->group;
	int r = add_account_ids(check, group ? &check->groups : &check->users, problem,
				&ids);

	/* The ids that one command has no room for are found by the next check. */
	if (r == 0 && group)
		r = add_account_ids(check, &check->primary, problem, &ids);
	if (r >= 0 && ids.n > 0)
		check_cure_by_revoke(check, problem, &ids);
}

static void describe_ids(struct check *check, const struct finding *finding,
			 struct problem *problem)
{
	const char *id = problem->kind->id, *owner = problem->owner;

	if (finding->code == FINDING_ID_ZERO)
		causes_evidence(&problem->cause,
				_("the range of %s holds 0, the %s of root"), owner, id);
	else if (finding->code == FINDING_NO_ID)
		causes_evidence(&problem->cause,
				_("the range of %s holds 4294967295, which is no id: "
				  "no mapping can contain it"),
				owner);
	else if (finding->code == FINDING_OWN_ID)
		causes_evidence(&problem->cause,
				_("the range of %s holds its own %s, %" PRIu64), owner,
				id, problem->ids.start);
	else
		describe_account(finding, problem);
	if (problem->severity == FINDING_NOTE)
		return;
	if (is_unknown(check, owner))
		cure_by_waiting(check, problem, owner);
	else if (finding->code == FINDING_ACCOUNT)
		cure_account(check, problem);
	else
		cure_by_revoke(check, problem);
}

/* No cure: root granted these ids, perhaps on purpose. */
static void describe_reserved(struct problem *problem)
{
	const struct reserved *reserved = reserved_find((uint32_t)problem->ids.start);

	causes_evidence(&problem->cause,
			_("the range of %s holds the %ss %" PRIu64 "-%" PRIu64
			  ", which are reserved: %s"),
			problem->owner, problem->kind->id, problem->ids.start,
			problem->ids.end - 1, reserved ? _(reserved->what) : "");
}

static void describe_sides(const struct check *check, const struct finding *finding,
			   struct problem *problem)
{
	const struct kind *other = kind_all[!problem->kind->group];
	char login[CURE_QUOTED_BYTES];
	bool account = check_quote_login(check, problem->owner, login);
	const char *twin = check_misspelt(check, problem->owner);

	if (finding->code == FINDING_ONE_SIDE)
		causes_evidence(
			&problem->cause,
			_("%s has %ss and no %ss, so no container can run with them"),
			problem->owner, problem->kind->id, other->id);
	else
		causes_evidence(&problem->cause,
				_("%s has other %ss than %ss, as %" PRIu64 "-%" PRIu64),
				problem->owner, problem->kind->id, other->id,
				problem->ids.start, problem->ids.end - 1);
	if (twin)
		causes_add(&problem->cause, _("; %s has these %ss, see [no-account]"),
			   twin, other->id);
	else if (is_unknown(check, problem->owner))
		cure_by_waiting(check, problem, problem->owner);
	else if (!account && (strcmp(problem->owner, FACTS_AUTO_OWNER) != 0 ||
			      !cure_quote(problem->owner, login)))
		return;
	else if (!range_set_overlaps(&check->taken[other->group], problem->ids))
		causes_cure_as_root(&problem->cause,
				    "%s grant %s%s%s --range %" PRIu64 "-%" PRIu64 " %s",
				    PROGRAM, check->prefix, cure_kind_option(other),
				    account ? "" : " --no-account", problem->ids.start,
				    problem->ids.end - 1, login);
	else if (finding->code == FINDING_ONE_SIDE)
		causes_cure_as_root(&problem->cause, "%s grant %s%s%s --if-missing %s",
				    PROGRAM, check->prefix, cure_kind_option(other),
				    account ? "" : " --no-account", login);
	else
		/* `grant` would not make the two databases equal. */
		causes_add(&problem->cause, _("; these %ss are not free"), other->id);
}

static void describe_text(const struct check *check, const struct finding *finding,
			  struct problem *problem)
{
	if (finding->code == FINDING_DUPLICATE)
		causes_evidence(&problem->cause, _("the same line as line %" PRIu64),
				problem->other_line);
	else
		causes_evidence(&problem->cause,
				_("the last line has no newline: some programs "
				  "then refuse the whole file"));
	causes_cure_as_root(&problem->cause, "%s check %s--fix", PROGRAM, check->prefix);
}

/* Describes a finding in the lines. */
void check_describe(struct check *check, const struct finding *finding,
		    struct problem *problem)
{
	*problem = (struct problem){
		.severity = finding->severity,
		.code = finding_code_name(finding->code),
		.kind = finding->kind,
		.path = check->sides[finding->kind->group].path,
		.line = finding->line,
		.other_line = finding->other_line,
		.ids = finding->ids,
	};
	problem_copy_name(finding->owner, finding->owner_len, problem->owner);
	if (finding->other)
		problem_copy_name(finding->other, finding->other_len, problem->other);

	if (finding->fault && finding->code <= FINDING_READ_DIFFERENTLY)
		check_describe_malformed(check, finding, problem);
	else if (finding->code == FINDING_OVERLAP)
		describe_overlap(check, problem);
	else if (finding->code == FINDING_OWN_OVERLAP)
		describe_own_overlap(check, finding, problem);
	else if (finding->code == FINDING_NO_ACCOUNT ||
		 finding->code == FINDING_RETIRED ||
		 finding->code == FINDING_RETIRED_ACCOUNT ||
		 finding->code == FINDING_AMBIGUOUS_OWNER ||
		 finding->code == FINDING_SPELLING || finding->code == FINDING_OWNER_ODD)
		check_describe_owner(check, finding, problem);
	else if (finding->code == FINDING_KUBELET_RANGE)
		describe_kubelet(check, problem);
	else if (finding->code == FINDING_RESERVED)
		describe_reserved(problem);
	else if (finding->code == FINDING_ONE_SIDE ||
		 finding->code == FINDING_SIDES_DIFFER)
		describe_sides(check, finding, problem);
	else if (finding->code == FINDING_DUPLICATE ||
		 finding->code == FINDING_NO_FINAL_NEWLINE)
		describe_text(check, finding, problem);
	else
		describe_ids(check, finding, problem);
}
