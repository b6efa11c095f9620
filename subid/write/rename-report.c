// SPDX-License-Identifier: BSD-3-Clause
/*
 * rename-report: records and shows which owners were renamed, and reports what root can
 * do in place of a renaming.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/cure.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/free-range.h"
#include "subid/write/rename.h"

/* Logs that lines of @old now name @owner. @old NULL: --canonical, all owners. */
static void record_one(struct rename *rename, const char *old, const char *owner,
		       bool done)
{
	char text[CHANGE_TEXT_BYTES] = "rename canonical";

	if (old)
		snprintf(text, sizeof(text), "rename new=%s", owner);
	/* A space ends a field of the record. */
	for (char *at = text + sizeof("rename"); *at; at++)
		if (*at == ' ' || *at == '"')
			*at = '?';
	edit_record(&rename->edit, old, text, done);
}

/* Logs each renamed owner. */
static void record_all(struct rename *rename)
{
	const struct unknown_owners *owners = &rename->edit.unknown;

	for (size_t i = 0; i < owners->n; i++)
		if (rename->renamed && rename->renamed[i])
			record_one(rename, owners->items[i].name,
				   owners->items[i].answer.account.name, true);
}

void rename_record(struct rename *rename, bool done)
{
	if (rename->canonical && done)
		record_all(rename);
	else
		record_one(rename, rename->old, rename->owner, done);
}

static int add_renamed_owner(struct owner_set *people, const char *name)
{
	return owner_set_add_text(people, name, strlen(name));
}

/* The owners are shown as the lines name them. */
static int add_renamed(const struct rename *rename, struct owner_set *people)
{
	const struct unknown_owners *owners = &rename->edit.unknown;
	int r = 0;

	if (!rename->canonical) {
		r = add_renamed_owner(people, rename->old);
		return r ? r : add_renamed_owner(people, rename->owner);
	}
	for (size_t i = 0; r == 0 && i < owners->n; i++)
		if (rename->renamed[i]) {
			r = add_renamed_owner(people, owners->items[i].name);
			if (r == 0)
				r = add_renamed_owner(
					people, owners->items[i].answer.account.name);
		}
	return r;
}

/* Shows what has changed, or would with --dry-run. */
int rename_show(struct rename *rename)
{
	static const struct edit_reasons reasons = { "renamed", "no-lines" };
	CLEANUP(owner_set_cleanup) struct owner_set people = { 0 };
	int r = edit_tell_error(&rename->edit, add_renamed(rename, &people));

	return r ? r : change_show(&rename->edit, &people, edit_reason, &reasons);
}

/* Reports that NEW must have an account first. @old_exists: OLD has one. */
void rename_report_no_account(const struct rename *rename, bool old_exists)
{
	char old[CURE_QUOTED_BYTES], owner[CURE_QUOTED_BYTES];

	if (!cure_quote(rename->old, old) || !cure_quote(rename->owner, owner))
		return;
	if (old_exists)
		report_line(PROGRAM,
			    _("rename the account first: usermod -l %s %s; or, for an "
			      "owner without account: --no-account"),
			    owner, old);
	else
		report_line(PROGRAM,
			    _("make the account first: useradd %s; or, for an owner "
			      "without account: --no-account"),
			    owner);
}

/* Reports the commands for one kind; @option: of both kinds, or `-u ` or `-g `. */
static void report_handover_of(const struct rename *rename, const char *option,
			       const struct range_set *held)
{
	char root[CURE_ROOT_BYTES], old[CURE_QUOTED_BYTES], owner[CURE_QUOTED_BYTES];
	struct cause cause = { .id = 0 };

	if (held->n == 0 || !cure_quote(rename->old, old) ||
	    !cure_quote(rename->owner, owner))
		return;
	cure_root_option(rename->change.common.root, root);
	causes_add(&cause, "subid revoke --free %s%s%s", root, option, old);
	for (size_t i = 0; i < held->n; i++)
		causes_add(&cause,
			   " && subid grant %s%s--range %" PRIu64 "-%" PRIu64 " %s", root,
			   option, held->ranges[i].start, held->ranges[i].end - 1, owner);
	if (strlen(cause.evidence) + 1 < sizeof(cause.evidence))
		report_line(PROGRAM, _("to hand ranges over: %s"), cause.evidence);
}

static bool have_same(const struct range_set *a, const struct range_set *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = range_equals(a->ranges[i], b->ranges[i]);
	return same;
}

/* Reports how NEW, another user, gets the ranges of OLD. */
void rename_report_handover(const struct rename *rename, const struct account *old)
{
	struct range_set held[2] = { RANGE_SET(LIMIT_FILE_RANGES),
				     RANGE_SET(LIMIT_FILE_RANGES) };
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	struct db db = DB_NONE;
	bool both;
	int r = owner_init(&owner, old, rename->edit.etc);

	if (r == 0)
		r = free_range_load(&db, rename->edit.etc, rename->edit.place, NULL,
				    rename->kinds);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (rename->kinds[k])
			r = db_held(&db, kind_all[k], &owner, &held[k]);
	db_end(&db);
	both = have_same(&held[0], &held[1]);
	for (size_t k = 0; r == 0 && k < (both ? 1 : 2); k++)
		report_handover_of(rename, both ? "" : k ? "-g " : "-u ", &held[k]);
	range_set_clear(&held[0]);
	range_set_clear(&held[1]);
}
