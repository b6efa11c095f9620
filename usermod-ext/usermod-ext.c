// SPDX-License-Identifier: BSD-3-Clause
/*
 * usermod-ext: gives and takes subordinate ids, as usermod(8) does with -v, -V, -w and
 * -W, but never gives an id that belongs to another user. The order of changes is that of
 * usermod(8): removals come first; of several ranges the last on the command line comes
 * first.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/complete.h"
#include "command/edit.h"
#include "command/help.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate.h"
#include "message/i18n.h"
#include "message/report.h"
#include "usermod-ext/options.h"

/* Room for the changes in a line for the logs. */
#define TEXT_BYTES 512

/*
 * Finds other names of the user, before the locks are taken: among the owners of lines
 * with ids that are to be removed or given; for -S among the owners of all lines, unless
 * the user keeps a range under a known name.
 *
 * ret_people: the user alone, for the allocation; freed with owner_set_cleanup().
 * Returns as edit.h says.
 */
static int changes_find_names(const struct options *options, struct edit *edit,
			      struct owner *owner, struct owner_set *ret_people)
{
	const struct range all = { 0, ID_END };
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->n; i++)
		if (!options->changes[i].add)
			r = edit_find_names(edit, options->changes[i].kind,
					    &options->changes[i].range, 1, owner);
	if (r == 0)
		r = edit_tell_error(edit, owner_set_add_owner(ret_people, owner));
	for (size_t i = 0; r == 0 && i < options->n; i++)
		if (options->changes[i].add)
			r = edit_find_people_names(edit, options->changes[i].kind,
						   options->changes[i].range, ret_people);
	for (size_t k = 0; r == 0 && k < 2 && options->allocate; k++)
		r = options_delete(options) ?
			    edit_find_people_names(edit, kind_all[k], all, ret_people) :
			    edit_find_missing_names(edit, kind_all[k], ret_people);
	return r;
}

/*
 * The same with the locked databases. As usermod(8) does, the program continues with the
 * known names; the other lines are reported. Returns as edit.h says.
 */
static int changes_confirm_names(const struct options *options, struct edit *edit,
				 struct owner *owner)
{
	size_t silent = 0;
	int r = 0;

	/* As for usermod(8), digits that may be a uid or a login name count as a login
	 * name. */
	owner_choose_digits(owner, false, true);
	for (size_t i = 0; r == 0 && i < options->n; i++)
		if (!options->changes[i].add)
			r = edit_confirm_names(edit, options->changes[i].kind,
					       options->changes[i].range, owner, &silent);
	return r;
}

static bool has_any(const struct table *table, struct range range,
		    const struct owner *owner)
{
	struct table_near near = { .next = 0 };

	while (table_next_in_force(table, range, &near))
		if (owner_is_text(owner, near.reading->entry.owner,
				  near.reading->entry.owner_len))
			return true;
	return false;
}

/* Reports ranges that are to be removed, but of which the user has no id. */
static void note_not_held(const struct options *options, const struct db *db,
			  const struct owner *owner)
{
	for (size_t i = 0; i < options->n; i++) {
		const struct change *change = &options->changes[i];

		if (!change->add &&
		    !has_any(&db->sides[change->kind->group].table, change->range, owner))
			report_line(
				PROGRAM,
				_("note: %s holds none of the %ss %" PRIu64 "-%" PRIu64),
				owner->account.name, change->kind->id,
				change->range.start, change->range.end - 1);
	}
}

static int revoke_ranges(const struct options *options, struct db *db,
			 struct owner *owner)
{
	int r = 0;

	for (size_t i = options->n; r == 0 && i > 0; i--) {
		const struct change *change = &options->changes[i - 1];

		if (!change->add)
			r = db_revoke(db, change->kind, owner, change->range);
	}
	return r;
}

/* Grants all ranges at once, so that all conflicts are reported. */
static int grant_ranges(const struct options *options, struct db *db,
			struct allocate *allocate)
{
	CLEANUP(cleanup_free)
	struct allocate_item *items = calloc(options->n + 1, sizeof(*items));
	int r;

	if (!items)
		return -ENOMEM;
	allocate->items = items;
	allocate->n = 0;
	allocate->fixed = true;
	for (size_t i = options->n; i > 0; i--) {
		const struct change *change = &options->changes[i - 1];

		if (!change->add)
			continue;
		items[allocate->n++].ranges[change->kind->group] = change->range;
		allocate->kinds[change->kind->group] = true;
	}
	r = allocate_ranges(db, allocate);
	allocate->items = NULL;
	return r;
}

/*
 * Allocates the next free range of each kind of which the user has none, the same range
 * of both if possible.
 */
static int allocate_missing(struct db *db, struct allocate *allocate,
			    struct allocate_item *ret_item)
{
	allocate->items = ret_item;
	allocate->n = 1;
	allocate->fixed = false;
	allocate->kinds[0] = allocate->kinds[1] = true;
	allocate->if_missing = true;
	return allocate_ranges(db, allocate);
}

/*
 * Makes the changes in memory, and reports removals without effect.
 *
 * owner: the user. allocate: with the same user as `people`, policy and settings;
 * receives the conflicts of all ranges.
 * ret_allocated: the ranges of -S.
 * Returns 0, DB_FULL, DB_CONFLICT or -errno.
 */
static int changes_apply(const struct options *options, struct db *db,
			 struct owner *owner, struct allocate *allocate,
			 struct allocate_item *ret_allocated)
{
	int r;

	note_not_held(options, db, owner);
	r = revoke_ranges(options, db, owner);
	if (r == 0)
		r = grant_ranges(options, db, allocate);
	if (r == 0 && options->allocate)
		r = allocate_missing(db, allocate, ret_allocated);
	return r;
}

/* Appends ` add-uids=5-6`, truncated if it is too long. */
static size_t describe_change(char *text, size_t size, size_t n, bool add,
			      const struct kind *kind, struct range range)
{
	int r;

	if (n >= size)
		return n;
	r = snprintf(text + n, size - n, " %s-%ss=%" PRIu64 "-%" PRIu64,
		     add ? "add" : "del", kind->id, range.start, range.end - 1);
	return r < 0 ? n : n + (size_t)r;
}

/*
 * Describes the changes in one line for the logs: `change-subids add-uids=5-6 ...`, with
 * the requested and the allocated ranges; truncated if it is too long.
 */
static void changes_text(const struct options *options,
			 const struct allocate_item *allocated, char *text, size_t size)
{
	int r = snprintf(text, size, "change-subids%s",
			 options->allocate ? " allocate=yes" : "");
	size_t n = r < 0 ? 0 : (size_t)r;

	for (size_t i = 0; i < options->n; i++)
		n = describe_change(text, size, n, options->changes[i].add,
				    options->changes[i].kind, options->changes[i].range);
	for (size_t i = 0; i < 2; i++)
		if (allocated->ranges[i].end > 0)
			n = describe_change(text, size, n, true, kind_all[i],
					    allocated->ranges[i]);
}

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
	static const struct edit_reasons reasons = { "changed", "unchanged" };
	char text[TEXT_BYTES];
	bool to_record;
	int r;

	run->edit.root = run->options.root;
	run->edit.prefix = run->options.prefix;
	run->edit.create = run->options.create;
	run->edit.dry_run = run->options.dry_run;
	if (run->options.json)
		run->edit.form = EDIT_JSON;
	else if (run->options.verbose || run->options.dry_run)
		run->edit.form = EDIT_LINES;
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
	interrupt_let_go(&run->edit.interrupt);
	return r ? r : edit_show(&run->edit, &run->people, edit_reason, &reasons);
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

	if (complete_is_wanted(argc, argv)) {
		complete_print(&options_command, argc - 2, argv + 2);
		return EXIT_DONE;
	}
	switch (options_parse(argc, argv, &run.options)) {
	case 0:
		return status_of(&run.edit, apply_and_record(&run));
	case OPTION_HELP:
		help_print(&options_command);
		return EXIT_DONE;
	case OPTION_VERSION:
		help_print_version(&options_command);
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
