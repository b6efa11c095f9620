// SPDX-License-Identifier: BSD-3-Clause
/*
 * grant: gives ranges to one user, to those in a list, or to all who have none: one lock,
 * one look at the databases and one write for all of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/i18n.h"
#include "common/report.h"
#include "common/show.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/user/passwd-file.h"
#include "subid/change.h"
#include "subid/crowd.h"
#include "subid/progress.h"

enum {
	OPTION_ALIGN = CHANGE_OWN,
	OPTION_ALLOW_OVERLAP,
	OPTION_ALLOW_RESERVED,
	OPTION_ALLOW_ROOT,
	OPTION_ALL_USERS,
	OPTION_BATCH,
	OPTION_COUNT,
	OPTION_GROUP,
	OPTION_IF_MISSING,
	OPTION_MAX_UID,
	OPTION_MIN_UID,
	OPTION_RANGE,
};

struct options {
	struct change_options change;
	const char *user;
	const char *batch;
	bool all_users;
	const char *group;
	uint64_t min_uid; /* UINT64_MAX: as login.defs says */
	uint64_t max_uid;
	uint64_t count; /* 0: as login.defs says */
	uint64_t align;
	struct range range; /* end 0: none */
	bool if_missing;
	struct overlap_policy policy;
};

struct grant {
	struct options options;
	struct edit edit;
	struct crowd crowd;
	struct allocate allocate;
	struct table tables[2]; /* the databases, when the transaction is over, */
	size_t before[2];	/* and how long they were before it */
};

static void grant_cleanup(struct grant *grant)
{
	edit_cleanup(&grant->edit);
	crowd_cleanup(&grant->crowd);
	table_clear(&grant->tables[0]);
	table_clear(&grant->tables[1]);
	allocate_cleanup(&grant->allocate);
}

static int take_number(const char *option, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value;

	if (num_parse(optarg, strlen(optarg), max, &value) || value < min) {
		report_line(
			PROGRAM,
			_("--%s: '%s' is no decimal number from %" PRIu64 " to %" PRIu64),
			option, optarg, min, max);
		return verb_misuse(&verb_grant);
	}
	*ret = value;
	return VERB_GO;
}

static int take_range(struct options *options)
{
	if (range_parse(optarg, &options->range) == 0)
		return VERB_GO;
	report_line(PROGRAM, _("--range: '%s' is no range FIRST-LAST"), optarg);
	return verb_misuse(&verb_grant);
}

static int take_option(struct options *options, int option)
{
	switch (option) {
	case OPTION_ALIGN:
		return take_number("align", 1, ID_END, &options->align);
	case OPTION_COUNT:
		return take_number("count", 1, ID_END, &options->count);
	case OPTION_MAX_UID:
		return take_number("max-uid", 0, ID_NONE - 1, &options->max_uid);
	case OPTION_MIN_UID:
		return take_number("min-uid", 0, ID_NONE - 1, &options->min_uid);
	case OPTION_RANGE:
		return take_range(options);
	case OPTION_ALLOW_OVERLAP:
		options->policy.allow_overlap = true;
		return VERB_GO;
	case OPTION_ALLOW_RESERVED:
		options->policy.allow_reserved = true;
		return VERB_GO;
	case OPTION_ALLOW_ROOT:
		options->policy.allow_root = true;
		return VERB_GO;
	case OPTION_ALL_USERS:
		options->all_users = true;
		return VERB_GO;
	case OPTION_BATCH:
		options->batch = optarg;
		return VERB_GO;
	case OPTION_GROUP:
		options->group = optarg;
		return VERB_GO;
	case OPTION_IF_MISSING:
		options->if_missing = true;
		return VERB_GO;
	default:
		return change_take(&verb_grant, &options->change, option);
	}
}

/* What makes no sense together; NULL: nothing. */
static const char *contradiction(const struct options *options)
{
	bool many = options->batch || options->all_users;
	bool filtered = options->group || options->min_uid != UINT64_MAX ||
			options->max_uid != UINT64_MAX;

	if (!!options->user + !!options->batch + options->all_users != 1)
		return N_("one of USER, --batch and --all-users says who gets ranges");
	if (many && options->range.end > 0)
		return N_("--range is for one user");
	if (options->range.end > 0 && (options->count || options->align))
		return N_("--range says where, so --count and --align do not");
	if (filtered && !options->all_users)
		return N_("--min-uid, --max-uid and --group belong to --all-users");
	if (options->all_users && options->change.no_account)
		return N_("--all-users are those who have accounts");
	return NULL;
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option long_options[] = {
		{ "align", required_argument, NULL, OPTION_ALIGN },
		{ "allow-overlap", no_argument, NULL, OPTION_ALLOW_OVERLAP },
		{ "allow-reserved", no_argument, NULL, OPTION_ALLOW_RESERVED },
		{ "allow-root", no_argument, NULL, OPTION_ALLOW_ROOT },
		{ "all-users", no_argument, NULL, OPTION_ALL_USERS },
		{ "batch", required_argument, NULL, OPTION_BATCH },
		{ "count", required_argument, NULL, OPTION_COUNT },
		{ "group", required_argument, NULL, OPTION_GROUP },
		{ "if-missing", no_argument, NULL, OPTION_IF_MISSING },
		{ "max-uid", required_argument, NULL, OPTION_MAX_UID },
		{ "min-uid", required_argument, NULL, OPTION_MIN_UID },
		{ "range", required_argument, NULL, OPTION_RANGE },
		CHANGE_LONG,
	};
	const char *why;
	int option, r;

	options->min_uid = options->max_uid = UINT64_MAX;
	while ((option = arguments_next(argc, argv, CHANGE_SHORT, long_options)) >= 0) {
		r = take_option(options, option);
		if (r != VERB_GO)
			return r;
	}
	if (optind < argc)
		options->user = argv[optind++];
	why = contradiction(options);
	if (!why && optind == argc)
		return VERB_GO;
	if (why)
		report_line(PROGRAM, "%s", _(why));
	else
		report_line(PROGRAM, _("there is more than one user: see --batch"));
	return verb_misuse(&verb_grant);
}

static int collect(struct grant *grant, const struct accounts *roster)
{
	const struct options *options = &grant->options;
	const struct settings *settings = &grant->allocate.settings;
	struct crowd_filter filter = { .group = options->group };

	if (options->user)
		return crowd_add(&grant->crowd, options->user);
	if (options->batch)
		return crowd_read(&grant->crowd, options->batch);
	filter.uids.start =
		options->min_uid == UINT64_MAX ? settings->uid_min : options->min_uid;
	filter.uids.end = 1 + (options->max_uid == UINT64_MAX ? settings->uid_max :
								options->max_uid);
	return crowd_add_users(&grant->crowd, &grant->edit, roster, &filter);
}

/* Who they are: before anything is locked. */
static int find_people(struct grant *grant)
{
	CLEANUP(accounts_cleanup) struct accounts roster = { 0 };
	int r = passwd_file_load(grant->edit.etc, &kind_uid, &roster);

	if (r) {
		report_line(PROGRAM, "%s/passwd: %s", grant->edit.folder,
			    report_error(-r));
		return VERB_UNREADABLE;
	}
	r = collect(grant, &roster);
	if (r == VERB_GO)
		r = crowd_resolve(&grant->crowd, &grant->edit, &roster,
				  grant->options.change.no_account);
	return r;
}

/* Where a range follows from the uid, nothing else can be chosen. */
static int check_deterministic(const struct grant *grant)
{
	const struct options *options = &grant->options;
	bool chosen = options->count || options->align;

	if (!grant->allocate.settings.deterministic || options->range.end > 0)
		return VERB_GO;
	for (size_t i = 0; i < grant->crowd.people.n; i++) {
		chosen |= grant->crowd.items[i].count > 0;
		if (grant->crowd.people.items[i].uid == PERSON_NO_UID) {
			report_line(PROGRAM,
				    _("%s has no uid, and by SUB_UID_DETERMINISTIC in "
				      "%s/login.defs the range follows from it: "
				      "use --range"),
				    people_name(&grant->crowd.people, i),
				    grant->edit.folder);
			return VERB_NONE;
		}
	}
	if (!chosen)
		return VERB_GO;
	report_line(PROGRAM,
		    _("by SUB_UID_DETERMINISTIC in %s/login.defs size and place follow "
		      "from the uid: no count and no alignment can be chosen"),
		    grant->edit.folder);
	return VERB_USAGE;
}

/* What is known of each range: how many ids, or which. */
static void set_items(struct grant *grant)
{
	const struct options *options = &grant->options;
	struct allocate *allocate = &grant->allocate;

	allocate->people = &grant->crowd.people;
	allocate->items = grant->crowd.items;
	allocate->n = grant->crowd.people.n;
	allocate->fixed = options->range.end > 0;
	for (size_t i = 0; i < allocate->n; i++) {
		if (allocate->items[i].count == 0)
			allocate->items[i].count = options->count;
		for (size_t k = 0; k < 2; k++)
			if (allocate->kinds[k])
				allocate->items[i].ranges[k] = options->range;
	}
}

/*
 * Finds other names of those who are given a range, before anything is locked: where they
 * may have one already, and where ids that are given may be theirs.
 */
static int find_names(struct grant *grant)
{
	static const struct kind *const kinds[] = { &kind_uid, &kind_gid };
	struct people *people = &grant->crowd.people;
	const struct allocate *allocate = &grant->allocate;
	struct edit *edit = &grant->edit;
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		if (!allocate->kinds[k])
			continue;
		if (allocate->if_missing)
			r = edit_find_missing_names(edit, kinds[k], people);
		else if (allocate->fixed)
			r = edit_find_people_names(edit, kinds[k],
						   grant->options.range, people);
	}
	return r ? change_status(edit, r) : VERB_GO;
}

/* What is to be done. Without bounds that make sense only --range can be done. */
static int prepare(struct grant *grant)
{
	const struct options *options = &grant->options;
	struct allocate *allocate = &grant->allocate;
	struct settings *settings = &allocate->settings;
	int r;

	if (options->range.end == 0 ? edit_read_settings(&grant->edit, settings) :
				      edit_names_by_id(&grant->edit, &settings->by_id))
		return VERB_UNREADABLE;
	settings->requests[0].align = settings->requests[1].align = options->align;
	allocate->kinds[0] = !options->change.gid_only;
	allocate->kinds[1] = !options->change.uid_only;
	allocate->if_missing = options->if_missing || options->all_users;
	allocate->mirror = allocate->if_missing;
	allocate->above = true;
	allocate->policy = options->policy;
	r = find_people(grant);
	if (r != VERB_GO)
		return r;
	set_items(grant);
	r = check_deterministic(grant);
	return r == VERB_GO ? find_names(grant) : r;
}

/* COUNT 0 in login.defs is no error, but not what somebody expects who asks for ids. */
static void tell_off(const struct grant *grant)
{
	static const struct kind *const kinds[] = { &kind_uid, &kind_gid };
	const struct allocate *allocate = &grant->allocate;

	for (size_t k = 0; k < 2; k++)
		if (allocate->kinds[k] && !allocate->fixed && grant->options.count == 0 &&
		    allocate->settings.requests[k].count == 0)
			report_line(PROGRAM,
				    _("note: %s is 0 in %s/login.defs: no %ss are "
				      "allocated unless --count says how many"),
				    kinds[k]->conf_count, grant->edit.folder,
				    kinds[k]->id);
}

static int change(struct grant *grant)
{
	struct edit *edit = &grant->edit;
	int r;

	r = edit_begin(edit, grant->allocate.kinds);
	if (r)
		return r;
	for (size_t k = 0; k < 2; k++)
		grant->before[k] = edit->db.sides[k].table.len;
	r = allocate_ranges(&edit->db, &grant->allocate);
	if (r == DB_FULL)
		report_line(PROGRAM, _("%s gets no %ss"),
			    people_name(&grant->crowd.people, grant->allocate.full.item),
			    grant->allocate.full.kind->id);
	return edit_report_allocation(edit, &grant->allocate, r);
}

static bool has_grown(const struct grant *grant)
{
	return grant->edit.db.sides[0].table.len > grant->before[0] ||
	       grant->edit.db.sides[1].table.len > grant->before[1];
}

/* Gives the locks back; the texts stay, to be shown at the reader's pace. */
static void end(struct grant *grant)
{
	for (size_t k = 0; k < 2; k++) {
		grant->tables[k] = grant->edit.db.sides[k].table;
		grant->edit.db.sides[k].table = (struct table){ 0 };
	}
	edit_end(&grant->edit);
}

static void show(const struct grant *grant)
{
	static const struct kind *const kinds[] = { &kind_uid, &kind_gid };

	for (size_t k = 0; k < 2; k++)
		show_appended(&grant->tables[k], grant->edit.folder, kinds[k],
			      grant->before[k]);
}

/* From the first to the last id that was given; of a refusal, those that were wanted. */
static struct range span(const struct grant *grant, size_t k)
{
	struct range all = { 0 };

	for (size_t i = 0; i < grant->allocate.n; i++) {
		struct range range = grant->allocate.items[i].ranges[k];

		if (range.end == 0)
			continue;
		if (all.end == 0 || range.start < all.start)
			all.start = range.start;
		if (range.end > all.end)
			all.end = range.end;
	}
	return all;
}

/* Writes `grant uids=5-6 gids=5-6` or, for many, `grant users=2 uids=...`. */
static void describe(char text[static CHANGE_TEXT_BYTES], size_t users, struct range uids,
		     struct range gids)
{
	int r = users == 0 ? snprintf(text, CHANGE_TEXT_BYTES, "grant") :
			     snprintf(text, CHANGE_TEXT_BYTES, "grant users=%zu", users);
	size_t n = r < 0 ? 0 : (size_t)r;

	n = change_describe(text, n, &kind_uid, uids);
	change_describe(text, n, &kind_gid, gids);
}

/* What one of many has received. Returns the login name; NULL: nothing. */
static const char *describe_one(size_t i, char text[static CHANGE_TEXT_BYTES],
				const void *context)
{
	const struct grant *grant = context;
	const struct range *ranges = grant->allocate.items[i].ranges;

	if (ranges[0].end == 0 && ranges[1].end == 0)
		return NULL;
	describe(text, 0, ranges[0], ranges[1]);
	return people_name(&grant->crowd.people, i);
}

/* A batch is one record in the audit log, and a line in the system log for each user. */
static void record(const struct grant *grant, int status)
{
	size_t n = grant->allocate.n, users = n;
	char text[CHANGE_TEXT_BYTES];

	if (grant->options.user) {
		describe(text, 0, span(grant, 0), span(grant, 1));
		edit_record(&grant->edit, people_name(&grant->crowd.people, 0), text,
			    status == 0);
		return;
	}
	for (size_t i = 0; status == 0 && i < n; i++)
		users -= describe_one(i, text, grant) == NULL;
	describe(text, users, span(grant, 0), span(grant, 1));
	if (status)
		edit_record(&grant->edit, NULL, text, false);
	else
		edit_record_each(&grant->edit, text, n, describe_one, grant);
}

static int work(struct grant *grant)
{
	bool grown;
	int r;

	r = change_prepare(&grant->edit, &verb_grant, &grant->options.change);
	if (r == VERB_GO)
		r = prepare(grant);
	if (r != VERB_GO)
		return r;
	tell_off(grant);
	r = change(grant);
	/* An empty database alone is nothing that somebody asked for. */
	grown = r == 0 && has_grown(grant);
	if (grown && !grant->edit.dry_run)
		r = edit_commit(&grant->edit);
	end(grant);
	if (grown || r)
		record(grant, r);
	/* What is shown may have a slow reader. */
	interrupt_let_go(&grant->edit.interrupt);
	progress_rows();
	if (grown && r == 0)
		show(grant);
	return change_status(&grant->edit, r);
}

static int run(int argc, char **argv)
{
	CLEANUP(grant_cleanup)
	struct grant grant = { .edit = EDIT(PROGRAM) };
	int r = parse(argc, argv, &grant.options);

	grant.edit.create = true;
	return r == VERB_GO ? work(&grant) : r;
}

const struct verb verb_grant = {
	.name = "grant",
	.run = run,
	.synopsis = N_("[OPTION]... USER | --batch FILE | --all-users"),
	.help = N_("give ranges to a user, or to many"),
	.options = N_(
		"      --count N          how many ids; default: login.defs(5)\n"
		"      --range FIRST-LAST these very ids\n"
		"      --align N          the first one is a multiple of N\n"
		"  -u, --uid-only         no gids; default: the same range of both\n"
		"  -g, --gid-only         no uids\n"
		"      --if-missing       not to whom has a range already\n"
		"      --no-account       the owner need not be a user\n"
		"      --batch FILE       to those in FILE, a line USER[:COUNT] each; - is stdin\n"
		"      --all-users        to all local users who have none,\n"
		"      --min-uid N        ... from this uid on,\n"
		"      --max-uid N        ... up to this one,\n"
		"      --group GROUP      ... of this group\n"
		"      --allow-overlap    also ids that others have\n"
		"      --allow-root       also id 0\n"
		"      --allow-reserved   also ids that systemd uses\n"
		"      --dry-run          show what would be written\n"),
	.shared = VERB_SHARES_ROOT,
	.writes = true,
};
