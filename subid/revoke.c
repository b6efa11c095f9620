// SPDX-License-Identifier: BSD-3-Clause
/*
 * revoke: takes ranges from an owner, all or some, unless a process uses these ids.
 */
#include <stdio.h>

#include "common/i18n.h"
#include "common/report.h"
#include "common/show.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "subid/change.h"
#include "subid/in-use.h"
#include "subid/progress.h"

enum {
	OPTION_ALL = CHANGE_OWN,
	OPTION_IN_USE,
	OPTION_RANGE,
};

static const struct kind *const all_kinds[] = { &kind_uid, &kind_gid };

struct revoke {
	struct change_options change;
	const char *user;
	bool all;
	bool in_use;	    /* also what processes use */
	struct range range; /* what is taken */
	bool kinds[2];	    /* from which databases */
	struct edit edit;
	struct owner owner;
};

static void revoke_cleanup(struct revoke *revoke)
{
	edit_cleanup(&revoke->edit);
	owner_cleanup(&revoke->owner);
}

static int take_range(struct revoke *revoke)
{
	if (range_parse(optarg, &revoke->range) == 0)
		return VERB_GO;
	report_line(PROGRAM, _("--range: '%s' is no range FIRST-LAST"), optarg);
	return verb_misuse(&verb_revoke);
}

static int parse(int argc, char **argv, struct revoke *revoke)
{
	static const struct option long_options[] = {
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "in-use", no_argument, NULL, OPTION_IN_USE },
		{ "range", required_argument, NULL, OPTION_RANGE },
		CHANGE_LONG,
	};
	int option, r = VERB_GO;

	while (r == VERB_GO && (option = getopt_long(argc, argv, CHANGE_SHORT,
						     long_options, NULL)) >= 0) {
		if (option == OPTION_ALL)
			revoke->all = true;
		else if (option == OPTION_IN_USE)
			revoke->in_use = true;
		else if (option == OPTION_RANGE)
			r = take_range(revoke);
		else
			r = change_take(&verb_revoke, &revoke->change, option);
	}
	if (r != VERB_GO)
		return r;
	if (revoke->all && revoke->range.end > 0) {
		report_line(PROGRAM, _("--all and --range exclude each other"));
		return verb_misuse(&verb_revoke);
	}
	if (argc - optind != 1) {
		report_line(PROGRAM, _("one USER is wanted"));
		return verb_misuse(&verb_revoke);
	}
	revoke->user = argv[optind];
	if (revoke->range.end == 0)
		revoke->range = (struct range){ 0, ID_END };
	return VERB_GO;
}

static int change(struct revoke *revoke)
{
	CLEANUP(in_use_cleanup) struct in_use in_use = IN_USE;
	struct edit *edit = &revoke->edit;
	int r;

	r = edit_begin(edit, revoke->kinds);
	if (r == 0)
		r = in_use_begin(&in_use, edit, &revoke->owner);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (edit->db.sides[k].loaded)
			r = edit_tell_error(edit,
					    db_revoke(&edit->db, all_kinds[k],
						      &revoke->owner, revoke->range));
	return r ? r : in_use_check(&in_use, edit, &revoke->owner, revoke->in_use);
}

static void record(const struct revoke *revoke, int status)
{
	char text[CHANGE_TEXT_BYTES] = "revoke";
	size_t n = sizeof("revoke") - 1;

	for (size_t k = 0; k < 2; k++)
		if (revoke->kinds[k])
			n = change_describe(text, n, all_kinds[k], revoke->range);
	edit_record(&revoke->edit, revoke->owner.account.name, text, status == 0);
}

static int find_owner(struct revoke *revoke)
{
	int r = revoke->change.no_account ?
			edit_find_owner(&revoke->edit, revoke->user, &revoke->owner) :
			edit_find_user(&revoke->edit, revoke->user, &revoke->owner);

	return r ? change_status(&revoke->edit, r) : VERB_GO;
}

static int work(struct revoke *revoke)
{
	bool changed;
	int r;

	revoke->kinds[0] = !revoke->change.gid_only;
	revoke->kinds[1] = !revoke->change.uid_only;
	r = change_prepare(&revoke->edit, &verb_revoke, &revoke->change);
	if (r == VERB_GO)
		r = find_owner(revoke);
	if (r != VERB_GO)
		return r;
	r = change(revoke);
	changed = edit_changed(&revoke->edit);
	if (r == 0 && changed)
		r = change_commit(&revoke->edit);
	/* The log may be slow: nobody waits for our locks meanwhile. */
	edit_end(&revoke->edit);
	if (changed || r)
		record(revoke, r);
	return change_status(&revoke->edit, r);
}

static int run(int argc, char **argv)
{
	CLEANUP(revoke_cleanup)
	struct revoke revoke = { .edit = EDIT(PROGRAM) };
	int r = parse(argc, argv, &revoke);

	revoke.edit.if_there = true;
	return r == VERB_GO ? work(&revoke) : r;
}

const struct verb verb_revoke = {
	.name = "revoke",
	.run = run,
	.synopsis = N_("[OPTION]... USER"),
	.help = N_("take ranges from a user"),
	.options = N_("      --all              all of them, which is the default\n"
		      "      --range FIRST-LAST these ids\n"
		      "  -u, --uid-only         no gids\n"
		      "  -g, --gid-only         no uids\n"
		      "      --in-use           also ids that processes use\n"
		      "      --no-account       the owner need not be a user\n"
		      "      --dry-run          show the lines that would go and come\n"),
	.shared = VERB_SHARES_ROOT,
	.writes = true,
};
