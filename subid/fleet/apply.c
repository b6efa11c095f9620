// SPDX-License-Identifier: BSD-3-Clause
/*
 * apply: gives the owners of a set exactly its ranges, in one transaction.
 *
 * MUST: on a host that has these ranges already no lock is taken and nothing is written,
 * since it runs every hour there.
 * MUST: owners that no set ever named keep their lines.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/identity.h"
#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/fleet/apply.h"
#include "subid/write/revoke.h"

static void apply_cleanup(struct apply *apply)
{
	edit_cleanup(&apply->edit);
	for (size_t k = 0; k < 2; k++) {
		exact_ranges_cleanup(&apply->wanted[k]);
		exact_change_cleanup(&apply->changes[k]);
	}
	free(apply->allocate.items);
	allocate_cleanup(&apply->allocate);
	owner_set_cleanup(&apply->receivers);
	retired_cleanup(&apply->retired);
	in_use_cleanup(&apply->lost);
	applied_cleanup(&apply->applied);
	free(apply->applied_text);
	owner_set_cleanup(&apply->gone);
	free(apply->have_ranges);
	free(apply->persons);
	owner_set_cleanup(&apply->people);
	accounts_cleanup(&apply->users);
	set_file_cleanup(&apply->set);
	free(apply->text);
}

/* Collects the ranges of each owner, in the order of the set. */
static int find_wanted(struct apply *apply, size_t k)
{
	size_t n = apply->people.n;
	struct exact_ranges *wanted = &apply->wanted[k];
	CLEANUP(cleanup_free) size_t *next = calloc(n + 1, sizeof(*next));

	wanted->starts = calloc(n + 1, sizeof(*wanted->starts));
	wanted->ranges = calloc(apply->set.n + 1, sizeof(*wanted->ranges));
	if (!next || !wanted->starts || !wanted->ranges)
		return -ENOMEM;
	for (size_t i = 0; i < apply->set.n; i++)
		if (apply->set.lines[i].kinds[k])
			wanted->starts[apply->persons[i] + 1]++;
		else
			apply->paired = false;
	for (size_t i = 0; i < n; i++) {
		wanted->starts[i + 1] += wanted->starts[i];
		next[i] = wanted->starts[i];
	}
	for (size_t i = 0; i < apply->set.n; i++)
		if (apply->set.lines[i].kinds[k])
			wanted->ranges[next[apply->persons[i]]++] =
				apply->set.lines[i].range;
	return 0;
}

/* Compares one database. On most hosts both have the same text, and in most sets all
 * ranges are of both kinds. */
static int find_change(struct apply *apply, const struct db *db, size_t k)
{
	const struct table *table = &db->sides[k].table;

	exact_change_cleanup(&apply->changes[k]);
	if (k == 1 && apply->paired && table_equals(&db->sides[0].table, table))
		return exact_change_copy(&apply->changes[0], apply->people.n,
					 &apply->changes[1]);
	return exact_find(table, &apply->people, &apply->wanted[k], &apply->changes[k]);
}

static size_t count_missing(const struct apply *apply, size_t k, size_t person)
{
	const size_t *starts = apply->wanted[k].starts;

	return starts[person + 1] - starts[person] - apply->changes[k].kept[person];
}

/* Returns whether the owners have exactly their ranges of both kinds. */
static bool is_exact(const struct apply *apply)
{
	for (size_t k = 0; k < 2; k++) {
		if (apply->changes[k].n > 0)
			return false;
		for (size_t i = 0; i < apply->people.n; i++)
			if (count_missing(apply, k, i) > 0)
				return false;
	}
	return true;
}

/* Compares without locks. Returns 1 if there is nothing to do, 0 or -errno. */
static int compare_unlocked(struct apply *apply)
{
	struct db db = DB_NONE;
	int r;

	if (!apply_is_last(apply) || apply->uncertain ||
	    (apply->prune && apply->applied.n_gone > 0))
		return 0;
	db.read_only = true;
	db.root = apply->change.common.root;
	r = db_begin(&db, apply->edit.etc, apply->edit.place);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = db_load(&db, kind_all[k], true);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = find_change(apply, &db, k);
	db_end(&db);
	/* An error is found again, and reported, with the locks. */
	return r == 0 && is_exact(apply);
}

/* Makes an item of each missing range; a range of both kinds is one. */
static int put_items(struct apply *apply)
{
	const struct lookup files = { .directory = apply->edit.etc };
	struct allocate *allocate = &apply->allocate;
	CLEANUP(cleanup_free)
	size_t(*seen)[2] = calloc(apply->people.n + 1, sizeof(*seen));

	allocate->items = calloc(apply->set.n + 1, sizeof(*allocate->items));
	if (!allocate->items || !seen)
		return -ENOMEM;
	for (size_t i = 0; i < apply->set.n; i++) {
		const struct set_file_line *line = &apply->set.lines[i];
		size_t person = apply->persons[i];
		struct allocate_item item = { .count = 0 };
		int r;

		for (size_t k = 0; k < 2; k++)
			if (line->kinds[k] &&
			    seen[person][k]++ >= apply->changes[k].kept[person]) {
				item.ranges[k] = line->range;
				apply->added++;
			}
		if (item.ranges[0].end == 0 && item.ranges[1].end == 0)
			continue;
		r = owner_set_add(&apply->receivers, line->owner, line->owner_len,
				  &item.person);
		if (r < 0)
			return r;
		allocate->items[allocate->n++] = item;
	}
	return owner_set_resolve(&apply->receivers, &apply->users, &files, true);
}

static int find_changes(struct apply *apply)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		r = find_change(apply, &apply->edit.db, k);
	return r ? r : put_items(apply);
}

/* The id of an account itself is in use without a line, too. */
static int keep_own_ids(struct apply *apply, size_t k)
{
	struct range_set *lost = &apply->lost.ids[k];
	int r = 0;

	for (size_t i = 0; r == 0 && i < apply->people.n; i++) {
		const struct accounts_item *user;
		uint64_t own;

		if (!apply->changes[k].touched[i])
			continue;
		user = accounts_by_name(&apply->users, owner_set_login(&apply->people, i),
					apply->people.items[i].login_len);
		own = !user ? ID_NONE : k ? user->gid : user->id;
		r = range_set_subtract(lost, (struct range){ own, own + 1 });
	}
	return r;
}

static int remove_lines(struct apply *apply)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		const struct exact_change *change = &apply->changes[k];

		if (change->n > 0)
			r = db_replace_lines(&apply->edit.db, kind_all[k],
					     change->removals, change->n);
		apply->removed += change->n;
		if (change->n > 0)
			apply->spans[k] = range_span(apply->spans[k], change->span);
		for (size_t i = 0; r == 0 && i < change->lost.n; i++)
			r = range_set_add(&apply->lost.ids[k], change->lost.ranges[i]);
		if (r == 0)
			r = keep_own_ids(apply, k);
	}
	return r;
}

static int add_set_lines(struct apply *apply)
{
	struct allocate *allocate = &apply->allocate;
	int r;

	for (size_t i = 0; i < allocate->n; i++)
		for (size_t k = 0; k < 2; k++)
			if (allocate->items[i].ranges[k].end > 0)
				apply->spans[k] = range_span(
					apply->spans[k], allocate->items[i].ranges[k]);
	if (allocate->n == 0)
		return 0;
	allocate->people = &apply->receivers;
	r = allocate_ranges(&apply->edit.db, allocate);
	return r == DB_CONFLICT ? apply_report_conflicts(apply) :
				  edit_report_allocation(&apply->edit, allocate, r);
}

/* Changes the databases in memory. */
static int change_tables(struct apply *apply)
{
	struct edit *edit = &apply->edit;
	int r = apply_check_shared(apply);

	if (r == 0)
		r = edit_tell_error(edit, find_changes(apply));
	if (r == 0)
		r = edit_tell_error(edit, remove_lines(apply));
	if (r == 0)
		r = add_set_lines(apply);
	if (r == 0)
		r = in_use_report(&apply->lost, edit, apply->in_use);
	change_forget_empty(edit);
	return r;
}

static int apply_locked(struct apply *apply)
{
	static const bool kinds[] = { true, true };
	int r = edit_begin(&apply->edit, kinds);
	bool writes;

	/* Another set may have been applied meanwhile. */
	if (r == 0)
		r = apply_read_applied(apply);
	if (r == 0)
		r = apply_check_applied(apply);
	if (r == 0)
		r = apply_find_gone(apply, &apply->edit.db);
	if (r == 0 && apply->prune)
		r = apply_prune(apply);
	if (r == 0)
		r = change_tables(apply);
	if (r == 0 && apply->retired.records.n > 0)
		r = retire_write_records(&apply->edit, &apply->retired);
	/* Before the databases: the same set repairs what a crash between both left. */
	writes = !apply->change.dry_run && (!apply_is_last(apply) || apply->prune);
	if (r == 0 && writes && !edit_changed(&apply->edit))
		r = edit_tell_error(&apply->edit, db_release(&apply->edit.db));
	if (r == 0 && writes)
		r = apply_write_applied(apply);
	return r;
}

static int apply_work(struct apply *apply, const char *path)
{
	bool kinds[2], to_record;
	int r = change_prepare(&apply->edit, &verb_apply, &apply->change, kinds);

	if (!apply->change.dry_run && !apply->change.common.output.json)
		apply->edit.form = EDIT_SILENT;
	if (r == 0)
		r = apply_read(apply, path);
	if (r == 0)
		r = apply_find_owners(apply);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = edit_tell_error(&apply->edit, find_wanted(apply, k));
	if (r)
		return r;
	/* A caller who has no permission yet learns nothing. */
	if (!identity_is_elevated())
		r = apply_read_applied(apply);
	if (r == 0 && !identity_is_elevated())
		r = apply_check_applied(apply);
	if (r)
		return r;
	if (!identity_is_elevated() && compare_unlocked(apply)) {
		r = apply_find_gone(apply, NULL);
		return r ? r : apply_show(apply);
	}
	if (apply->prune) {
		apply->edit.committed = apply_forget_pruned;
		apply->edit.committed_context = apply;
	}
	r = edit_finish(&apply->edit, apply_locked(apply), &to_record);
	if (to_record)
		apply_record(apply, r == 0);
	return r ? r : apply_show(apply);
}

static int apply_run(int argc, char **argv)
{
	CLEANUP(apply_cleanup)
	struct apply apply = { .edit = EDIT(PROGRAM), .lost = IN_USE };
	int r = verb_parse(&verb_apply, argc, argv, &apply);

	if (r)
		return r;
	if (optind + 1 != argc) {
		report_line(PROGRAM, _("one FILE is required, or - for standard input"));
		return verb_misuse(&verb_apply);
	}
	/* With the privilege of the program a user could replace any file. */
	if (apply.serial_file && identity_is_elevated()) {
		report_line(PROGRAM, _("only root may do this"));
		return VERB_NOT_PERMITTED;
	}
	apply.edit.create = true;
	apply.edit.change = EDIT_RETIRES;
	apply.paired = true;
	apply.allocate.people = &apply.people;
	apply.allocate.kinds[0] = apply.allocate.kinds[1] = true;
	apply.allocate.fixed = true;
	apply.allocate.verbatim = true;
	return apply_work(&apply, argv[optind]);
}

static const struct option_row apply_rows[] = {
	{ 0, "prune", NULL, N_("retire the ranges of owners that only earlier sets name"),
	  OPTION_INTO(struct apply, prune) },
	{ 0, "force", NULL,
	  N_("also an empty or older set, or fewer than half of the owners"),
	  OPTION_INTO(struct apply, force) },
	{ 0, "in-use", NULL, N_("also ids that processes use"),
	  OPTION_INTO(struct apply, in_use) },
	{ 0, "serial-file", N_("PATH"),
	  N_("where the last set is remembered; default: /var/lib/subid/applied"),
	  OPTION_INTO(struct apply, serial_file), .completes = COMPLETE_FILES },
	{ 0, "dry-run", NULL, N_("show the lines that would be removed and added"),
	  OPTION_INTO(struct apply, change.dry_run) },
	{ 'J', "json", NULL, N_("show the ranges before and after as JSON"),
	  OPTION_INTO(struct apply, change.common.output.json) },
	{ .name = NULL },
};

static const struct option_group apply_options[] = {
	{ apply_rows, 0 },
	{ verb_root_rows, offsetof(struct apply, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row apply_examples[] = {
	{ "subid apply --dry-run ranges.set", N_("show what would change") },
	{ "subid apply ranges.set", N_("give the owners exactly these ranges") },
	{ "subid apply --prune ranges.set",
	  N_("also retire the ranges of owners who left the set") },
	{ .term = NULL },
};

const struct verb verb_apply = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " apply",
		.usage = N_("[OPTION]... FILE|-"),
		.summary = N_("Give the owners of a set exactly its ranges"),
		.options = apply_options,
		.arguments = { COMPLETE_FILES, 0 },
		.examples = apply_examples,
		.statuses = verb_statuses,
		.exits = (VERB_EXITS_WRITE & ~VERB_EXIT(VERB_NO_USER)) |
			 VERB_EXIT(VERB_BUSY) | VERB_EXIT(VERB_POLICY) |
			 VERB_EXIT(VERB_SET),
		.page = "subid-apply(8)",
	},
	.run = apply_run,
	.writes = true,
};
