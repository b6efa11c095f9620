// SPDX-License-Identifier: BSD-3-Clause
/*
 * whois: shows the owners of an id and the id inside a container.
 *
 * A database is read twice as a stream: first to find the owners of the ids, then to load
 * all lines of these owners, from which the inside ids are computed. So memory does not
 * grow with the database. If nsswitch.conf names plugins, each is asked for the owners of
 * an id; then the source that counts for each of these owners is found. Only for ids on
 * standard input, which are shown as they come, the whole database is loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/whois.h"

static void whois_cleanup(struct whois *whois)
{
	for (size_t i = 0; i < 2; i++)
		id_states_cleanup(&whois->sides[i]);
	output_cleanup(&whois->output);
	unknown_owners_cleanup(&whois->others);
	range_set_cleanup(&whois->uids);
	range_set_cleanup(&whois->wanted);
	free(whois->ids);
	user_cache_cleanup(&whois->owners);
	former_cleanup(&whois->former);
}

static int note_owner(const struct line *line, void *context)
{
	struct whois *whois = context;
	uint32_t uid;
	int r;

	if (!range_set_overlaps(&whois->wanted, line->entry.range))
		return 0;
	if (user_cache_local_uid(&whois->owners, &line->entry, &uid)) {
		r = range_set_add(&whois->uids, (struct range){ uid, (uint64_t)uid + 1 });
		return r ? verb_fail(-r) : 0;
	}
	return unknown_owners_add(&whois->others, line->entry.owner,
				  line->entry.owner_len) ?
		       verb_fail(ENOMEM) :
		       0;
}

static bool is_noted(const struct line *line, void *context)
{
	const struct whois *whois = context;
	uint32_t uid;

	if (user_cache_local_uid(&whois->owners, &line->entry, &uid))
		return range_set_overlaps(&whois->uids,
					  (struct range){ uid, (uint64_t)uid + 1 });
	return unknown_owners_find(&whois->others, line->entry.owner,
				   line->entry.owner_len) != NULL;
}

static int whois_load(struct whois *whois, struct id_states *side)
{
	int r;

	r = id_names_start(&side->accounts, &whois->owners, side->kind);
	if (r)
		return r;
	r = lines_each(&whois->place, side->kind, false, note_owner, whois);
	if (r == 0)
		r = index_load(&side->index, &whois->place, side->kind, &whois->owners,
			       is_noted, whois);
	side->unread = r != 0;
	return r;
}

/* Shows the ids from @first on. Returns an exit status. */
static int show_from(struct whois *whois, size_t first)
{
	int r, status = VERB_DONE;

	for (size_t i = first; i < whois->n_ids; i++) {
		const struct whois_id *id = &whois->ids[i];
		bool asked = false, found = false;

		for (size_t j = 0; j < whois->n_sides; j++) {
			if (!id->kinds[whois->sides[j].kind->group])
				continue;
			asked = true;
			r = whois_show(whois, &whois->sides[j], id->id, &found);
			if (r == VERB_NOT_WRITTEN)
				return r;
			status = r ? r : status;
		}
		if (asked && !found && status == VERB_DONE)
			status = VERB_NONE;
	}
	return status;
}

/* Shows the ids on standard input, each line when it is read. */
static int show_stream(struct whois *whois)
{
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r = scan_start_stream(&scan, STDIN_FILENO), status = VERB_DONE;

	while (r == 0 && (r = scan_next(&scan, &line)) > 0) {
		whois->n_ids = 0;
		r = whois_take_line(whois, &line);
		r = r ? r : show_from(whois, 0);
		if (r == VERB_NOT_WRITTEN)
			return r;
		fflush(stdout);
		status = r ? r : status;
		r = 0;
	}
	if (r == 0)
		return status;
	report_line(PROGRAM, "%s: %s", _("standard input"), report_error(-r));
	return VERB_UNREADABLE;
}

static int whois_show_all(struct whois *whois)
{
	int status = show_from(whois, 0), r;

	if (!whois->stream || status == VERB_NOT_WRITTEN)
		return status;
	r = show_stream(whois);
	return r ? r : status;
}

static int whois_parse(int argc, char **argv, struct whois *whois)
{
	const struct kind *kinds[2];
	int r = verb_parse(&verb_whois, argc, argv, whois);

	if (r)
		return r;
	whois->n_sides = verb_kinds(&whois->options, kinds);
	for (size_t i = 0; i < whois->n_sides; i++)
		whois->sides[i].kind = kinds[i];
	if (optind < argc)
		return 0;
	report_line(PROGRAM, _("an id is missing"));
	return verb_misuse(&verb_whois);
}

static int whois_run(int argc, char **argv)
{
	CLEANUP(whois_cleanup)
	struct whois whois = {
		.wanted = RANGE_SET(SIZE_MAX),
		.uids = RANGE_SET(SIZE_MAX),
		.output = OUTPUT_NONE,
	};
	int r, status = VERB_DONE;

	r = whois_parse(argc, argv, &whois);
	if (r == 0)
		r = verb_find_place(whois.options.root, &whois.place);
	if (r)
		return r;
	whois.place.gaps = &whois.output.gaps;
	whois.former.root = whois.options.root;
	r = user_cache_start(&whois.owners, &whois.place);
	if (r == 0)
		r = sources_start(&whois.sources, &whois.place, &whois.owners);
	if (r == 0)
		r = whois_take_words(&whois, argc - optind, argv + optind);
	if (r == VERB_USAGE)
		return verb_misuse(&verb_whois);
	if (r)
		return r;
	for (size_t i = 0; i < whois.n_sides; i++) {
		r = whois_load(&whois, &whois.sides[i]);
		if (r && r != VERB_UNREADABLE)
			return r;
		status = r ? r : status;
	}
	status = status ? status : user_cache_status(&whois.owners);
	r = whois_start_rows(&whois);
	if (r)
		return r;
	r = whois_show_all(&whois);
	status = status ? status : r;
	return output_end(&whois.output, status);
}

static const struct option_group whois_options[] = {
	{ verb_kind_rows, offsetof(struct whois, options) },
	{ verb_from_zero_rows, offsetof(struct whois, options) },
	{ verb_output_rows, offsetof(struct whois, options) },
	{ verb_root_rows, offsetof(struct whois, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row whois_examples[] = {
	{ "subid whois 3001000", N_("who owns the id") },
	{ "subid whois /srv/image/etc/shadow", N_("who owns the ids of a file") },
	{ "find . -printf '%U\\n' | subid whois -u -",
	  N_("who owns the uids of many files") },
	{ .term = NULL },
};

const struct verb verb_whois = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " whois",
		.usage = N_("[OPTION]... (ID | FIRST-LAST | USER | FILE | -)..."),
		.summary = N_("Show the owner of an id, and the id inside a container"),
		.options = whois_options,
		.arguments = { COMPLETE_USERS | COMPLETE_FILES,
			       COMPLETE_USERS | COMPLETE_FILES },
		.examples = whois_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_NO_USER) | VERB_EXIT(VERB_NONE),
		.page = "subid-list(1)",
	},
	.run = whois_run,
	.columns = { &whois_columns },
};
