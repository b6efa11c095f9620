// SPDX-License-Identifier: BSD-3-Clause
/*
 * usermod-ext: gives and takes subordinate ids, as usermod(8) does with -v, -V, -w and
 * -W, but never an id that belongs to somebody else.
 */
#include <limits.h>
#include <stdio.h>

#include "common/edit.h"
#include "common/i18n.h"
#include "common/report.h"
#include "common/tell.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/conf.h"
#include "usermod-ext/allocate.h"
#include "usermod-ext/changes.h"
#include "usermod-ext/options.h"
#include "usermod-ext/usermod-ext.h"

/* One run of the program. */
struct run {
	struct options options;
	struct edit edit;
	struct owner owner;
	struct db_grant grant;
	struct allocated allocated;
};

static void run_cleanup(struct run *run)
{
	edit_end(&run->edit);
	overlap_list_cleanup(&run->grant.conflicts);
	owner_cleanup(&run->owner);
	options_cleanup(&run->options);
}

static void set_policy(struct run *run)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/login.defs", run->edit.folder);
	run->grant = (struct db_grant){
		.owner = &run->owner,
		.by_id = conf_is_yes(path, "SUB_UID_STORE_BY_UID"),
		.policy = {
			.allow_overlap = run->options.allow_overlap,
			.allow_root = run->options.allow_root,
		},
	};
}

/* All changes in memory: what goes first, then what comes, and what is allocated. */
static int change(struct run *run)
{
	int r;

	r = changes_apply(&run->options, &run->edit.db, &run->grant);
	if (r == 0 && run->options.allocate)
		r = allocate(&run->edit.db, &run->grant, run->edit.folder,
			     &run->allocated);
	if (run->grant.unsure)
		report_line(PROGRAM,
			    _("note: the name service did not answer in time; ids of "
			      "its accounts may be among these"));
	if (r == ALLOCATE_SETTINGS)
		return EXIT_SUBUID;
	if (r == DB_CONFLICT)
		return tell_conflicts(PROGRAM, &run->grant, run->edit.folder);
	return r ? tell_db_error(PROGRAM, &run->edit.db, run->edit.folder, false, r) : 0;
}

/* What was done, or refused, is recorded; what was not needed is not. */
static void record(const struct run *run, int status, bool changed)
{
	char text[CHANGES_TEXT_BYTES];

	if (status == 0 && !changed)
		return;
	changes_text(&run->options, &run->allocated, text, sizeof(text));
	edit_record(&run->edit, run->owner.account.name, text, status == 0);
}

/* Returns the exit status; *ret_changed tells whether there was anything to write. */
static int attempt(struct run *run, bool *ret_changed)
{
	const bool kinds[] = { options_touch(&run->options, &kind_uid),
			       options_touch(&run->options, &kind_gid) };
	int r;

	r = edit_begin(&run->edit, kinds);
	if (r == 0 && options_delete(&run->options))
		r = edit_check_busy(&run->edit, &run->owner);
	if (r)
		return r;
	set_policy(run);
	r = change(run);
	*ret_changed = edit_changed(&run->edit);
	return r == 0 && *ret_changed ? edit_commit(&run->edit) : r;
}

static int work(struct run *run)
{
	bool changed = false;
	int r;

	run->edit.root = run->options.root;
	run->edit.prefix = run->options.prefix;
	run->edit.create = run->options.create;
	run->edit.dry_run = run->options.dry_run;
	if ((r = edit_find_folder(&run->edit)) ||
	    (r = edit_find_user(&run->edit, run->options.login, &run->owner)))
		return r;
	r = attempt(run, &changed);
	/* The log may be slow: nobody waits for our locks meanwhile. */
	edit_end(&run->edit);
	record(run, r, changed);
	return r;
}

static int run_options(int argc, char **argv)
{
	CLEANUP(run_cleanup)
	struct run run = {
		.edit = { .program = PROGRAM, .db = DB_NONE },
	};

	switch (options_parse(argc, argv, &run.options)) {
	case 0:
		return work(&run);
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

	edit_start();
	report_translate();
	status = run_options(argc, argv);
	if (report_close_stdout(PROGRAM) && status == EXIT_DONE)
		status = EXIT_NOT_PERMITTED;
	return status;
}
