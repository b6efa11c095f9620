// SPDX-License-Identifier: BSD-3-Clause
/*
 * grant: grants ranges to the named users, to those in a list, or to all users without
 * ranges. The databases are locked, read and written once for all of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/write/grant.h"

/* How many uids --uids may name. */
#define UIDS_MAX 1000000

static void grant_cleanup(struct grant *grant)
{
	edit_cleanup(&grant->edit);
	grant_users_cleanup(&grant->crowd);
	capacity_list_cleanup(&grant->capacity);
	allocate_cleanup(&grant->allocate);
}

/* Returns a message about options that exclude each other, or NULL. */
static const char *contradiction(const struct grant_options *options)
{
	bool many = options->batch || options->all_users || options->n_users > 1 ||
		    options->uids.end > 0;
	bool filtered = options->group || options->min_uid != UINT64_MAX ||
			options->max_uid != UINT64_MAX;
	int sources = (options->n_users > 0) + !!options->batch + options->all_users +
		      (options->uids.end > 0);

	if (sources > 1)
		return N_("USER, --batch, --all-users and --uids exclude each other");
	if (filtered && !options->all_users)
		return N_("--min-uid, --max-uid and --group require --all-users");
	if (options->network && !options->all_users)
		return N_("--network requires --all-users");
	if (sources == 0)
		return N_("one of USER, --batch, --all-users and --uids is required");
	if (range_count(options->uids) > UIDS_MAX)
		return N_("--uids has more than 1000000 uids");
	if (many && options->range.end > 0)
		return N_("--range is for one user");
	if (options->range.end > 0 && (options->count || options->align))
		return N_("--range excludes --count and --align");
	if (options->at_least && (options->count || options->range.end > 0))
		return N_("--at-least excludes --count and --range");
	if (options->another && (options->at_least || options->range.end > 0 ||
				 options->if_missing || options->all_users))
		return N_("--another excludes --at-least, --range, --if-missing and "
			  "--all-users");
	if (options->at_least && (options->if_missing || options->all_users))
		return N_("--at-least excludes --if-missing and --all-users");
	if (options->all_users && options->change.no_account)
		return N_("--all-users and --no-account exclude each other");
	if (options->strict && options->policy.allow_overlap)
		return N_("--strict and --allow-overlap exclude each other");
	return NULL;
}

static int grant_parse(int argc, char **argv, struct grant_options *options)
{
	const char *why;
	int r;

	options->min_uid = options->max_uid = UINT64_MAX;
	r = verb_parse(&verb_grant, argc, argv, options);
	if (r)
		return r;
	options->users = argv + optind;
	options->n_users = (size_t)(argc - optind);
	why = contradiction(options);
	if (!why)
		return 0;
	report_line(PROGRAM, "%s", _(why));
	return verb_misuse(&verb_grant);
}

static int collect_users(struct grant *grant, const struct accounts *roster)
{
	const struct grant_options *options = &grant->options;
	const struct settings *settings = &grant->allocate.settings;
	struct grant_users_filter filter = { .group = options->group };

	for (size_t i = 0; i < options->n_users; i++) {
		int r = grant_users_add(&grant->crowd, options->users[i]);

		if (r)
			return r;
	}
	if (options->n_users > 0)
		return 0;
	if (options->batch)
		return grant_users_read(&grant->crowd, options->batch);
	if (options->uids.end > 0)
		return grant_users_add_uids(&grant->crowd, options->uids);
	filter.uids.start =
		options->min_uid == UINT64_MAX ? settings->uid_min : options->min_uid;
	filter.uids.end = 1 + (options->max_uid == UINT64_MAX ? settings->uid_max :
								options->max_uid);
	/* A directory has its uids elsewhere than local users. */
	filter.network = options->network;
	filter.network_uids = filter.uids;
	if (options->max_uid == UINT64_MAX)
		filter.network_uids.end = ID_NONE;
	return grant_users_add_users(&grant->crowd, &grant->edit, roster, &filter);
}

/* Looks up the users, before the locks are taken. */
static int find_people(struct grant *grant)
{
	CLEANUP(accounts_cleanup) struct accounts roster = { 0 };
	const struct name_service *service = grant->edit.lookup.service;
	bool uids = grant->options.uids.end > 0;
	int r = passwd_file_load(grant->edit.etc, &kind_uid, &roster);

	if (r) {
		report_line(PROGRAM, "%s/passwd: %s", grant->edit.directory,
			    report_error(-r));
		return VERB_UNREADABLE;
	}
	r = collect_users(grant, &roster);
	/* With --uids the name service is not asked who they are. */
	if (uids)
		grant->edit.lookup.service = NULL;
	if (r == 0)
		r = grant_users_resolve(&grant->crowd, &grant->edit, &roster,
					uids || grant->options.change.no_account);
	grant->edit.lookup.service = service;
	return r;
}

/* Sets the requested count or range of each user. */
static void set_items(struct grant *grant)
{
	const struct grant_options *options = &grant->options;
	struct allocate *allocate = &grant->allocate;

	allocate->people = &grant->crowd.people;
	allocate->items = grant->crowd.items;
	allocate->n = grant->crowd.people.n;
	allocate->fixed = options->range.end > 0;
	for (size_t i = 0; i < allocate->n; i++) {
		if (allocate->items[i].count == 0)
			allocate->items[i].count =
				options->at_least ? options->at_least : options->count;
		for (size_t k = 0; k < 2; k++)
			if (allocate->kinds[k])
				allocate->items[i].ranges[k] = options->range;
	}
}

/* Returns whether it matters how many ids a user has, by all names together. */
static bool is_total_wanted(const struct grant *grant)
{
	const struct grant_options *options = &grant->options;
	bool wanted = options->at_least > 0;

	for (size_t i = 0; i < grant->allocate.n; i++)
		wanted |= grant->allocate.items[i].count > 0;
	return wanted && !options->if_missing && !options->all_users && !options->another;
}

/*
 * Finds other names of the users before the locks are taken: to see whether a user
 * already has a range, or how many ids, or the ids of --range.
 */
static int find_user_names(struct grant *grant)
{
	struct owner_set *people = &grant->crowd.people;
	const struct allocate *allocate = &grant->allocate;
	struct edit *edit = &grant->edit;
	const struct range all = { 0, ID_END };
	bool total = is_total_wanted(grant);
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		if (!allocate->kinds[k])
			continue;
		if (allocate->fixed && !allocate->if_missing)
			r = edit_find_people_names(edit, kind_all[k],
						   grant->options.range, people);
		else if (total)
			r = edit_find_people_names(edit, kind_all[k], all, people);
		else if (allocate->if_missing || allocate->if_missing_in_pools ||
			 allocate->at_least)
			r = edit_find_missing_names(edit, kind_all[k], people);
	}
	return r;
}

/* Prepares the allocation. With invalid bounds in login.defs only --range works. */
static int grant_prepare(struct grant *grant)
{
	const struct grant_options *options = &grant->options;
	struct allocate *allocate = &grant->allocate;
	struct settings *settings = &allocate->settings;
	bool exact; /* certain ids, also besides others: --range, or from the uid */
	int r;

	r = options->range.end == 0 ? edit_read_settings(&grant->edit, settings) :
				      edit_names_by_id(&grant->edit, &settings->by_id);
	if (r)
		return r;
	settings->requests[0].align = settings->requests[1].align = options->align;
	allocate->at_least = options->at_least > 0;
	allocate->if_missing = options->if_missing || options->all_users;
	exact = options->range.end > 0 ||
		(settings->deterministic && !allocate->if_missing && !allocate->at_least);
	allocate->if_missing |= !exact && !options->another && !allocate->at_least;
	/* Which users have a pool is not known yet. */
	allocate->if_missing_in_pools =
		exact && options->range.end == 0 && !options->another;
	allocate->mirror = allocate->if_missing || allocate->if_missing_in_pools ||
			   allocate->at_least;
	allocate->above = true;
	allocate->join = true;
	allocate->give_back = !options->another;
	allocate->policy = options->policy;
	if (options->change.dry_run && (options->all_users || options->uids.end > 0))
		allocate->capacity = &grant->capacity;
	r = find_people(grant);
	if (r)
		return r;
	set_items(grant);
	return options->uids.end > 0 ? 0 : find_user_names(grant);
}

/* COUNT 0 in login.defs is valid, but a user who asks for ids will not expect it. */
static void report_zero_count(const struct grant *grant)
{
	const struct allocate *allocate = &grant->allocate;

	for (size_t k = 0; k < 2; k++)
		if (allocate->kinds[k] && !allocate->fixed && grant->options.count == 0 &&
		    allocate->settings.requests[k].count == 0)
			report_line(PROGRAM,
				    _("note: %s is 0 in %s/login.defs: no %ss are "
				      "allocated unless --count says how many"),
				    kind_all[k]->conf_count, grant->edit.directory,
				    kind_all[k]->id);
}

/* Returns whether the range of a user follows from the uid by login.defs. */
static bool is_deterministic(const struct grant *grant, size_t i)
{
	return grant->crowd.people.items[i].status == OWNER_SET_KNOWN &&
	       !grant->crowd.items[i].assign;
}

/* Rejects options that choose size or place of ranges that follow from uids. */
static int check_choices(const struct grant *grant)
{
	const struct grant_options *options = &grant->options;
	bool chosen = false;

	for (size_t i = 0; i < grant->crowd.people.n; i++) {
		if (!is_deterministic(grant, i))
			continue;
		/* --at-least may be less than the range that follows from the uid. */
		chosen |= options->align ||
			  (grant->crowd.items[i].count > 0 && !options->at_least);
		if (grant->crowd.people.items[i].uid == OWNER_SET_NO_UID) {
			report_line(PROGRAM,
				    _("%s has no uid, and by SUB_UID_DETERMINISTIC in "
				      "%s/login.defs the range follows from it: "
				      "use --range"),
				    owner_set_name(&grant->crowd.people, i),
				    grant->edit.directory);
			return VERB_NONE;
		}
	}
	if (!chosen)
		return 0;
	report_line(PROGRAM,
		    _("by SUB_UID_DETERMINISTIC in %s/login.defs size and place follow "
		      "from the uid: no count and no alignment can be chosen"),
		    grant->edit.directory);
	return VERB_USAGE;
}

/* If ranges follow from uids: the policy says to which users that applies. */
static int check_deterministic(struct grant *grant)
{
	struct allocate *allocate = &grant->allocate;
	int r;

	if (!allocate->settings.deterministic || allocate->fixed)
		return 0;
	r = allocate_find_pools(&grant->edit.db, allocate);
	return r ? edit_report_allocation(&grant->edit, allocate, r) :
		   check_choices(grant);
}

static int apply_grant(struct grant *grant)
{
	struct edit *edit = &grant->edit;
	int r;

	r = edit_begin(edit, grant->allocate.kinds);
	if (r)
		return r;
	edit->db.in_use.thorough = grant->options.thorough;
	edit->db.in_use.strict = grant->options.strict;
	r = check_deterministic(grant);
	if (r)
		return r;
	r = allocate_ranges(&edit->db, &grant->allocate);
	grant_report_service(grant);
	if (r == DB_FULL)
		report_line(
			PROGRAM, _("%s gets no %ss"),
			owner_set_name(&grant->crowd.people, grant->allocate.full.item),
			grant->allocate.full.kind->id);
	r = edit_report_allocation(edit, &grant->allocate, r);
	if (r == 0)
		r = grant_check_strict(grant);
	if (r == 0)
		r = grant_check_fewer(grant);
	if (r && (grant->crowd.source || grant->crowd.people.n > 1))
		report_line(PROGRAM, _("nothing is changed"));
	return r;
}

static int grant_work(struct grant *grant)
{
	bool to_record;
	int r;

	r = change_prepare(&grant->edit, &verb_grant, &grant->options.change,
			   grant->allocate.kinds);
	if (r == 0)
		r = grant_prepare(grant);
	if (r)
		return r;
	report_zero_count(grant);
	r = apply_grant(grant);
	change_forget_empty(&grant->edit);
	r = edit_finish(&grant->edit, r, &to_record);
	if (to_record && r != VERB_FINDINGS && r != VERB_USAGE)
		grant_record(grant, r);
	if (r == DB_FULL || r == DB_CONFLICT)
		grant_show_refused(grant);
	if (r)
		return r;
	r = grant_show(grant);
	grant_report_capacity(grant);
	grant_report_retired(grant);
	grant_report_held(grant);
	return r;
}

static int grant_run(int argc, char **argv)
{
	CLEANUP(grant_cleanup)
	struct grant grant = { .edit = EDIT(PROGRAM) };
	int r = grant_parse(argc, argv, &grant.options);

	grant.edit.create = true;
	grant.edit.change = EDIT_GRANTS;
	return r ? r : grant_work(&grant);
}

static const struct option_row grant_rows[] = {
	{ 0, "count", N_("N"), N_("how many ids; default: login.defs(5)"),
	  OPTION_INTO(struct grant_options, count), .min = 1, .max = ID_END },
	{ 0, "range", N_("FIRST-LAST"), N_("exactly these ids"),
	  OPTION_INTO(struct grant_options, range) },
	{ 0, "align", N_("N"), N_("the first one is a multiple of N"),
	  OPTION_INTO(struct grant_options, align), .min = 1, .max = ID_END },
	{ 0, "another", NULL, N_("also to a user who has a range"),
	  OPTION_INTO(struct grant_options, another) },
	{ 0, "at-least", N_("N"), N_("add ids until the user has N"),
	  OPTION_INTO(struct grant_options, at_least), .min = 1, .max = ID_END },
	{ 0, "if-missing", NULL, N_("no message about users who have a range"),
	  OPTION_INTO(struct grant_options, if_missing) },
	{ 0, "batch", N_("FILE"),
	  N_("to the users in FILE, each in a line USER[:COUNT]; - is stdin"),
	  OPTION_INTO(struct grant_options, batch), .completes = COMPLETE_FILES },
	{ 0, "all-users", NULL, N_("to all local users who have none,"),
	  OPTION_INTO(struct grant_options, all_users) },
	{ 0, "network", NULL, N_("... and to those of the name service,"),
	  OPTION_INTO(struct grant_options, network) },
	{ 0, "min-uid", N_("N"), N_("... from this uid on,"),
	  OPTION_INTO(struct grant_options, min_uid), .max = ID_NONE - 1 },
	{ 0, "max-uid", N_("N"), N_("... up to this one,"),
	  OPTION_INTO(struct grant_options, max_uid), .max = ID_NONE - 1 },
	{ 0, "group", N_("GROUP"), N_("... of this group"),
	  OPTION_INTO(struct grant_options, group), .completes = COMPLETE_GROUPS },
	{ 0, "uids", N_("FIRST-LAST"),
	  N_("to these uids, whether accounts have them or not"),
	  OPTION_INTO(struct grant_options, uids) },
	{ 0, "allow-overlap", NULL, N_("also ids that others have"),
	  OPTION_INTO(struct grant_options, policy.allow_overlap) },
	{ 0, "allow-root", NULL, N_("also id 0"),
	  OPTION_INTO(struct grant_options, policy.allow_root) },
	{ 0, "allow-reserved", NULL, N_("also ids that systemd uses"),
	  OPTION_INTO(struct grant_options, policy.allow_reserved) },
	{ 0, "strict", NULL, N_("give nothing unless all ids are known to be free"),
	  OPTION_INTO(struct grant_options, strict) },
	{ 0, "thorough", NULL, N_("ask the name service for longer"),
	  OPTION_INTO(struct grant_options, thorough) },
	{ 0, "verbose", NULL, N_("report how many ids the name service was asked about"),
	  OPTION_INTO(struct grant_options, verbose) },
	{ .name = NULL },
};

static const struct option_group grant_options[] = {
	{ grant_rows, 0 },
	{ change_account_rows, offsetof(struct grant_options, change) },
	{ change_rows, offsetof(struct grant_options, change) },
	{ verb_root_rows, offsetof(struct grant_options, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row grant_examples[] = {
	{ "subid grant anna bob", N_("a range of uids and gids for each") },
	{ "subid grant --range 200000-265535 anna", N_("exactly this range") },
	{ "subid grant --at-least 131072 anna", N_("add ids until anna has that many") },
	{ "subid grant --all-users --dry-run",
	  N_("show what users without a range would get") },
	{ .term = NULL },
};

const struct verb verb_grant = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " grant",
		.usage = N_("[OPTION]... USER... | --batch FILE | --all-users"),
		.summary = N_("Give ranges to users"),
		.options = grant_options,
		.arguments = { COMPLETE_USERS, COMPLETE_USERS },
		.examples = grant_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_WRITE | VERB_EXIT(VERB_FINDINGS) |
			 VERB_EXIT(VERB_NONE) | VERB_EXIT(VERB_POLICY),
		.page = "subid-grant(8)",
	},
	.run = grant_run,
	.writes = true,
};
