// SPDX-License-Identifier: BSD-3-Clause
/*
 * usermod-ext: gives and takes subordinate ids, as usermod(8) does with -v, -V, -w and
 * -W, but never gives an id that belongs to another user.
 */
#include <stdio.h>

#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "usermod-ext/changes.h"
#include "usermod-ext/options.h"

/* Exit statuses, those of usermod(8); EXIT_POLICY is of this program. */
enum {
	EXIT_DONE = 0,
	EXIT_NOT_PERMITTED = 1, /* and: the account databases are locked */
	EXIT_USAGE = 2,		/* and: a database does not exist */
	EXIT_RANGE = 3,
	EXIT_NO_USER = 6,
	EXIT_BUSY = 8,
	EXIT_SUBUID = 16,
	EXIT_SUBGID = 18,
	EXIT_POLICY = 20,
};

/* One run of the program. */
struct run {
	struct options options;
	struct edit edit;
	struct owner owner;
	struct owner_set people; /* the same user, for the allocation */
	struct allocate allocate;
	struct allocate_item allocated; /* the ranges of -S */
};

static void run_cleanup(struct run *run)
{
	edit_cleanup(&run->edit);
	allocate_cleanup(&run->allocate);
	owner_cleanup(&run->owner);
	owner_set_cleanup(&run->people);
	options_cleanup(&run->options);
}

/* Reads login.defs: all settings for -S, else only how lines name owners. */
static int read_settings(struct run *run)
{
	struct settings *settings = &run->allocate.settings;

	return run->options.allocate ? edit_read_settings(&run->edit, settings) :
				       edit_names_by_id(&run->edit, &settings->by_id);
}

/* Locks, and makes all changes in memory: removals, additions, allocation. */
static int apply_changes(struct run *run)
{
	const bool kinds[] = { options_touch(&run->options, &kind_uid),
			       options_touch(&run->options, &kind_gid) };
	int r;

	r = edit_begin(&run->edit, kinds);
	/* Only if ids are added: a new database has none to remove. */
	if (r == DB_MISSING && options_add(&run->options, run->edit.db.failed))
		report_line(PROGRAM, _("to make it: %s --create ..."), PROGRAM);
	if (r == 0)
		r = changes_confirm_names(&run->options, &run->edit, &run->owner);
	if (r == 0 && options_delete(&run->options))
		r = edit_check_busy(&run->edit, &run->owner);
	if (r)
		return r;
	run->allocate.people = &run->people;
	run->allocate.policy = (struct overlap_policy){
		.allow_overlap = run->options.allow_overlap,
		.allow_root = run->options.allow_root,
		.allow_reserved = run->options.allow_reserved,
	};
	r = read_settings(run);
	if (r)
		return r;
	r = changes_apply(&run->options, &run->edit.db, &run->owner, &run->allocate,
			  &run->allocated);
	return edit_report_allocation(&run->edit, &run->allocate, r);
}

static int apply_and_record(struct run *run)
{
	char text[CHANGES_TEXT_BYTES];
	bool to_record;
	int r;

	run->edit.root = run->options.root;
	run->edit.prefix = run->options.prefix;
	run->edit.create = run->options.create;
	run->edit.dry_run = run->options.dry_run;
	if ((r = edit_find_directory(&run->edit)) ||
	    (r = edit_find_user(&run->edit, run->options.login, &run->owner)) ||
	    (r = changes_find_names(&run->options, &run->edit, &run->owner,
				    &run->people)))
		return r;
	r = edit_finish(&run->edit, apply_changes(run), &to_record);
	if (to_record) {
		changes_text(&run->options, &run->allocated, text, sizeof(text));
		edit_record(&run->edit, run->owner.account.name, text, r == 0);
	}
	return r;
}

/* Translates what an edit_ function returned to the exit status. */
static int status_of(const struct edit *edit, int r)
{
	switch (r) {
	case 0:
		return EXIT_DONE;
	case EDIT_NOT_PERMITTED:
		return EXIT_NOT_PERMITTED;
	case DB_MISSING:
	case EDIT_NO_DIRECTORY:
		return EXIT_USAGE;
	case EDIT_NO_USER:
	case EDIT_UNKNOWN_USER:
		return EXIT_NO_USER;
	case EDIT_IN_USE:
		return EXIT_BUSY;
	case DB_CONFLICT:
		return EXIT_POLICY;
	default:
		break;
	}
	if (!edit->db.failed)
		return EXIT_NOT_PERMITTED;
	return edit->db.failed->group ? EXIT_SUBGID : EXIT_SUBUID;
}

static int run_options(int argc, char **argv)
{
	CLEANUP(run_cleanup)
	struct run run = { .edit = EDIT(PROGRAM) };

	switch (options_parse(argc, argv, &run.options)) {
	case 0:
		return status_of(&run.edit, apply_and_record(&run));
	case OPTIONS_HELP:
		options_usage(true);
		return EXIT_DONE;
	case OPTIONS_VERSION:
		printf("%s (%s) %s\n", PROGRAM, PACKAGE, PACKAGE_VERSION);
		return EXIT_DONE;
	case OPTIONS_RANGE:
		return EXIT_RANGE;
	default:
		return EXIT_USAGE;
	}
}

int main(int argc, char **argv)
{
	int status;

	edit_start(EXIT_NOT_PERMITTED);
	report_translate();
	status = run_options(argc, argv);
	if (report_close_stdout(PROGRAM) && status == EXIT_DONE)
		status = EXIT_NOT_PERMITTED;
	return status;
}
