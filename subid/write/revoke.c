// SPDX-License-Identifier: BSD-3-Clause
/*
 * revoke: takes all or some ranges from users, unless a process uses these ids. They are
 * free then or, with `subid retire` or by the policy, retired.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/write/revoke.h"

static void revoke_cleanup(struct revoke *revoke)
{
	edit_cleanup(&revoke->edit);
	for (size_t i = 0; i < revoke->n_users; i++) {
		owner_cleanup(&revoke->users[i].owner);
		in_use_cleanup(&revoke->users[i].in_use);
	}
	free(revoke->users);
	range_set_clear(&revoke->ranges);
	retired_cleanup(&revoke->retired);
}

int revoke_take_range(void *target, const struct option_row *row, const char *argument)
{
	struct revoke *revoke = target;
	struct range range;
	int r = option_take_range(PROGRAM, row, argument, &range);

	if (r)
		return r;
	r = range_set_add(&revoke->ranges, range);
	return r ? verb_fail(-r) : 0;
}

static int take_all_ids(struct revoke *revoke)
{
	int r = range_set_add(&revoke->ranges, (struct range){ 0, ID_END });

	return r ? verb_fail(-r) : 0;
}

static int take_users(struct revoke *revoke, char **names, size_t n)
{
	revoke->users = calloc(n + 1, sizeof(*revoke->users));
	if (!revoke->users)
		return verb_fail(ENOMEM);
	revoke->n_named = n;
	for (; revoke->n_users < n; revoke->n_users++)
		revoke->users[revoke->n_users] = (struct revoke_user){
			.name = names[revoke->n_users],
			.in_use = IN_USE,
		};
	return 0;
}

static int revoke_parse(int argc, char **argv, struct revoke *revoke)
{
	int r = verb_parse(revoke->verb, argc, argv, revoke);

	if (r)
		return r;
	if (revoke->all && revoke->ranges.n > 0) {
		report_line(PROGRAM, _("--all and --range exclude each other"));
		return verb_misuse(revoke->verb);
	}
	if (optind == argc && !(revoke->takes_any && revoke->ranges.n > 0)) {
		report_line(PROGRAM, revoke->takes_any ?
					     _("a USER or --range is required") :
					     _("a USER is required"));
		return verb_misuse(revoke->verb);
	}
	r = take_users(revoke, argv + optind, (size_t)(argc - optind));
	return r || revoke->ranges.n ? r : take_all_ids(revoke);
}

/* Reports lines whose owner is the uid of one account and the login name of another. */
static void report_ambiguous(const struct edit *edit, const struct owner *owner, size_t k,
			     struct range range)
{
	struct table_near near = { .next = 0 };

	while (table_next_in_force(&edit->db.sides[k].table, range, &near)) {
		const struct entry *entry = &near.reading->entry;

		if (owner_is_digits(owner, entry->owner, entry->owner_len) &&
		    !owner_is_text(owner, entry->owner, entry->owner_len))
			report_line(PROGRAM,
				    _("note: %s/%s:%" PRIu64 " is left: %.*s is the uid "
				      "of one user and the login name of another; "
				      "--as-uid and --as-name say which one is meant"),
				    edit->directory, kind_all[k]->database,
				    near.line.number, (int)entry->owner_len,
				    entry->owner);
	}
}

/* Finds other names of a user; without an answer the lines are kept, or it fails. */
static int confirm_names(struct revoke *revoke, struct revoke_user *user)
{
	const struct range_set *ranges = &revoke->ranges;
	struct edit *edit = &revoke->edit;
	size_t silent = 0;
	int r = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && edit->db.sides[k].loaded && i < ranges->n;
		     i++)
			r = edit_confirm_names(edit, kind_all[k], ranges->ranges[i],
					       &user->owner, &silent);
	owner_choose_digits(&user->owner, revoke->as_uid, revoke->as_name);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && edit->db.sides[k].loaded && i < ranges->n;
		     i++)
			report_ambiguous(edit, &user->owner, k, ranges->ranges[i]);
	return r ? r : change_judge_silent(&revoke->change, silent);
}

/* Removes the ids from the user's lines, or retires them. */
static int take_ids(struct revoke *revoke, struct revoke_user *user,
		    const struct kind *kind, struct range range)
{
	const struct account *account = &user->owner.account;
	struct db *db = &revoke->edit.db;

	if (!revoke->retires)
		return db_revoke(db, kind, &user->owner, range);
	if (entry_owner_is_retired(account->name, account->name_len))
		return 0;
	return retired_take(db, kind, &user->owner, range, &revoke->retired);
}

/* Removes the ids from one database. *ret_any: the user has some of them. */
static int revoke_ids(struct revoke *revoke, struct revoke_user *user, size_t k,
		      bool *ret_any)
{
	struct edit *edit = &revoke->edit;
	int r = 0;

	for (size_t i = 0; r == 0 && i < revoke->ranges.n; i++) {
		struct range range = revoke->ranges.ranges[i];

		*ret_any |= range_set_overlaps(&user->in_use.ids[k], range);
		if (edit->db.sides[k].loaded)
			r = edit_tell_error(edit,
					    take_ids(revoke, user, kind_all[k], range));
	}
	return r;
}

static int revoke_from(struct revoke *revoke, struct revoke_user *user)
{
	struct edit *edit = &revoke->edit;
	bool any = false;
	int r = confirm_names(revoke, user);

	if (r == 0)
		r = in_use_begin(&user->in_use, edit, &user->owner);
	for (size_t k = 0; r == 0 && k < 2; k++) {
		struct table *table = &edit->db.sides[k].table;
		bool before = table->changed;

		table->changed = false;
		r = revoke_ids(revoke, user, k, &any);
		/* Lines that grant nothing are not in @any, but they are removed, too. */
		any |= table->changed;
		table->changed |= before;
	}
	if (r == 0)
		r = in_use_check(&user->in_use, edit, &user->owner, revoke->in_use);
	user->nothing = r == 0 && !any;
	return r;
}

/* Reports, except with --if-held, that a user has nothing to revoke. */
static int report_none_held(const struct revoke *revoke, const struct revoke_user *user)
{
	const struct range *ranges = revoke->ranges.ranges;
	bool all = range_count(ranges[0]) == ID_END;

	if (revoke->if_held || (all && retire_report_retired(revoke, user)))
		return revoke->if_held ? VERB_DONE : VERB_NONE;
	if (all)
		report_line(PROGRAM, _("%s has no subordinate ids"), user->name);
	else
		report_line(PROGRAM, _("%s has none of the ids %" PRIu64 "-%" PRIu64),
			    user->name, ranges[0].start,
			    ranges[revoke->ranges.n - 1].end - 1);
	return VERB_NONE;
}

/* Says that an error about one of several users holds for all. Returns @r. */
static int report_unchanged(const struct revoke *revoke, int r)
{
	if (r && revoke->n_users > 1)
		report_line(PROGRAM, _("nothing is changed"));
	return r;
}

static int apply_revoke(struct revoke *revoke)
{
	int status = 0, r = edit_begin(&revoke->edit, revoke->kinds);

	if (r == 0)
		r = retire_by_policy(revoke);
	if (r == 0 && revoke->n_users == 0)
		r = retire_find_owners(revoke);
	for (size_t i = 0; r == 0 && i < revoke->n_users; i++)
		if (!revoke->users[i].skipped)
			r = revoke_from(revoke, &revoke->users[i]);
	for (size_t i = 0; r == 0 && i < revoke->n_users; i++)
		if (revoke->users[i].nothing)
			status |= report_none_held(revoke, &revoke->users[i]);
	if (r == 0 && status == 0 && revoke->n_named == 0)
		r = retire_put_free(revoke);
	if (r == 0 && status == 0 && revoke->retires)
		r = retire_write_records(&revoke->edit, &revoke->retired);
	if (r == 0 && status == 0 && *revoke->rule)
		report_line(PROGRAM,
			    _("note: by %s the ids are retired; --free frees them"),
			    revoke->rule);
	return r ? r : status;
}

/* Writes `WORD uids=5-6 gids=5-6`. */
void revoke_describe(const struct revoke *revoke, const char *word,
		     char text[static CHANGE_TEXT_BYTES])
{
	size_t n = (size_t)snprintf(text, CHANGE_TEXT_BYTES, "%s", word);

	for (size_t k = 0; k < 2; k++)
		for (size_t j = 0; revoke->kinds[k] && j < revoke->ranges.n; j++)
			n = change_describe(text, n, kind_all[k],
					    revoke->ranges.ranges[j]);
}

/* Describes what was taken from one user. Returns the login name; NULL: nothing. */
static const char *describe_revoke(size_t i, char text[static CHANGE_TEXT_BYTES],
				   const void *context)
{
	const struct revoke *revoke = context;
	const struct revoke_user *user = &revoke->users[i];

	if (user->skipped || user->nothing)
		return NULL;
	revoke_describe(revoke, revoke->retires ? "retire" : "revoke", text);
	return user->owner.account.name;
}

static void record_revoke(const struct revoke *revoke, bool done)
{
	char text[CHANGE_TEXT_BYTES];

	if (revoke->n_named == 0) {
		revoke_describe(revoke, "retire", text);
		edit_record(&revoke->edit, NULL, text, done);
		return;
	}
	for (size_t i = 0; i < revoke->n_users; i++) {
		const char *name = describe_revoke(i, text, revoke);

		if (name)
			edit_record(&revoke->edit, name, text, done);
	}
}

static bool is_user_again(const struct owner *a, const struct owner *b)
{
	return owner_has_account(a) && owner_has_account(b) ?
		       a->account.uid == b->account.uid :
		       strcmp(a->account.name, b->account.name) == 0;
}

/* Whether an earlier word of the command line is the same user. */
static bool is_repeated(const struct revoke *revoke, const struct revoke_user *user)
{
	for (const struct revoke_user *other = revoke->users; other < user; other++)
		if (is_user_again(&other->owner, &user->owner))
			return true;
	return false;
}

/* With --if-held a user who does not exist is not an error. */
static int find_revoked(struct revoke *revoke, struct revoke_user *user)
{
	struct edit *edit = &revoke->edit;
	int r;

	r = revoke->change.no_account || revoke->if_held ?
		    edit_find_owner(edit, user->name, &user->owner) :
		    edit_find_user(edit, user->name, &user->owner);
	if (r)
		return r;
	if (revoke->retires)
		retire_find_uid(edit, &user->owner);
	user->skipped =
		(!revoke->change.no_account && !owner_has_account(&user->owner)) ||
		is_repeated(revoke, user);
	for (size_t k = 0; r == 0 && !user->skipped && k < 2; k++)
		if (revoke->kinds[k])
			r = edit_find_names(edit, kind_all[k], revoke->ranges.ranges,
					    revoke->ranges.n, &user->owner);
	return r;
}

/*
 * Looks up all users, before the locks are taken. Returns 0 or an exit status; VERB_ENDED
 * if there is nothing to revoke and to show.
 */
static int find_all_revoked(struct revoke *revoke)
{
	bool all_skipped = true;
	int result = 0;

	for (size_t i = 0; i < revoke->n_users; i++) {
		int r = find_revoked(revoke, &revoke->users[i]);

		result = result ? result : r;
		all_skipped &= revoke->users[i].skipped;
	}
	if (result || !all_skipped || revoke->n_named == 0 ||
	    revoke->edit.form == EDIT_JSON)
		return result;
	return VERB_ENDED;
}

static int show_revoke(struct revoke *revoke)
{
	const struct edit_reasons reasons = { revoke->retires ? "retired" : "revoked",
					      "not-held" };
	CLEANUP(owner_set_cleanup) struct owner_set people = { 0 };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < revoke->n_users; i++)
		r = owner_set_add_owner(&people, &revoke->users[i].owner);
	r = edit_tell_error(&revoke->edit, r < 0 ? r : 0);
	return r ? r : change_show(&revoke->edit, &people, edit_reason, &reasons);
}

static int revoke_work(struct revoke *revoke)
{
	bool to_record;
	int r = change_prepare(&revoke->edit, revoke->verb, &revoke->change,
			       revoke->kinds);

	if (r)
		return r;
	r = find_all_revoked(revoke);
	if (r)
		return r == VERB_ENDED ? r : report_unchanged(revoke, r);
	r = edit_finish(&revoke->edit, apply_revoke(revoke), &to_record);
	if (r == VERB_NONE)
		return report_unchanged(revoke, r);
	if (to_record)
		record_revoke(revoke, r == 0);
	return r ? r : show_revoke(revoke);
}

/* Runs `subid revoke`, or with @retires `subid retire`. */
int revoke_run_verb(const struct verb *verb, bool retires, int argc, char **argv)
{
	CLEANUP(revoke_cleanup)
	struct revoke revoke = { .verb = verb,
				 .retires = retires,
				 .takes_any = retires,
				 .ranges = RANGE_SET(SIZE_MAX),
				 .edit = EDIT(PROGRAM) };
	int r = revoke_parse(argc, argv, &revoke);

	revoke.retired.epoch = retired_clock();
	revoke.retired.note = verb_word(verb);
	revoke.edit.change = retires ? EDIT_RETIRES : EDIT_REMOVES;
	revoke.edit.if_there = true;
	return r ? r : revoke_work(&revoke);
}

static int revoke_run(int argc, char **argv)
{
	return revoke_run_verb(&verb_revoke, false, argc, argv);
}

const struct option_row revoke_rows[] = {
	{ 0, "all", NULL, N_("all of them, which is the default"),
	  OPTION_INTO(struct revoke, all) },
	{ 0, "range", N_("FIRST-LAST"), N_("these ids; may be repeated"),
	  .take = revoke_take_range, .completes = COMPLETE_RANGES },
	{ 0, "if-held", NULL, N_("succeed also if the user has none"),
	  OPTION_INTO(struct revoke, if_held) },
	{ 0, "in-use", NULL, N_("also ids that processes use"),
	  OPTION_INTO(struct revoke, in_use) },
	{ 0, "as-uid", NULL, N_("digits are the uid, not the login name"),
	  OPTION_INTO(struct revoke, as_uid) },
	{ 0, "as-name", NULL, N_("digits are the login name, not the uid"),
	  OPTION_INTO(struct revoke, as_name) },
	{ .name = NULL },
};

static const struct option_row revoke_free_rows[] = {
	{ 0, "free", NULL, N_("free the ids, also if the policy retires them"),
	  OPTION_INTO(struct revoke, frees) },
	{ .name = NULL },
};

static const struct option_group revoke_options[] = {
	{ revoke_rows, 0 },
	{ revoke_free_rows, 0 },
	{ change_local_rows, offsetof(struct revoke, change) },
	{ change_account_rows, offsetof(struct revoke, change) },
	{ change_rows, offsetof(struct revoke, change) },
	{ verb_root_rows, offsetof(struct revoke, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row revoke_examples[] = {
	{ "subid revoke bob --dry-run", N_("show what bob would lose") },
	{ "subid revoke bob", N_("remove all ranges") },
	{ "subid revoke --range 200000-200999 bob", N_("remove these ids") },
	{ .term = NULL },
};

const struct verb verb_revoke = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " revoke",
		.usage = N_("[OPTION]... USER..."),
		.summary = N_("Remove ranges of users"),
		.options = revoke_options,
		.arguments = { COMPLETE_OWNERS, COMPLETE_OWNERS },
		.examples = revoke_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_WRITE | VERB_EXIT(VERB_NONE) | VERB_EXIT(VERB_BUSY),
		.page = "subid-grant(8)",
	},
	.run = revoke_run,
	.writes = true,
};
