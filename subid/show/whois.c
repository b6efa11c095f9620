// SPDX-License-Identifier: BSD-3-Clause
/*
 * whois: shows the owners of an id and the id inside a container.
 *
 * A database is read twice as a stream: first to find the owners of the ids, then to load
 * all lines of these owners, from which the inside ids are computed. So memory does not
 * grow with the database. If nsswitch.conf names plugins, each is asked for the owners of
 * an id; then the source that counts for each of these owners is found.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/whois.h"

static void whois_cleanup(struct whois *whois)
{
	for (size_t i = 0; i < 2; i++) {
		index_cleanup(&whois->sides[i].index);
		id_names_cleanup(&whois->sides[i].accounts);
		allocated_ids_cleanup(&whois->sides[i].used);
	}
	output_cleanup(&whois->output);
	unknown_owners_cleanup(&whois->others);
	range_set_cleanup(&whois->uids);
	range_set_cleanup(&whois->wanted);
	free(whois->ids);
	user_cache_cleanup(&whois->owners);
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

static int whois_load(struct whois *whois, struct whois_side *side)
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

static int whois_show_all(struct whois *whois)
{
	int r, status = VERB_DONE;

	for (size_t i = 0; i < whois->n_ids; i++) {
		bool found = false;

		for (size_t j = 0; j < whois->n_sides; j++) {
			r = whois_show(whois, &whois->sides[j], whois->ids[i], &found);
			if (r == VERB_NOT_WRITTEN)
				return r;
			status = r ? r : status;
		}
		if (!found && status == VERB_DONE)
			status = VERB_NONE;
	}
	return status;
}

static int parse_ids(struct whois *whois, int n, char **words)
{
	int r;

	if (n == 0) {
		report_line(PROGRAM, _("an id is missing"));
		return verb_misuse(&verb_whois);
	}
	whois->ids = calloc((size_t)n, sizeof(*whois->ids));
	if (!whois->ids)
		return verb_fail(ENOMEM);
	for (int i = 0; i < n; i++) {
		uint64_t id;

		if (num_parse(words[i], strlen(words[i]), ID_NONE, &id)) {
			report_line(PROGRAM, _("'%s' is no id: 0-4294967295, in decimal"),
				    words[i]);
			return verb_misuse(&verb_whois);
		}
		whois->ids[whois->n_ids++] = (uint32_t)id;
		r = range_set_add(&whois->wanted, (struct range){ id, id + 1 });
		if (r)
			return verb_fail(-r);
	}
	return 0;
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
	return parse_ids(whois, argc - optind, argv + optind);
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
	r = user_cache_start(&whois.owners, &whois.place);
	if (r == 0)
		r = sources_start(&whois.sources, &whois.place, &whois.owners);
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
	{ "subid whois 3001000", N_("whose the id is") },
	{ "subid whois -u -J 3001000", N_("the same as JSON, as a uid only") },
	{ .term = NULL },
};

const struct verb verb_whois = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " whois",
		.usage = N_("[OPTION]... ID..."),
		.summary = N_("Show the owner of an id, and the id inside a container"),
		.options = whois_options,
		.examples = whois_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_NO_USER) | VERB_EXIT(VERB_NONE),
		.page = "subid-list(1)",
	},
	.run = whois_run,
	.columns = { &whois_columns },
};
