// SPDX-License-Identifier: BSD-3-Clause
/*
 * fix: repairs one line of the databases, which is named by its text.
 *
 * MUST: ids that the line did not give before are given only if the policy allows it, as
 * for a grant. A line that gives ids is not removed, and not given to another user than
 * the one it is for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry-repair.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/write/change.h"

enum {
	OPTION_ALLOW_OVERLAP = CHANGE_OWN,
	OPTION_ALLOW_RESERVED,
	OPTION_ALLOW_ROOT,
	OPTION_AS,
	OPTION_BEGINS,
	OPTION_OWNER,
	OPTION_REMOVE,
};

/* Besides the results of edit.h. */
enum {
	FIX_MISUSE = EDIT_RESULTS, /* the options do not fit the line */
};

/* The line in one database, and what takes its place. */
struct fix_side {
	bool found;
	size_t n;		      /* how many lines with this text */
	struct table_change *changes; /* of them */
	char *before;
	size_t before_len;
	int fault;
	struct entry_repair repair;
	struct range range; /* what the new line gives; end 0: nothing */
	char *after;	    /* whole lines, or nothing */
	size_t after_len;
};

struct fix {
	struct change_options change;
	const char *text;
	const char *user; /* --owner */
	struct range as;  /* --as; end 0: none */
	bool remove;
	bool begins; /* the text is the beginning of a malformed line */
	bool kinds[2];
	bool same_user; /* the line is the user's already */
	struct overlap_policy policy;
	struct settings settings;
	struct edit edit;
	struct owner owner; /* of the new line */
	struct fix_side sides[2];
};

static void fix_cleanup(struct fix *fix)
{
	edit_cleanup(&fix->edit);
	owner_cleanup(&fix->owner);
	for (size_t k = 0; k < 2; k++) {
		free(fix->sides[k].changes);
		free(fix->sides[k].before);
		free(fix->sides[k].after);
	}
}

static int take_as(struct fix *fix)
{
	if (range_parse(optarg, &fix->as) == 0)
		return VERB_GO;
	report_line(PROGRAM, _("--as: '%s' is no range FIRST-LAST"), optarg);
	return verb_misuse(&verb_fix);
}

static int fix_take_option(struct fix *fix, int option)
{
	switch (option) {
	case OPTION_ALLOW_OVERLAP:
		fix->policy.allow_overlap = true;
		return VERB_GO;
	case OPTION_ALLOW_RESERVED:
		fix->policy.allow_reserved = true;
		return VERB_GO;
	case OPTION_ALLOW_ROOT:
		fix->policy.allow_root = true;
		return VERB_GO;
	case OPTION_AS:
		return take_as(fix);
	case OPTION_BEGINS:
		fix->begins = true;
		return VERB_GO;
	case OPTION_OWNER:
		fix->user = optarg;
		return VERB_GO;
	case OPTION_REMOVE:
		fix->remove = true;
		return VERB_GO;
	default:
		return change_take(&verb_fix, &fix->change, option);
	}
}

static int fix_parse(int argc, char **argv, struct fix *fix)
{
	static const struct option long_options[] = {
		{ "allow-overlap", no_argument, NULL, OPTION_ALLOW_OVERLAP },
		{ "allow-reserved", no_argument, NULL, OPTION_ALLOW_RESERVED },
		{ "allow-root", no_argument, NULL, OPTION_ALLOW_ROOT },
		{ "as", required_argument, NULL, OPTION_AS },
		{ "begins", no_argument, NULL, OPTION_BEGINS },
		{ "owner", required_argument, NULL, OPTION_OWNER },
		{ "remove", no_argument, NULL, OPTION_REMOVE },
		CHANGE_LONG,
	};
	int option, r = VERB_GO;

	while (r == VERB_GO &&
	       (option = arguments_next(argc, argv, CHANGE_SHORT, long_options)) >= 0)
		r = fix_take_option(fix, option);
	if (r != VERB_GO)
		return r;
	if (fix->remove && (fix->as.end > 0 || fix->user)) {
		report_line(PROGRAM, _("--remove excludes --as and --owner"));
		return verb_misuse(&verb_fix);
	}
	if (argc - optind != 1 || argv[optind][0] == '\0') {
		report_line(PROGRAM, _("the text of one line is wanted"));
		return verb_misuse(&verb_fix);
	}
	fix->text = argv[optind];
	return VERB_GO;
}

/* Whether a line may be written anew for the user: its owner is that user or no user. */
static int fix_check_owner(struct fix *fix, const char *old_name)
{
	CLEANUP(owner_cleanup) struct owner old = { 0 };
	struct edit *edit = &fix->edit;
	const struct account *account = &fix->owner.account;
	int r = edit_find_line_owner(edit, old_name, &old);

	if (r)
		return r;
	fix->same_user = !fix->user ||
			 (owner_has_account(&old) &&
			  (old.account.uid == account->uid ||
			   owner_is_digits(&fix->owner, old_name, strlen(old_name))));
	if (fix->same_user || !owner_has_account(&old))
		return 0;
	report_line(PROGRAM, _("the line is for the user %s; '%s grant' gives ids to %s"),
		    old_name, PROGRAM, account->name);
	return DB_CONFLICT;
}

/* Looks up the owner of the new line, before the locks are taken. */
static int fix_find_owner(struct fix *fix)
{
	struct edit *edit = &fix->edit;
	struct entry_repair repair;
	struct entry entry;
	int r;

	if (fix->remove)
		return 0;
	entry_repair(fix->text, strlen(fix->text), &repair);
	if (!fix->user && !repair.owner_ok) {
		report_line(PROGRAM,
			    _("the owner of the line cannot be a user: --owner says who "
			      "is meant, --remove removes the line"));
		return EDIT_NO_USER;
	}
	r = fix->user ? edit_find_user(edit, fix->user, &fix->owner) :
			edit_find_line_owner(edit, repair.owner, &fix->owner);
	if (r == 0 && entry_parse(fix->text, strlen(fix->text), &entry) == 0)
		r = fix_check_owner(fix, repair.owner);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (fix->kinds[k])
			r = edit_find_names(edit, kind_all[k],
					    (struct range){ 0, ID_END }, &fix->owner);
	return r;
}

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
	struct table_change *changes =
		reallocarray(side->changes, side->n + 1, sizeof(*changes));

	if (!changes)
		return -ENOMEM;
	side->changes = changes;
	changes[side->n++] = (struct table_change){ .number = line->number };
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
			return FIX_MISUSE;
		}
		r = edit_tell_error(&fix->edit, put_fix_line(side, &line));
	}
	return r;
}

static bool same_range(struct range a, struct range b)
{
	return a.start == b.start && a.end == b.end;
}

static int report_readings(const struct entry_repair *repair)
{
	report_line(PROGRAM,
		    _("shadow's programs read %" PRIu64 "-%" PRIu64
		      ", container engines %" PRIu64 "-%" PRIu64 ": --as says which"),
		    repair->by_shadow.start, repair->by_shadow.end - 1,
		    repair->by_others.start, repair->by_others.end - 1);
	return FIX_MISUSE;
}

/* Chooses the ids of the new line. */
static int choose_range(const struct fix *fix, struct fix_side *side)
{
	const struct entry_repair *repair = &side->repair;

	if (fix->as.end > 0 && repair->n > 0 && !same_range(fix->as, repair->by_shadow) &&
	    !same_range(fix->as, repair->by_others)) {
		if (repair->n == 2)
			return report_readings(repair);
		report_line(PROGRAM, _("--as: no program reads this range in the line"));
		return FIX_MISUSE;
	}
	if (fix->as.end == 0 && repair->n == 2)
		return report_readings(repair);
	if (fix->as.end == 0 && repair->n == 0) {
		report_line(PROGRAM,
			    _("the line names no range: --as says which is meant, "
			      "--remove removes the line"));
		return FIX_MISUSE;
	}
	side->range = fix->as.end > 0		? fix->as :
		      repair->by_others.end > 0 ? repair->by_others :
						  repair->by_shadow;
	return 0;
}

static int report_well_formed(void)
{
	report_line(PROGRAM, _("the line is well-formed: there is nothing to fix"));
	return FIX_MISUSE;
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
		return FIX_MISUSE;
	}
	if (side->fault)
		return choose_range(fix, side);
	if (fix->as.end > 0)
		return report_well_formed();
	if (entry_parse(side->before, side->before_len, &entry))
		return FIX_MISUSE;
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

/* Digits that are two users' are not taken from one because the other has the ids. */
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

static int fix_side(struct fix *fix, size_t k)
{
	struct db *db = &fix->edit.db;
	struct table *table = &db->sides[k].table;
	CLEANUP(table_cleanup) struct table saved = { 0 };
	struct fix_side *side = &fix->sides[k];
	int r;

	r = judge_line(fix, side);
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

static int apply_fix(struct fix *fix)
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

static void show_fix(const struct fix *fix)
{
	for (size_t k = 0; k < 2; k++) {
		const struct fix_side *side = &fix->sides[k];
		const char *at = side->after, *end;

		for (size_t i = 0; i < side->n; i++)
			edit_show_line('-', fix->edit.directory, kind_all[k],
				       side->before, side->before_len);
		for (size_t left = side->after_len; left > 0;
		     left -= (size_t)(end - at), at = end) {
			end = memchr(at, '\n', left);
			end = end ? end + 1 : at + left;
			edit_show_line('+', fix->edit.directory, kind_all[k], at,
				       (size_t)(end - at - 1));
		}
	}
}

static void record_fix(const struct fix *fix, bool done)
{
	char text[CHANGE_TEXT_BYTES] = "fix";
	const char *name = fix->remove ? NULL : fix->owner.account.name;
	size_t n = sizeof("fix") - 1;

	if (fix->remove)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " remove");
	for (size_t k = 0; k < 2; k++)
		if (fix->sides[k].found)
			n = change_describe(text, n, kind_all[k], fix->sides[k].range);
	edit_record(&fix->edit, name && *name ? name : NULL, text, done);
}

static int report_no_line(const struct fix *fix)
{
	report_line(PROGRAM, fix->begins ?
				     _("no malformed line of the databases begins so") :
				     _("no line of the databases has this text"));
	return VERB_NONE;
}

static int fix_work(struct fix *fix)
{
	struct edit *edit = &fix->edit;
	int r = change_prepare(edit, &verb_fix, &fix->change, fix->kinds);
	bool found;

	if (r != VERB_GO)
		return r;
	r = edit_names_by_id(edit, &fix->settings.by_id);
	if (r == 0)
		r = fix_find_owner(fix);
	if (r)
		return change_status(r);
	r = apply_fix(fix);
	found = fix->sides[0].found || fix->sides[1].found;
	if (r == 0 && found && !edit->dry_run)
		r = edit_commit(edit);
	/* Release the locks first: the log and the reader of the output may be slow. */
	edit_end(edit);
	if (found || r)
		record_fix(fix, r == 0);
	if (r == 0 && !found)
		return report_no_line(fix);
	interrupt_let_go(&edit->interrupt);
	progress_rows();
	if (r == 0)
		show_fix(fix);
	return r == FIX_MISUSE ? VERB_USAGE : change_status(r);
}

static int fix_run(int argc, char **argv)
{
	CLEANUP(fix_cleanup)
	struct fix fix = { .edit = EDIT(PROGRAM) };
	int r = fix_parse(argc, argv, &fix);

	fix.edit.if_there = true;
	return r == VERB_GO ? fix_work(&fix) : r;
}

const struct verb verb_fix = {
	.name = "fix",
	.page = "subid-grant(8)",
	.run = fix_run,
	.synopsis = N_("[OPTION]... LINE"),
	.help = N_("repair a line"),
	.options =
		N_("      --as FIRST-LAST    the ids that the line is to give\n"
		   "      --owner USER       the user the line is for\n"
		   "      --remove           remove the line, which gives no ids\n"
		   "      --begins           LINE is the beginning of a malformed line\n"
		   "      --allow-overlap    also ids that others have\n"
		   "      --allow-root       also id 0\n"
		   "      --allow-reserved   also ids that systemd uses\n"
		   "  -u, --uid-only         only in the database of uids\n"
		   "  -g, --gid-only         only in the database of gids\n"
		   "      --dry-run          show the lines that would go and come\n"),
	.shared = VERB_SHARES_ROOT,
	.writes = true,
};
