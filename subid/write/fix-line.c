// SPDX-License-Identifier: BSD-3-Clause
/*
 * fix-line: finds the line, decides what takes its place, and replaces it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/findings/entry-repair.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/write/fix.h"

static bool is_meant(const struct fix *fix, const struct table_line *line)
{
	size_t len = strlen(fix->text);

	if (fix->begins)
		return line->fault && line->len >= len &&
		       memcmp(line->text, fix->text, len) == 0;
	return line->len == len && memcmp(line->text, fix->text, len) == 0;
}

static int put_fix_line(struct fix_side *side, const struct table_line *line)
{
	if (ARRAY_RESERVE(side->changes, side->n, side->allocated))
		return -ENOMEM;
	side->changes[side->n++] = (struct table_change){ .number = line->number };
	if (side->found)
		return 0;
	side->found = true;
	side->fault = line->fault;
	side->before_len = line->len;
	side->before = malloc(line->len + 1);
	if (!side->before)
		return -ENOMEM;
	memcpy(side->before, line->text, line->len);
	entry_repair(line->text, line->len, &side->repair);
	return 0;
}

/* Finds the lines with the text. */
static int find_fix_lines(struct fix *fix, size_t k)
{
	const struct table *table = &fix->edit.db.sides[k].table;
	struct fix_side *side = &fix->sides[k];
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(table, &cursor, &line)) {
		if (!is_meant(fix, &line))
			continue;
		if (side->found && (line.len != side->before_len ||
				    memcmp(line.text, side->before, line.len) != 0)) {
			report_line(PROGRAM,
				    _("more than one line of %s/%s begins so: %" PRIu64
				      " and %" PRIu64),
				    fix->edit.directory, kind_all[k]->database,
				    side->changes[0].number, line.number);
			return VERB_USAGE;
		}
		r = edit_tell_error(&fix->edit, put_fix_line(side, &line));
	}
	return r;
}

static int report_readings(const struct entry_repair *repair)
{
	report_line(PROGRAM,
		    _("shadow's programs read %" PRIu64 "-%" PRIu64
		      ", container engines %" PRIu64 "-%" PRIu64 ": --as says which"),
		    repair->by_shadow.start, repair->by_shadow.end - 1,
		    repair->by_others.start, repair->by_others.end - 1);
	return VERB_USAGE;
}

/* Chooses the ids of the new line. */
static int choose_range(const struct fix *fix, struct fix_side *side)
{
	const struct entry_repair *repair = &side->repair;

	if (fix->as.end > 0 && repair->n > 0 &&
	    !range_equals(fix->as, repair->by_shadow) &&
	    !range_equals(fix->as, repair->by_others)) {
		if (repair->n == 2)
			return report_readings(repair);
		report_line(PROGRAM, _("--as: no program reads this range in the line"));
		return VERB_USAGE;
	}
	if (fix->as.end == 0 && repair->n == 2)
		return report_readings(repair);
	if (fix->as.end == 0 && repair->n == 0) {
		report_line(PROGRAM,
			    _("the line names no range: --as says which is meant, "
			      "--remove removes the line"));
		return VERB_USAGE;
	}
	side->range = fix->as.end > 0		? fix->as :
		      repair->by_others.end > 0 ? repair->by_others :
						  repair->by_shadow;
	return 0;
}

static int report_well_formed(void)
{
	report_line(PROGRAM, _("the line is well-formed: there is nothing to fix"));
	return VERB_USAGE;
}

/* Checks that there is something to fix, and what. */
static int judge_line(const struct fix *fix, struct fix_side *side)
{
	struct entry entry;

	if (fix->remove && side->fault)
		return 0;
	if (fix->remove) {
		report_line(PROGRAM, _("the line is well-formed: '%s revoke' removes it"),
			    PROGRAM);
		return VERB_USAGE;
	}
	if (side->fault)
		return choose_range(fix, side);
	if (fix->as.end > 0)
		return report_well_formed();
	if (entry_parse(side->before, side->before_len, &entry))
		return VERB_USAGE;
	side->range = entry.range;
	if (side->range.end > ID_NONE)
		side->range.end = ID_NONE;
	return 0;
}

/* Copies lines that were appended, with the owner as it stands in the old line. */
static int take_given_lines(const struct fix *fix, struct fix_side *side,
			    const struct table *table, size_t from)
{
	struct table_cursor cursor = { .offset = from };
	struct table_line line;

	while (table_next(table, &cursor, &line)) {
		const char *owner = fix->user ? line.entry.owner : side->repair.owner;
		size_t len = fix->user ? line.entry.owner_len : side->repair.owner_len;
		char *after = realloc(side->after, side->after_len + ENTRY_BYTES);

		if (!after)
			return -ENOMEM;
		side->after = after;
		if (line.fault == 0)
			side->after_len += entry_format(owner, len, line.entry.range,
							after + side->after_len);
	}
	return 0;
}

/*
 * Lets a grant decide: gives the range in a table without the line, and takes over what
 * it appends there. What the owner has by other lines is not given again.
 */
static int give_by_grant(struct fix *fix, size_t k)
{
	struct table *table = &fix->edit.db.sides[k].table;
	struct fix_side *side = &fix->sides[k];
	struct allocate_item item = { 0 };
	CLEANUP(allocate_cleanup)
	struct allocate allocate = { .items = &item,
				     .n = 1,
				     .settings = fix->settings,
				     .fixed = true,
				     .policy = fix->policy };
	size_t from;
	int r;

	if (side->range.end == 0)
		return 0;
	allocate.kinds[k] = true;
	item.ranges[k] = side->range;
	if (fix->same_user)
		allocate.policy = (struct overlap_policy){ true, true, true };
	r = edit_tell_error(&fix->edit, db_replace_lines(&fix->edit.db, kind_all[k],
							 side->changes, side->n));
	if (r)
		return r;
	from = table->len;
	r = allocate_for_owner(&fix->edit.db, &allocate, &fix->owner);
	r = edit_report_allocation(&fix->edit, &allocate, r);
	return r ? r :
		   edit_tell_error(&fix->edit, take_given_lines(fix, side, table, from));
}

/* An ambiguous owner does not lose ids because the other user has them. */
static bool fix_is_ambiguous(const struct fix *fix, const struct fix_side *side)
{
	const struct entry_repair *repair = &side->repair;

	if (!owner_is_number(repair->owner, repair->owner_len) ||
	    !(fix->owner.ambiguous_name || fix->owner.ambiguous_number))
		return false;
	report_line(PROGRAM,
		    _("%s is the uid of one user and the login name of another: --owner "
		      "says who is meant"),
		    repair->owner);
	return true;
}

/* Checks that the line has the owner who was looked up by its beginning. */
static int check_begin(const struct fix *fix, const struct fix_side *side)
{
	struct entry_repair begin;

	if (!fix->begins || fix->remove || fix->user)
		return 0;
	entry_repair(fix->text, strlen(fix->text), &begin);
	if (side->repair.owner_ok && strcmp(begin.owner, side->repair.owner) == 0)
		return 0;
	report_line(PROGRAM,
		    _("the beginning does not name the owner of the line: --owner "
		      "says who is meant"));
	return VERB_USAGE;
}

static int fix_side(struct fix *fix, size_t k)
{
	struct db *db = &fix->edit.db;
	struct table *table = &db->sides[k].table;
	CLEANUP(table_cleanup) struct table saved = { 0 };
	struct fix_side *side = &fix->sides[k];
	int r;

	r = judge_line(fix, side);
	if (r == 0)
		r = check_begin(fix, side);
	if (r == 0)
		r = edit_tell_error(&fix->edit, db_load_old(db, kind_all[k], &saved));
	if (r == 0)
		r = give_by_grant(fix, k);
	if (r)
		return r;
	if (side->fault == 0 && side->after_len == side->before_len + 1 &&
	    memcmp(side->after, side->before, side->before_len) == 0)
		return report_well_formed();
	if (!fix->user && side->fault == 0 && fix_is_ambiguous(fix, side))
		return DB_CONFLICT;
	/* The new line stands where the old one did. */
	table_clear(table);
	*table = saved;
	saved = (struct table){ 0 };
	side->changes[0].text = side->after;
	side->changes[0].len = side->after_len;
	return edit_tell_error(&fix->edit,
			       db_replace_lines(db, kind_all[k], side->changes, side->n));
}

/* Takes the locks, and puts the repaired line in the place of the one with the text. */
int fix_lines(struct fix *fix)
{
	struct edit *edit = &fix->edit;
	int r = edit_begin(edit, fix->kinds);

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (edit->db.sides[k].loaded)
			r = find_fix_lines(fix, k);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (fix->sides[k].found)
			r = fix_side(fix, k);
	return r;
}
