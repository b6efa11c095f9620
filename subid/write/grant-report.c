// SPDX-License-Identifier: BSD-3-Clause
/*
 * grant-report: reports how many ids the name service was asked for, and the granted
 * ranges with their owners.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/allocation.h"
#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/retired.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/capacity-report.h"
#include "subid/verb/former.h"
#include "subid/write/grant.h"

/* Reports services in nsswitch.conf(5) that are not installed. */
static void report_missing(struct grant *grant, const struct kind *kind)
{
	CLEANUP(cleanup_free) char *words = NULL;

	if (nss_client_missing(&grant->edit.asker, kind, &words) == 0 && words[0] != '\0')
		report_line(PROGRAM,
			    _("note: %s, %s: services that are not installed: %s"),
			    NAME_SERVICE_CONF, kind->accounts, words);
}

/*
 * Reports how many ids the name service was asked for, if it has remote services: with
 * --verbose, and for several users if it was not asked for all ids.
 */
void grant_report_service(struct grant *grant)
{
	const struct grant_options *options = &grant->options;
	const struct db *db = &grant->edit.db;
	const char *words[] = { db->nsswitch.passwd, db->nsswitch.group };
	bool remote = db->in_use.remote[0] || db->in_use.remote[1];

	if (remote &&
	    (options->verbose || (options->n_users == 0 && db->in_use.largest > 0)))
		allocation_report_asked(PROGRAM, &db->in_use);
	for (size_t k = 0; k < 2 && options->verbose; k++)
		if (nsswitch_has_others(words[k]))
			report_missing(grant, kind_all[k]);
}

/* With --strict, refuses if the name service was not asked for all ids. */
int grant_check_strict(struct grant *grant)
{
	struct edit *edit = &grant->edit;
	const struct ids_in_use_service *in_use = &edit->db.in_use;

	if (!grant->options.strict ||
	    (!in_use->silent && in_use->largest == 0 && !edit->unnamed))
		return 0;
	report_line(PROGRAM,
		    _("the name service was not asked about all ids, or did not answer: "
		      "by --strict nothing is given"));
	return EDIT_UNKNOWN_USER;
}

static bool is_placed(const struct allocate_item *item)
{
	return allocate_is_placed(item, 0) || allocate_is_placed(item, 1);
}

/* Reports who had the ids that others got after the days of the rule `retire`. */
static void report_former_of(const struct grant *grant, struct former *former, size_t i,
			     size_t k)
{
	const struct table *old = &grant->edit.texts.old[k];
	struct range range = grant->allocate.items[i].ranges[k], ids;
	char name[LIMIT_OWNER_BYTES + 1], date[FORMER_DATE_BYTES];
	struct table_near near = { .next = 0 };
	struct former_owner owner;

	while (range.end > 0 && table_next_near(old, range, &near)) {
		const struct entry *entry = &near.reading->entry;

		if (!retired_is(entry, NULL) || entry->owner_len >= sizeof(name) ||
		    !range_intersect(entry->range, range, &ids))
			continue;
		memcpy(name, entry->owner, entry->owner_len);
		name[entry->owner_len] = '\0';
		former_find(former, kind_all[k], ids.start, name, &owner);
		report_line(PROGRAM,
			    _("note: %ss %" PRIu64 "-%" PRIu64
			      " were those of %s until %s: files that have them are "
			      "those of %s now; 'subid files DIR' shows files"),
			    kind_all[k]->id, ids.start, ids.end - 1, owner.name,
			    former_date(owner.epoch, date),
			    owner_set_name(&grant->crowd.people, i));
	}
}

static void report_former(const struct grant *grant)
{
	CLEANUP(former_cleanup)
	struct former former = { .root = grant->options.change.common.root };

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; retired_are_any(&grant->edit.texts.old[k]) &&
				   i < grant->allocate.n;
		     i++)
			report_former_of(grant, &former, i, k);
}

/* Reports who got retired ids back, and which new ranges have retired ids of other
 * owners. */
void grant_report_retired(const struct grant *grant)
{
	for (size_t i = 0; i < grant->allocate.n; i++) {
		uint64_t epoch = grant->allocate.items[i].retired;
		char date[FORMER_DATE_BYTES];

		if (epoch > 0)
			report_line(PROGRAM,
				    _("note: %s gets the ids back that were retired on "
				      "%s"),
				    owner_set_name(&grant->crowd.people, i),
				    former_date(epoch, date));
	}
	report_former(grant);
}

/* Whether the user of item @i gets nothing, since there are a range or these ids already.
 */
static bool is_content(const struct grant *grant, size_t i)
{
	const struct allocate_item *item = &grant->allocate.items[i];

	if (grant->crowd.people.items[i].status != OWNER_SET_KNOWN || item->retired)
		return false;
	return is_placed(item) ? !item->gets_any : item->held[0] + item->held[1] > 0;
}

/* Reports a user who has some ids of a kind, but not as many as --count. */
static void report_fewer(const struct grant *grant, size_t i, size_t k)
{
	const struct allocate_item *item = &grant->allocate.items[i];

	report_line(PROGRAM,
		    _("%s has %" PRIu64 " %ss, fewer than %" PRIu64
		      "; --at-least %" PRIu64
		      " adds what is missing, --another adds %" PRIu64),
		    owner_set_name(&grant->crowd.people, i), item->held[k],
		    kind_all[k]->id, item->count, item->count, item->count);
}

/* Refuses if a user has some ids, but fewer than --count or the list says. */
int grant_check_fewer(const struct grant *grant)
{
	const struct grant_options *options = &grant->options;
	const struct allocate *allocate = &grant->allocate;
	int r = 0;

	if (options->if_missing || options->all_users)
		return 0;
	for (size_t i = 0; i < allocate->n; i++)
		for (size_t k = 0; k < 2; k++)
			if (allocate_is_if_missing(allocate, &allocate->items[i]) &&
			    allocate->items[i].held[k] > 0 &&
			    allocate->items[i].held[k] < allocate->items[i].count) {
				report_fewer(grant, i, k);
				r = VERB_FINDINGS;
			}
	return r;
}

static void report_one_held(const struct grant *grant, size_t i)
{
	const struct allocate_item *item = &grant->allocate.items[i];
	const char *name = owner_set_name(&grant->crowd.people, i);
	const char *hint = grant->allocate.at_least ? "" : _("; --another adds a range");

	if (is_placed(item))
		report_line(PROGRAM, _("note: %s already has these ids"), name);
	else if (grant->allocate.kinds[0] && grant->allocate.kinds[1])
		report_line(
			PROGRAM,
			_("note: %s already has %" PRIu64 " uids and %" PRIu64 " gids%s"),
			name, item->held[0], item->held[1], hint);
	else
		report_line(PROGRAM, _("note: %s already has %" PRIu64 " %ss%s"), name,
			    item->held[grant->allocate.kinds[1]],
			    kind_all[grant->allocate.kinds[1]]->id, hint);
}

/* Reports who gets nothing because of ids that the user has. */
void grant_report_held(const struct grant *grant)
{
	const struct grant_options *options = &grant->options;
	size_t n = 0;

	if (options->if_missing || options->all_users)
		return;
	for (size_t i = 0; i < grant->allocate.n; i++) {
		if (!is_content(grant, i))
			continue;
		n++;
		if (options->n_users > 0)
			report_one_held(grant, i);
	}
	if (n > 0 && options->n_users == 0)
		report_line(PROGRAM, _("note: users who already have their ids: %zu"), n);
}

static const char *grant_reason(size_t i, bool changed, const void *context)
{
	const struct grant *grant = context;

	return changed ? "granted" : is_content(grant, i) ? "held" : "no-count";
}

static struct capacity_report capacity_of(const struct grant *grant)
{
	return (struct capacity_report){
		.list = &grant->capacity,
		.files = &grant->allocate.site,
		.root = grant->edit.root,
		.directory = grant->edit.directory,
		.asked = true,
	};
}

/* Reports for how many users there is room. */
void grant_report_capacity(const struct grant *grant)
{
	struct capacity_report report = capacity_of(grant);

	if (grant->edit.form == EDIT_LINES)
		capacity_report_text(&report);
}

/* Shows what was given, or would be with --dry-run. */
int grant_show(struct grant *grant)
{
	struct capacity_report report = capacity_of(grant);

	grant->edit.print_more = grant->allocate.capacity ? capacity_report_json : NULL;
	grant->edit.more_context = &report;
	return change_show(&grant->edit, &grant->crowd.people, grant_reason, grant);
}

/* Reports for how many users there is room if not all of them fit, so that none gets
 * ids. */
void grant_show_refused(struct grant *grant)
{
	struct capacity_report report = capacity_of(grant);
	struct json json;

	if (!grant->allocate.capacity)
		return;
	grant_report_capacity(grant);
	if (grant->edit.form != EDIT_JSON)
		return;
	json_begin_document(&json);
	json_boolean(&json, "changed", false);
	json_boolean(&json, "dry_run", true);
	json_begin(&json, "users", '[');
	json_end(&json, ']');
	capacity_report_json(&json, &report);
	json_end(&json, '}');
}

/* Returns the range that a user got, or got back. */
static struct range range_of_item(const struct allocate_item *item, size_t k)
{
	if (item->ranges[k].end == 0)
		return item->back[k];
	return item->back[k].end == 0 ? item->ranges[k] :
					range_span(item->ranges[k], item->back[k]);
}

/* Returns the span of the granted ranges, or of the requested ones after a refusal. */
static struct range granted_span(const struct grant *grant, size_t k)
{
	struct range all = { 0 };

	for (size_t i = 0; i < grant->allocate.n; i++) {
		struct range range = range_of_item(&grant->allocate.items[i], k);

		if (range.end > 0)
			all = range_span(all, range);
	}
	return all;
}

/* Writes `grant uids=5-6 gids=5-6` or, for many, `grant users=2 uids=...`. */
static void describe_grant(char text[static CHANGE_TEXT_BYTES], size_t users,
			   struct range uids, struct range gids)
{
	int r = users == 0 ? snprintf(text, CHANGE_TEXT_BYTES, "grant") :
			     snprintf(text, CHANGE_TEXT_BYTES, "grant users=%zu", users);
	size_t n = r < 0 ? 0 : (size_t)r;

	n = change_describe(text, n, &kind_uid, uids);
	change_describe(text, n, &kind_gid, gids);
}

/* Describes the ranges of one user. Returns the login name; NULL: no range. */
static const char *describe_one(size_t i, char text[static CHANGE_TEXT_BYTES],
				const void *context)
{
	const struct grant *grant = context;
	const struct allocate_item *item = &grant->allocate.items[i];
	const struct range uids = range_of_item(item, 0), gids = range_of_item(item, 1);

	if (uids.end == 0 && gids.end == 0)
		return NULL;
	describe_grant(text, 0, uids, gids);
	return owner_set_login(&grant->crowd.people, i);
}

/* A batch gets one record in the audit log and one syslog line for each user. */
void grant_record(const struct grant *grant, int status)
{
	size_t n = grant->allocate.n, users = n;
	char text[CHANGE_TEXT_BYTES];

	if (grant->options.n_users == 1) {
		describe_grant(text, 0, granted_span(grant, 0), granted_span(grant, 1));
		edit_record(&grant->edit, owner_set_login(&grant->crowd.people, 0), text,
			    status == 0);
		return;
	}
	for (size_t i = 0; status == 0 && i < n; i++)
		users -= describe_one(i, text, grant) == NULL;
	describe_grant(text, users, granted_span(grant, 0), granted_span(grant, 1));
	if (status)
		edit_record(&grant->edit, NULL, text, false);
	else
		edit_record_each(&grant->edit, text, n, describe_one, grant);
}
