// SPDX-License-Identifier: BSD-3-Clause
/*
 * capacity-report: one paragraph, or object, for each pool and for the ids outside pools.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "command/policy-report.h"
#include "libsubid/core/num.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/capacity-report.h"
#include "subid/verb/verb.h"

#define TEXT_BYTES 1024

/* The texts of one obstacle. */
struct obstacle_text {
	const char *what;      /* a word for JSON */
	char note[TEXT_BYTES]; /* for people */
};

/* Prints a line: a note of a command that gives ids, otherwise on standard output. */
static void say(const struct capacity_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct capacity_report *report, const char *format, ...)
{
	char text[2 * TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (report->asked)
		report_line(PROGRAM, _("note: %s"), text);
	else
		printf("%s\n", text);
}

static bool are_equal(const struct capacity *capacity)
{
	const struct alloc_request *requests = capacity->requests;

	return capacity->kinds[0] && capacity->kinds[1] &&
	       range_equals(requests[0].bounds, requests[1].bounds) &&
	       requests[0].count == requests[1].count;
}

/* uid, gid or both. */
static const char *kind_word(const bool kinds[static 2])
{
	return kinds[0] && kinds[1] ? "both" : kinds[0] ? "uid" : "gid";
}

static const char *ids_word(const bool kinds[static 2])
{
	return kinds[0] && kinds[1] ? _("ids") : kinds[0] ? _("uids") : _("gids");
}

/* Writes where the ids are, as `/etc/login.defs`. */
static void write_place(const struct capacity_report *report,
			const struct capacity *capacity, char text[static TEXT_BYTES])
{
	char place[POLICY_PLACE_BYTES];

	if (!capacity->pool) {
		snprintf(text, TEXT_BYTES, "%.512s/login.defs", report->directory);
		return;
	}
	policy_place_text(report->files, report->root, capacity->pool->place, place);
	snprintf(text, TEXT_BYTES, _("pool '%.*s' (%.512s)"),
		 (int)capacity->pool->name.len, capacity->pool->name.text, place);
}

static void say_bounds(const struct capacity_report *report,
		       const struct capacity *capacity)
{
	char place[TEXT_BYTES];
	bool equal = are_equal(capacity);

	write_place(report, capacity, place);
	for (size_t k = 0; k < (equal ? 1 : 2); k++) {
		const struct alloc_request *request = &capacity->requests[k];
		const bool kinds[] = { equal || k == 0, equal || k == 1 };

		if (capacity->kinds[k] && request->bounds.start < request->bounds.end)
			say(report,
			    _("%s: %s %" PRIu64 "-%" PRIu64 ", %" PRIu64
			      " for each user"),
			    place, ids_word(kinds), request->bounds.start,
			    request->bounds.end - 1, request->count);
	}
}

static void describe_rule(const struct capacity_report *report,
			  const struct policy_reserve *rule, char text[static TEXT_BYTES])
{
	char place[POLICY_PLACE_BYTES];

	policy_place_text(report->files, report->root, rule->place, place);
	snprintf(text, TEXT_BYTES, _("reserved by %.512s%s%.*s"), place,
		 rule->why.len ? ": " : "", (int)rule->why.len, rule->why.text);
}

static void describe_obstacle(const struct capacity_report *report,
			      const struct capacity_obstacle *obstacle,
			      struct obstacle_text *ret_text)
{
	char *note = ret_text->note;

	switch (obstacle->what) {
	case CAPACITY_RESERVED:
		ret_text->what = "reserved";
		snprintf(note, TEXT_BYTES, "%s", _(obstacle->reserved->what));
		break;
	case CAPACITY_RULE:
		ret_text->what = "rule";
		describe_rule(report, obstacle->rule, note);
		break;
	case CAPACITY_POOL:
		ret_text->what = "pool";
		snprintf(note, TEXT_BYTES, _("pool '%.*s', for other users"),
			 (int)obstacle->pool->name.len, obstacle->pool->name.text);
		break;
	case CAPACITY_LINES:
		ret_text->what = "lines";
		snprintf(note, TEXT_BYTES, _("ids of lines: %" PRIu64), obstacle->count);
		break;
	case CAPACITY_ACCOUNTS:
		ret_text->what = "accounts";
		snprintf(note, TEXT_BYTES, _("ids of accounts: %" PRIu64),
			 obstacle->count);
		break;
	case CAPACITY_CHOSEN:
		ret_text->what = "chosen";
		snprintf(note, TEXT_BYTES, "%s", _(obstacle->reserved->what));
		break;
	case CAPACITY_LARGE:
		ret_text->what = "large";
		snprintf(note, TEXT_BYTES,
			 _("FreeIPA gives these ids; programs that store ids as "
			   "signed numbers fail"));
		break;
	}
}

static bool is_in_the_way(const struct capacity_obstacle *obstacle)
{
	return obstacle->what < CAPACITY_CHOSEN;
}

static void say_obstacles(const struct capacity_report *report,
			  const struct capacity *capacity)
{
	for (size_t i = 0; i < capacity->n_obstacles; i++) {
		const struct capacity_obstacle *obstacle = &capacity->obstacles[i];
		struct obstacle_text text;

		describe_obstacle(report, obstacle, &text);
		say(report,
		    is_in_the_way(obstacle) ?
			    _("in the way: %s %" PRIu64 "-%" PRIu64 ": %s") :
			    _("can be given, but: %s %" PRIu64 "-%" PRIu64 ": %s"),
		    ids_word(obstacle->kinds), obstacle->ids.start, obstacle->ids.end - 1,
		    text.note);
	}
}

static void say_users(const struct capacity_report *report,
		      const struct capacity *capacity)
{
	if (report->asked && capacity->missing > 0)
		say(report,
		    _("users who need ids: %" PRIu64 "; there is no room for %" PRIu64
		      " of them"),
		    capacity->wanted, capacity->missing);
	else if (report->asked)
		say(report, _("users who need ids: %" PRIu64 "; there is room for all"),
		    capacity->wanted);
	if (capacity->unfit_wanted < ID_NONE)
		say(report, _("the first of them for whom there is none: uid %" PRIu64),
		    capacity->unfit_wanted);
	say(report, _("users without ids for whom there is room: %" PRIu64),
	    capacity->fits);
	if (capacity->by_uid && capacity->uids.end > 0)
		say(report,
		    _("the ids follow from the uids %" PRIu64 "-%" PRIu64
		      "; the first uid that gets none: %" PRIu64),
		    capacity->uids.start, capacity->uids.end - 1, capacity->unfit);
	else if (capacity->by_uid)
		say(report, _("the ids follow from the uids; no uid has a place"));
}

/* Prints the sentences, after an empty line if they follow a table. */
void capacity_report_text(const struct capacity_report *report)
{
	for (size_t i = 0; i < report->list->n; i++) {
		const struct capacity *capacity = &report->list->items[i];

		if (!report->asked)
			printf("\n");
		say_bounds(report, capacity);
		say_users(report, capacity);
		say_obstacles(report, capacity);
	}
}

/*
 * JSON.
 */

static void put_counted_ids(struct json *json, struct range ids, uint64_t count)
{
	json_number(json, "first", ids.start);
	json_number(json, "last", ids.end - 1);
	json_number(json, "count", count);
}

static void put_bounds(struct json *json, const struct capacity *capacity)
{
	bool equal = are_equal(capacity);

	json_begin(json, "bounds", '[');
	for (size_t k = 0; k < (equal ? 1 : 2); k++) {
		const struct alloc_request *request = &capacity->requests[k];
		const bool kinds[] = { equal || k == 0, equal || k == 1 };

		if (!capacity->kinds[k] || request->bounds.start >= request->bounds.end)
			continue;
		json_begin(json, NULL, '{');
		json_text(json, "kind", kind_word(kinds));
		put_counted_ids(json, request->bounds, request->count);
		json_end(json, '}');
	}
	json_end(json, ']');
}

/* Prints a uid, or null. */
static void put_uid_or_null(struct json *json, const char *key, uint64_t uid)
{
	if (uid < ID_NONE)
		json_number(json, key, uid);
	else
		json_text(json, key, NULL);
}

static void put_obstacles(struct json *json, const struct capacity_report *report,
			  const struct capacity *capacity)
{
	json_begin(json, "in_the_way", '[');
	for (size_t i = 0; i < capacity->n_obstacles; i++) {
		const struct capacity_obstacle *obstacle = &capacity->obstacles[i];
		struct obstacle_text text;

		describe_obstacle(report, obstacle, &text);
		json_begin(json, NULL, '{');
		json_text(json, "what", text.what);
		json_text(json, "kind", kind_word(obstacle->kinds));
		put_counted_ids(json, obstacle->ids, obstacle->count);
		json_text(json, "note", text.note);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void put_pool(struct json *json, const struct policy_pool *pool)
{
	char name[LIMIT_OWNER_BYTES + 1];

	if (pool)
		policy_word_copy(pool->name, name);
	json_text(json, "pool", pool ? name : NULL);
}

/* Prints the list "capacity" of a document; @context: a struct capacity_report. */
void capacity_report_json(struct json *json, void *context)
{
	const struct capacity_report *report = context;

	json_begin(json, "capacity", '[');
	for (size_t i = 0; i < report->list->n; i++) {
		const struct capacity *capacity = &report->list->items[i];
		bool has_uids = capacity->by_uid && capacity->uids.end > 0;

		json_begin(json, NULL, '{');
		put_pool(json, capacity->pool);
		put_bounds(json, capacity);
		json_boolean(json, "by_uid", capacity->by_uid);
		json_number(json, "fits", capacity->fits);
		put_uid_or_null(json, "first_uid",
				has_uids ? capacity->uids.start : ID_NONE);
		put_uid_or_null(json, "last_uid",
				has_uids ? capacity->uids.end - 1 : ID_NONE);
		put_uid_or_null(json, "first_unfit_uid",
				has_uids ? capacity->unfit : ID_NONE);
		if (report->asked) {
			json_number(json, "wanted", capacity->wanted);
			json_number(json, "missing", capacity->missing);
			put_uid_or_null(json, "first_missing_uid",
					capacity->unfit_wanted);
		}
		put_obstacles(json, report, capacity);
		json_end(json, '}');
	}
	json_end(json, ']');
}
