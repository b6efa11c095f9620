// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy: shows the rules of subid.d(5), or those that apply to one user. Rules with
 * errors are reported; the others are shown all the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/allocation.h"
#include "command/known-users.h"
#include "command/policy-report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/settings.h"
#include "libsubid/user/owner.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/site.h"
#include "subid/verb/verb.h"

enum {
	COLUMN_RULE,
	COLUMN_WHO,
	COLUMN_POOL,
	COLUMN_KIND,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_COUNT,
	COLUMN_DETAILS,
	COLUMN_FILE,
	COLUMN_LINE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_RULE] = { .name = "RULE" },
	[COLUMN_WHO] = { .name = "WHO", .wrap = true },
	[COLUMN_POOL] = { .name = "POOL", .wrap = true },
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_COUNT] = { .name = "COUNT", .type = OUTPUT_NUMBER },
	[COLUMN_DETAILS] = { .name = "DETAILS", .wrap = true },
	[COLUMN_FILE] = { .name = "FILE", .wrap = true },
	[COLUMN_LINE] = { .name = "LINE", .type = OUTPUT_NUMBER },
};

static const struct output_columns policy_columns = { columns, N_COLUMNS };

struct policy_verb {
	struct verb_options options;
	const char *user; /* NULL: all rules */
	struct verb_place place;
	struct site site;
	struct owner owner; /* the user with all names */
	struct output output;
};

static void policy_verb_cleanup(struct policy_verb *verb)
{
	site_cleanup(&verb->site);
	owner_cleanup(&verb->owner);
	output_cleanup(&verb->output);
}

/* One row. Its texts are cut off rather than lost. */
struct policy_row {
	const char *rule;
	char who[LIMIT_LINE_BYTES + 1];
	char pool[LIMIT_OWNER_BYTES + 1];
	const char *kind;
	struct range ids; /* end 0: none */
	uint64_t count;	  /* 0: none */
	char details[LIMIT_LINE_BYTES + 1];
	char file[PATH_MAX];
	uint32_t line; /* 0: none */
};

static void put_policy_word(char *text, size_t size, struct policy_word word)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%.*s", n ? " " : "", (int)word.len, word.text);
}

static int show_row(struct policy_verb *verb, const struct policy_row *row)
{
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	char count[OUTPUT_NUMBER_BYTES], line[OUTPUT_NUMBER_BYTES];
	bool ids = row->ids.end > 0;
	const char *cells[N_COLUMNS] = {
		[COLUMN_RULE] = row->rule,
		[COLUMN_WHO] = row->who[0] ? row->who : NULL,
		[COLUMN_POOL] = row->pool[0] ? row->pool : NULL,
		[COLUMN_KIND] = row->kind,
		[COLUMN_FIRST] = ids ? output_number(row->ids.start, first) : NULL,
		[COLUMN_LAST] = ids ? output_number(row->ids.end - 1, last) : NULL,
		[COLUMN_COUNT] = row->count ? output_number(row->count, count) : NULL,
		[COLUMN_DETAILS] = row->details[0] ? row->details : NULL,
		[COLUMN_FILE] = row->file,
		[COLUMN_LINE] = row->line ? output_number(row->line, line) : NULL,
	};

	return output_row(&verb->output, cells, NULL);
}

/* Begins a row with the place of its rule. */
static struct policy_row start_row(const struct policy_verb *verb, const char *rule,
				   struct policy_place place)
{
	struct policy_row row = { .rule = rule, .line = place.line };
	const char *root = verb->options.root;

	snprintf(row.file, sizeof(row.file), "%s%s", etc_image_prefix(root),
		 verb->site.files.files[place.file].path);
	return row;
}

static int show_reserve(struct policy_verb *verb, const struct policy_reserve *reserve)
{
	struct policy_row row = start_row(verb, "reserve", reserve->place);

	row.kind = !reserve->kinds[1] ? "uid" : !reserve->kinds[0] ? "gid" : "uid,gid";
	row.ids = reserve->ids;
	put_policy_word(row.details, sizeof(row.details), reserve->why);
	return show_row(verb, &row);
}

static int show_pool(struct policy_verb *verb, const struct policy_pool *pool)
{
	struct policy_row row = start_row(verb, "pool", pool->place);

	put_policy_word(row.pool, sizeof(row.pool), pool->name);
	row.kind = "uid,gid";
	row.ids = pool->ids;
	row.count = pool->count;
	if (pool->align)
		snprintf(row.details, sizeof(row.details), "align=%" PRIu64, pool->align);
	return show_row(verb, &row);
}

static struct policy_row row_of_assign(const struct policy_verb *verb,
				       const struct policy_assign *assign)
{
	struct policy_row row = start_row(verb, "assign", assign->place);

	if (assign->by == POLICY_BY_UIDS)
		snprintf(row.who, sizeof(row.who), "uids=%" PRIu64 "-%" PRIu64,
			 assign->uids.start, assign->uids.end - 1);
	else
		snprintf(row.who, sizeof(row.who), "%s=%.*s",
			 assign->by == POLICY_BY_GROUP ? "group" : "user",
			 (int)assign->name.len, assign->name.text);
	put_policy_word(row.pool, sizeof(row.pool), assign->where);
	row.count = assign->count;
	if (assign->by_uid)
		snprintf(row.details, sizeof(row.details), "by-uid=%" PRIu64,
			 assign->base);
	if (assign->login)
		put_policy_word(row.details, sizeof(row.details),
				(struct policy_word){ "login", 5 });
	return row;
}

/* Shows the names of the line `share` that begins at @first. */
static int show_share(struct policy_verb *verb, size_t first)
{
	const struct policy *policy = &verb->site.files.policy;
	struct policy_row row = start_row(verb, "share", policy->shares[first].place);
	size_t end = policy_share_end(policy, first);

	for (size_t i = first; i < end; i++)
		put_policy_word(row.who, sizeof(row.who), policy->shares[i].owner);
	return show_row(verb, &row);
}

static int show_owner(struct policy_verb *verb, const struct policy_owner *owner)
{
	struct policy_row row = start_row(verb, "owner", owner->place);

	put_policy_word(row.who, sizeof(row.who), owner->name);
	return show_row(verb, &row);
}

static int show_retire(struct policy_verb *verb, const struct policy_retire *retire)
{
	struct policy_row row = start_row(verb, "retire", retire->place);

	if (retire->how == POLICY_RETIRE_DAYS)
		snprintf(row.details, sizeof(row.details), "days=%" PRIu64, retire->days);
	else
		snprintf(row.details, sizeof(row.details), "%s",
			 retire->how == POLICY_RETIRE_OFF ? "off" : "forever");
	return show_row(verb, &row);
}

static int show_all_rules(struct policy_verb *verb)
{
	const struct policy *policy = &verb->site.files.policy;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_reserves; i++)
		r = show_reserve(verb, &policy->reserves[i]);
	for (size_t i = 0; r == 0 && i < policy->n_pools; i++)
		r = show_pool(verb, &policy->pools[i]);
	for (size_t i = 0; r == 0 && i < policy->n_assigns; i++) {
		struct policy_row row = row_of_assign(verb, &policy->assigns[i]);

		r = show_row(verb, &row);
	}
	for (size_t i = 0; r == 0 && i < policy->n_shares;
	     i = policy_share_end(policy, i))
		r = show_share(verb, i);
	for (size_t i = 0; r == 0 && i < policy->n_owners; i++)
		r = show_owner(verb, &policy->owners[i]);
	if (r == 0 && policy->retire.how)
		r = show_retire(verb, &policy->retire);
	return r;
}

/*
 * The rules for one user.
 */

/* Returns whether a line of this owner would be the user's. */
static bool names_user(void *context, struct policy_word word)
{
	struct policy_verb *verb = context;
	struct entry entry = { .owner_len = 0 };

	entry_set_owner(&entry, word.text, word.len);
	return owner_is(&entry, &verb->owner);
}

/* Whether there may be rules for a user without an account: by the uid, or the name. */
static bool may_have_rules(struct policy_verb *verb)
{
	const struct policy *policy = &verb->site.files.policy;
	bool found = owner_is_number(verb->user, strlen(verb->user));

	for (size_t i = 0; i < policy->n_assigns; i++)
		found |= policy->assigns[i].by == POLICY_BY_USER &&
			 names_user(verb, policy->assigns[i].name);
	for (size_t i = 0; i < policy->n_shares; i++)
		found |= names_user(verb, policy->shares[i].owner);
	for (size_t i = 0; i < policy->n_owners; i++)
		found |= names_user(verb, policy->owners[i].name);
	return found;
}

/* Looks the user up; one without an account may have rules, too. */
static int find_policy_user(struct policy_verb *verb)
{
	int r = owner_find(&verb->owner, verb->user, &verb->site.lookup, true);

	if (r >= 0 && owner_has_account(&verb->owner))
		return 0;
	if (r >= 0 && may_have_rules(verb)) {
		report_line(PROGRAM, _("note: user '%s' does not exist"), verb->user);
		return 0;
	}
	if (r >= 0) {
		report_line(PROGRAM, _("user '%s' does not exist"), verb->user);
		known_users_suggest(PROGRAM, verb->place.directory, verb->user);
		return VERB_NO_USER;
	}
	report_line(PROGRAM, _("user '%s' is not known: %s"), verb->user,
		    report_not_known(r));
	return VERB_UNREADABLE;
}

/* Shows the bounds of login.defs(5), which hold without a pool. */
static int show_bounds(struct policy_verb *verb)
{
	struct policy_row row = { .rule = "login.defs" };
	struct settings_error error;
	struct settings settings;
	int r = settings_read(verb->place.directory, &settings, &error);

	if (r) {
		allocation_report_settings(PROGRAM, verb->place.etc, &error, r);
		return VERB_UNREADABLE;
	}
	put_policy_word(row.who, sizeof(row.who),
			(struct policy_word){ verb->user, strlen(verb->user) });
	snprintf(row.details, sizeof(row.details), "%s",
		 settings.deterministic ? "SUB_UID_DETERMINISTIC" : "");
	snprintf(row.file, sizeof(row.file), "%.*s/login.defs", PATH_MAX - 16,
		 verb->place.etc);
	for (size_t k = 0; r == 0 && k < 2; k++) {
		row.kind = kind_all[k]->id;
		row.ids = settings.requests[k].bounds;
		row.count = settings.requests[k].count;
		r = show_row(verb, &row);
	}
	return r;
}

static int show_assigned(struct policy_verb *verb, const struct policy_assign *assign)
{
	const struct policy *policy = &verb->site.files.policy;
	struct policy_row row = row_of_assign(verb, assign);
	char place[POLICY_PLACE_BYTES];

	row.kind = "uid,gid";
	row.ids = policy->pools[assign->pool].ids;
	if (assign->by_uid &&
	    policy_place_by_uid(policy, assign, verb->owner.account.uid, &row.ids)) {
		row.ids.end = 0;
		policy_place_text(&verb->site.files, verb->options.root, assign->place,
				  place);
		report_line(PROGRAM, _("%s: uid %u has no place in pool '%s'"), place,
			    verb->owner.account.uid, row.pool);
	}
	return show_row(verb, &row);
}

static int show_shared(struct policy_verb *verb)
{
	const struct policy *policy = &verb->site.files.policy;
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < policy->n_shares; i = end) {
		bool named = false;

		end = policy_share_end(policy, i);
		for (size_t j = i; j < end; j++)
			named |= names_user(verb, policy->shares[j].owner);
		if (named)
			r = show_share(verb, i);
	}
	for (size_t i = 0; r == 0 && i < policy->n_owners; i++)
		if (names_user(verb, policy->owners[i].name))
			r = show_owner(verb, &policy->owners[i]);
	return r;
}

static int show_rules_of_user(struct policy_verb *verb)
{
	const struct site_user user = {
		.account = owner_has_account(&verb->owner) ? &verb->owner.account : NULL,
		.uid = verb->owner.account.uid,
		.is_named = names_user,
		.context = verb,
	};
	const struct policy_assign *assign;
	int r = site_resolve(&verb->site, &user, &assign);

	if (r)
		return r;
	r = assign ? show_assigned(verb, assign) : show_bounds(verb);
	return r ? r : show_shared(verb);
}

static int policy_parse(int argc, char **argv, struct policy_verb *verb)
{
	int r = verb_parse(&verb_policy, argc, argv, verb);

	if (r || optind == argc)
		return r;
	report_line(PROGRAM,
		    _("no argument is expected: '%s'; --for USER shows the rules "
		      "for a user"),
		    argv[optind]);
	return verb_misuse(&verb_policy);
}

static int policy_run(int argc, char **argv)
{
	CLEANUP(policy_verb_cleanup)
	struct policy_verb verb = { .site = SITE_NONE, .output = OUTPUT_NONE };
	int r = policy_parse(argc, argv, &verb);

	if (r == 0)
		r = verb_find_place(verb.options.root, &verb.place);
	if (r)
		return r;
	r = site_read(&verb.site, &verb.place, verb.options.root);
	if (r)
		return r;
	/* Rules with errors say nothing about a user. */
	if (verb.site.wrong && verb.user)
		return VERB_UNREADABLE;
	r = verb.user ? site_find_lookup(&verb.site, &verb.place) : 0;
	if (r == 0 && verb.user)
		r = find_policy_user(&verb);
	if (r == 0)
		r = output_start(&verb.output, "rules", columns, N_COLUMNS,
				 &verb.options.output);
	if (r)
		return r;
	r = verb.user ? show_rules_of_user(&verb) : show_all_rules(&verb);
	return output_end(&verb.output, r		? r :
					verb.site.wrong ? VERB_UNREADABLE :
							  VERB_DONE);
}

static const struct option_row policy_rows[] = {
	{ '\0', "for", N_("USER"), N_("only what applies to this user"),
	  OPTION_INTO(struct policy_verb, user), .completes = COMPLETE_USERS },
	{ .name = NULL },
};

static const struct option_group policy_options[] = {
	{ policy_rows, 0 },
	{ verb_output_rows, offsetof(struct policy_verb, options) },
	{ verb_root_rows, offsetof(struct policy_verb, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row policy_examples[] = {
	{ "subid policy", N_("all rules, and where they are") },
	{ "subid policy --for elsa", N_("which pool elsa gets ids from") },
	{ .term = NULL },
};

const struct verb verb_policy = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " policy",
		.usage = N_("[OPTION]..."),
		.summary = N_("Show the rules of subid.d(5), or what applies to a user"),
		.options = policy_options,
		.examples = policy_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_NO_USER),
		.page = "subid-policy(8)",
	},
	.run = policy_run,
	.columns = { &policy_columns },
};
