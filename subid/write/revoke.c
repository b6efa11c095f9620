// SPDX-License-Identifier: BSD-3-Clause
/*
 * revoke: takes all or some ranges from an owner, unless a process uses these ids.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/in-use.h"
#include "subid/verb/progress.h"
#include "subid/write/change.h"

struct revoke {
	struct change_options change;
	const char *user;
	bool all;
	bool as_name; /* an owner that is a uid and a login name is the login name */
	bool as_uid;  /* ... is the uid */
	bool if_held; /* succeed if there is nothing to revoke */
	bool in_use;  /* also revoke ids that processes use */
	bool nothing; /* the owner had none of the ids */
	struct range_set ranges; /* the ids to revoke */
	bool kinds[2];		 /* the databases to change */
	struct edit edit;
	struct owner owner;
};

static void revoke_cleanup(struct revoke *revoke)
{
	edit_cleanup(&revoke->edit);
	owner_cleanup(&revoke->owner);
	range_set_clear(&revoke->ranges);
}

static int take_revoked_range(void *target, const struct option_row *row,
			      const char *argument)
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

static int revoke_parse(int argc, char **argv, struct revoke *revoke)
{
	int r = verb_parse(&verb_revoke, argc, argv, revoke);

	if (r)
		return r;
	if (revoke->all && revoke->ranges.n > 0) {
		report_line(PROGRAM, _("--all and --range exclude each other"));
		return verb_misuse(&verb_revoke);
	}
	if (argc - optind != 1) {
		report_line(PROGRAM, _("one USER is required"));
		return verb_misuse(&verb_revoke);
	}
	revoke->user = argv[optind];
	return revoke->ranges.n ? 0 : take_all_ids(revoke);
}

/* Reports lines whose owner is the uid of one account and the login name of another. */
static void report_ambiguous(const struct revoke *revoke, size_t k, struct range range)
{
	const struct edit *edit = &revoke->edit;
	const struct owner *owner = &revoke->owner;
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

/* Finds other names of the owner; without an answer the lines are kept, or it fails. */
static int confirm_owner_names(struct revoke *revoke)
{
	const struct range_set *ranges = &revoke->ranges;
	struct edit *edit = &revoke->edit;
	size_t silent = 0;
	int r = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && edit->db.sides[k].loaded && i < ranges->n;
		     i++)
			r = edit_confirm_names(edit, kind_all[k], ranges->ranges[i],
					       &revoke->owner, &silent);
	owner_choose_digits(&revoke->owner, revoke->as_uid, revoke->as_name);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && edit->db.sides[k].loaded && i < ranges->n;
		     i++)
			report_ambiguous(revoke, k, ranges->ranges[i]);
	return r ? r : change_judge_silent(&revoke->change, silent);
}

/* Removes the ids from one database. *ret_any: the owner has some of them. */
static int revoke_ids(struct revoke *revoke, const struct in_use *in_use, size_t k,
		      bool *ret_any)
{
	struct edit *edit = &revoke->edit;
	int r = 0;

	for (size_t i = 0; r == 0 && i < revoke->ranges.n; i++) {
		struct range range = revoke->ranges.ranges[i];

		*ret_any |= range_set_overlaps(&in_use->ids[k], range);
		if (edit->db.sides[k].loaded)
			r = edit_tell_error(edit, db_revoke(&edit->db, kind_all[k],
							    &revoke->owner, range));
	}
	return r;
}

static int apply_revoke(struct revoke *revoke)
{
	CLEANUP(in_use_cleanup) struct in_use in_use = IN_USE;
	struct edit *edit = &revoke->edit;
	bool any = false;
	int r;

	r = edit_begin(edit, revoke->kinds);
	if (r == 0)
		r = confirm_owner_names(revoke);
	if (r == 0)
		r = in_use_begin(&in_use, edit, &revoke->owner);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = revoke_ids(revoke, &in_use, k, &any);
	/* Lines that grant nothing are not in @any, but they are removed, too. */
	if (r == 0)
		r = in_use_check(&in_use, edit, &revoke->owner, revoke->in_use);
	revoke->nothing = r == 0 && !any && !edit_changed(edit);
	return r;
}

static void record_revoke(const struct revoke *revoke, bool done)
{
	char text[CHANGE_TEXT_BYTES] = "revoke";
	size_t n = sizeof("revoke") - 1;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; revoke->kinds[k] && i < revoke->ranges.n; i++)
			n = change_describe(text, n, kind_all[k],
					    revoke->ranges.ranges[i]);
	edit_record(&revoke->edit, revoke->owner.account.name, text, done);
}

/* With --if-held a user who does not exist is not an error. */
static int revoke_find_owner(struct revoke *revoke)
{
	struct edit *edit = &revoke->edit;
	int r;

	r = revoke->change.no_account || revoke->if_held ?
		    edit_find_owner(edit, revoke->user, &revoke->owner) :
		    edit_find_user(edit, revoke->user, &revoke->owner);
	if (r == 0 && !revoke->change.no_account && !owner_has_account(&revoke->owner))
		return VERB_ENDED;
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (revoke->kinds[k])
			r = edit_find_names(edit, kind_all[k], revoke->ranges.ranges,
					    revoke->ranges.n, &revoke->owner);
	return r;
}

/* Reports, except with --if-held, that there was nothing to revoke. */
static int report_none_held(const struct revoke *revoke)
{
	const struct range *ranges = revoke->ranges.ranges;

	if (revoke->if_held)
		return VERB_DONE;
	if (range_count(ranges[0]) == ID_END)
		report_line(PROGRAM, _("%s has no subordinate ids"), revoke->user);
	else
		report_line(PROGRAM, _("%s has none of the ids %" PRIu64 "-%" PRIu64),
			    revoke->user, ranges[0].start,
			    ranges[revoke->ranges.n - 1].end - 1);
	return VERB_NONE;
}

static int revoke_work(struct revoke *revoke)
{
	bool to_record;
	int r = change_prepare(&revoke->edit, &verb_revoke, &revoke->change,
			       revoke->kinds);

	if (r == 0)
		r = revoke_find_owner(revoke);
	if (r)
		return r;
	r = change_finish(&revoke->edit, apply_revoke(revoke), &to_record);
	if (to_record)
		record_revoke(revoke, r == 0);
	return revoke->nothing ? report_none_held(revoke) : r;
}

static int revoke_run(int argc, char **argv)
{
	CLEANUP(revoke_cleanup)
	struct revoke revoke = { .ranges = RANGE_SET(SIZE_MAX), .edit = EDIT(PROGRAM) };
	int r = revoke_parse(argc, argv, &revoke);

	revoke.edit.if_there = true;
	return r ? r : revoke_work(&revoke);
}

static const struct option_row revoke_rows[] = {
	{ 0, "all", NULL, N_("all of them, which is the default"),
	  OPTION_INTO(struct revoke, all) },
	{ 0, "range", N_("FIRST-LAST"), N_("these ids; may be repeated"),
	  .take = take_revoked_range },
	{ 0, "if-held", NULL, N_("succeed if there are none"),
	  OPTION_INTO(struct revoke, if_held) },
	{ 0, "in-use", NULL, N_("also ids that processes use"),
	  OPTION_INTO(struct revoke, in_use) },
	{ 0, "as-uid", NULL, N_("digits are the uid, not the login name"),
	  OPTION_INTO(struct revoke, as_uid) },
	{ 0, "as-name", NULL, N_("digits are the login name, not the uid"),
	  OPTION_INTO(struct revoke, as_name) },
	{ .name = NULL },
};

static const struct option_group revoke_options[] = {
	{ revoke_rows, 0 },
	{ change_local_rows, offsetof(struct revoke, change) },
	{ change_rows, offsetof(struct revoke, change) },
	{ verb_root_rows, offsetof(struct revoke, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

const struct verb verb_revoke = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " revoke",
		.usage = N_("[OPTION]... USER"),
		.summary = N_("take ranges from a user"),
		.options = revoke_options,
		.page = "subid-grant(8)",
	},
	.run = revoke_run,
	.writes = true,
};
