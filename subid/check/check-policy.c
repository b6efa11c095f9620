// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-policy: compares the lines of the databases with the rules of subid.d(5).
 */
#include <inttypes.h>
#include <string.h>

#include "command/policy-report.h"
#include "explain/causes.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

/* Returns whether a name of a rule is that of the user, or the owner as it is written. */
static bool is_owner_named(const struct check *check, struct policy_word word,
			   const char *owner, size_t len)
{
	struct accounts_owner of_line = accounts_by_owner(&check->users, owner, len);
	const struct accounts_item *named =
		accounts_by_name(&check->users, word.text, word.len);

	if (policy_word_is(word, owner, len))
		return true;
	return named && ((of_line.by_name && of_line.by_name->id == named->id) ||
			 (of_line.by_uid && of_line.by_uid->id == named->id));
}

/* The owner of a line, for the rules. */
struct line_owner {
	const struct check *check;
	const char *text;
	size_t len;
};

static bool line_owner_is_named(void *context, struct policy_word name)
{
	const struct line_owner *owner = context;

	return is_owner_named(owner->check, name, owner->text, owner->len);
}

static bool may_owners_share(const struct check *check, const struct finding *finding)
{
	struct line_owner owner = { check, finding->owner, finding->owner_len };
	struct line_owner other = { check, finding->other, finding->other_len };

	return policy_may_share(&check->site.files.policy,
				&(struct policy_name){ line_owner_is_named, &owner },
				&(struct policy_name){ line_owner_is_named, &other });
}

static bool may_lack_account(const struct check *check, const struct finding *finding)
{
	const struct policy *policy = &check->site.files.policy;

	for (size_t i = 0; i < policy->n_owners; i++)
		if (policy_word_is(policy->owners[i].name, finding->owner,
				   finding->owner_len))
			return true;
	return false;
}

/* Returns whether a rule says that what was found is on purpose. */
bool check_is_declared(const struct check *check, const struct finding *finding)
{
	if (check->site.wrong)
		return false;
	switch ((int)finding->code) {
	case FINDING_OVERLAP:
		return finding->other && may_owners_share(check, finding);
	case FINDING_NO_ACCOUNT:
		return may_lack_account(check, finding);
	default:
		return false;
	}
}

/* Finds the account of a line's owner. Returns false if there is none. */
static bool account_of_line(const struct check *check, const struct entry *entry,
			    struct account *ret_account)
{
	struct accounts_owner owner =
		accounts_by_owner(&check->users, entry->owner, entry->owner_len);
	const struct accounts_item *item = owner.by_uid ? owner.by_uid : owner.by_name;
	const char *name;

	if (!item)
		return false;
	name = accounts_name(&check->users, item);
	account_set(ret_account, name, strlen(name), item->id, item->gid);
	return true;
}

/* One line and the rule about its owner. */
struct assigned_line {
	const struct entry *entry;
	const struct policy_assign *assign; /* NULL: the owner has no pool */
	const struct policy_pool *pool;	    /* that of the owner, or one of the ids */
	struct range place;		    /* where the ids should be; end 0: unknown */
};

/* Returns whether a rule lets the owner share ids with others. */
static bool shares_any(const struct check *check, const struct entry *entry)
{
	const struct policy *policy = &check->site.files.policy;

	for (size_t i = 0; i < policy->n_shares; i++)
		if (is_owner_named(check, policy->shares[i].owner, entry->owner,
				   entry->owner_len))
			return true;
	return false;
}

/* Returns whether the line is where the rules put its owner. */
static bool is_as_assigned(const struct check *check, struct assigned_line *line,
			   uint32_t uid)
{
	const struct policy *policy = &check->site.files.policy;
	struct range ids = line->entry->range;

	if (!line->assign) {
		line->pool = policy_pool_in(policy, ids);
		return !line->pool || shares_any(check, line->entry);
	}
	line->pool = &policy->pools[line->assign->pool];
	line->place = line->pool->ids;
	if (line->assign->by_uid &&
	    policy_place_by_uid(policy, line->assign, uid, &line->place))
		line->place.end = 0;
	return line->place.start <= ids.start && ids.end <= line->place.end;
}

static void describe_assigned(const struct check *check, const struct assigned_line *line,
			      struct problem *problem)
{
	struct range ids = line->entry->range;
	int len = (int)line->pool->name.len;
	const char *pool = line->pool->name.text;
	char where[POLICY_PLACE_BYTES];

	policy_place_text(&check->site.files, check->options.root,
			  line->assign ? line->assign->place : line->pool->place, where);
	if (!line->assign)
		causes_add(&problem->cause,
			   _("%ss %" PRIu64 "-%" PRIu64
			     " of %s are of pool '%.*s' (%s), which is for other users"),
			   problem->kind->id, ids.start, ids.end - 1, problem->owner, len,
			   pool, where);
	else if (line->place.end > 0)
		causes_add(&problem->cause,
			   _("%s has %ss %" PRIu64 "-%" PRIu64
			     ", but should have ids of %" PRIu64 "-%" PRIu64
			     ", of pool '%.*s' (%s)"),
			   problem->owner, problem->kind->id, ids.start, ids.end - 1,
			   line->place.start, line->place.end - 1, len, pool, where);
	else
		causes_add(&problem->cause,
			   _("%s has no place in pool '%.*s', which %s assigns"),
			   problem->owner, len, pool, where);
}

static int check_assigned(struct check *check, const struct check_side *side,
			  const struct table_line *text)
{
	const struct entry *entry = &text->entry;
	struct assigned_line line = { .entry = entry };
	struct problem problem =
		problem_of(CHECK_NOT_AS_ASSIGNED, side->kind, side->path);
	struct account account = { .uid = ID_NONE };
	struct line_owner owner = { check, entry->owner, entry->owner_len };
	const struct site_user user = {
		.account = account_of_line(check, entry, &account) ? &account : NULL,
		.uid = entry->by_id ? entry->owner_id : ID_NONE,
		.is_named = line_owner_is_named,
		.context = &owner,
	};
	int r;

	/* Rules are about uids and groups, which are not known. */
	if (entry_owner_is_retired(entry->owner, entry->owner_len) ||
	    accounts_by_name(&check->unknown, entry->owner, entry->owner_len))
		return 0;
	r = site_resolve(&check->site, &user, &line.assign);
	if (r) {
		check->unreadable = true;
		return 0;
	}
	if (is_as_assigned(check, &line, user.account ? account.uid : user.uid))
		return 0;
	problem.line = text->number;
	problem.ids = entry->range;
	problem_copy_name(entry->owner, entry->owner_len, problem.owner);
	describe_assigned(check, &line, &problem);
	return check_report(check, &problem);
}

/* Reports lines that the rules would give to others. Returns 0 or an exit status. */
int check_policy(struct check *check)
{
	int r = 0;

	if (check->site.wrong)
		check->unreadable = true;
	if (check->site.wrong || check->site.files.policy.n_pools == 0)
		return 0;
	for (size_t k = 0; r == 0 && k < 2; k++) {
		struct table_cursor cursor = { 0 };
		struct table_line line;

		while (check->sides[k].readable && r == 0 &&
		       table_next(&check->sides[k].table, &cursor, &line))
			if (line.fault == 0)
				r = check_assigned(check, &check->sides[k], &line);
	}
	return r;
}
