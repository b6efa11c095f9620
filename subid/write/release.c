// SPDX-License-Identifier: BSD-3-Clause
/*
 * release: frees retired ids, unless a process uses them.
 */
#include <inttypes.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/write/revoke.h"

struct release {
	struct revoke revoke;
	struct owner_set people; /* the owners of the retired lines */
	struct in_use in_use;
};

static void release_cleanup(struct release *release)
{
	edit_cleanup(&release->revoke.edit);
	range_set_clear(&release->revoke.ranges);
	retired_cleanup(&release->revoke.retired);
	owner_set_cleanup(&release->people);
	in_use_cleanup(&release->in_use);
}

static int release_parse(int argc, char **argv, struct release *release)
{
	int r = verb_parse(&verb_release, argc, argv, release);

	if (r)
		return r;
	if (optind == argc && release->revoke.ranges.n > 0)
		return 0;
	if (optind < argc)
		report_line(PROGRAM,
			    _("'%s': ids are named, not users: --range FIRST-LAST; "
			      "'subid list --retired' shows them"),
			    argv[optind]);
	else
		report_line(PROGRAM, _("--range is required"));
	return verb_misuse(&verb_release);
}

/* Adds the owners of retired lines with ids of @range. Returns 0 or -errno. */
static int add_retired_owners(struct release *release, const struct table *table,
			      struct range range)
{
	struct table_near near = { .next = 0 };
	int r = 0;

	while (r == 0 && table_next_in_force(table, range, &near)) {
		const struct entry *entry = &near.reading->entry;

		if (retired_is(entry, NULL))
			r = owner_set_add_text(&release->people, entry->owner,
					       entry->owner_len);
	}
	return r;
}

static int release_range(struct release *release, size_t k, struct range range)
{
	struct db *db = &release->revoke.edit.db;
	int r = add_retired_owners(release, &db->sides[k].table, range);

	if (r == 0)
		r = retired_held(db, kind_all[k], range, &release->in_use.ids[k]);
	return r ? r : retired_free(db, kind_all[k], range);
}

static int apply_release(struct release *release)
{
	struct revoke *revoke = &release->revoke;
	struct edit *edit = &revoke->edit;
	const struct range_set *ranges = &revoke->ranges;
	int r = edit_begin(edit, revoke->kinds);

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && edit->db.sides[k].loaded && i < ranges->n;
		     i++)
			r = edit_tell_error(edit,
					    release_range(release, k, ranges->ranges[i]));
	if (r)
		return r;
	if (release->people.n == 0 && !revoke->if_held) {
		report_line(PROGRAM, _("no id of %" PRIu64 "-%" PRIu64 " is retired"),
			    ranges->ranges[0].start,
			    ranges->ranges[ranges->n - 1].end - 1);
		return VERB_NONE;
	}
	return in_use_report(&release->in_use, edit, revoke->in_use);
}

/* Removes the records, after the commit: if the commit fails, the lines still need them.
 * If this fails, the next `subid retire` removes them. */
static void forget_former(void *context)
{
	const struct release *release = context;

	retired_write(&release->revoke.edit.db, &release->revoke.retired);
}

static int release_work(struct release *release)
{
	static const struct edit_reasons reasons = { "released", "not-held" };
	struct revoke *revoke = &release->revoke;
	struct edit *edit = &revoke->edit;
	char text[CHANGE_TEXT_BYTES];
	bool to_record;
	int r = change_prepare(edit, &verb_release, &revoke->change, revoke->kinds);

	if (r)
		return r;
	edit->committed = forget_former;
	edit->committed_context = release;
	r = edit_finish(edit, apply_release(release), &to_record);
	if (r == VERB_NONE)
		return r;
	revoke_describe(revoke, "release", text);
	if (to_record)
		edit_record(edit, NULL, text, r == 0);
	return r ? r : change_show(edit, &release->people, edit_reason, &reasons);
}

static int release_run(int argc, char **argv)
{
	CLEANUP(release_cleanup)
	struct release release = {
		.revoke = { .ranges = RANGE_SET(SIZE_MAX), .edit = EDIT(PROGRAM) },
		.in_use = IN_USE,
	};
	int r = release_parse(argc, argv, &release);

	release.revoke.edit.if_there = true;
	return r ? r : release_work(&release);
}

static const struct option_row release_rows[] = {
	{ 0, "range", N_("FIRST-LAST"), N_("these ids; may be repeated"),
	  .take = revoke_take_range, .completes = COMPLETE_RANGES },
	{ 0, "if-held", NULL, N_("succeed also if none is retired"),
	  OPTION_INTO(struct revoke, if_held) },
	{ 0, "in-use", NULL, N_("also ids that processes use"),
	  OPTION_INTO(struct revoke, in_use) },
	{ .name = NULL },
};

static const struct option_group release_options[] = {
	{ release_rows, offsetof(struct release, revoke) },
	{ change_rows, offsetof(struct release, revoke.change) },
	{ verb_root_rows, offsetof(struct release, revoke.change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row release_examples[] = {
	{ "subid list --retired", N_("show the retired ids") },
	{ "subid release --range 100000-165535",
	  N_("free them, after the files are gone") },
	{ .term = NULL },
};

const struct verb verb_release = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " release",
		.usage = N_("[OPTION]... --range FIRST-LAST"),
		.summary = N_("Free retired ids"),
		.options = release_options,
		.examples = release_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_CHANGE | VERB_EXIT(VERB_NONE) | VERB_EXIT(VERB_BUSY),
		.page = "subid-retire(8)",
	},
	.run = release_run,
	.writes = true,
};
