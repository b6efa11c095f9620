// SPDX-License-Identifier: BSD-3-Clause
/*
 * apply-report: says why a set is not applied, and what has changed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/cure.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/json.h"
#include "message/report.h"
#include "subid/fleet/apply.h"

static const char *fault_text(int fault, int why)
{
	switch (fault) {
	case SET_FILE_HEADER:
		return N_("this is no set: the first line is not 'subid-set 1 SERIAL'");
	case SET_FILE_VERSION:
		return N_("sets of this version are not known; "
			  "a newer subid-utils may know it");
	case SET_FILE_KIND:
		return N_("the line does not begin with both, uid or gid");
	case SET_FILE_ENTRY:
		return entry_reason(why);
	case SET_FILE_COUNT:
		return N_("the set has another number of lines than this line says");
	case SET_FILE_CHECKSUM:
		return N_("the set is damaged: it has another checksum");
	case SET_FILE_BEHIND:
		return N_("something follows the line 'end'");
	case SET_FILE_MANY:
		return N_("the set has too many lines");
	default:
		return N_("the set is cut off: there is no line 'end N CHECKSUM'");
	}
}

/* Returns VERB_SET. */
int apply_fail_set(const struct apply *apply)
{
	(void)apply;
	report_line(PROGRAM, _("nothing is changed"));
	return VERB_SET;
}

/* Reports what is wrong with the text of the set. Returns VERB_SET. */
int apply_report_fault(const struct apply *apply, int fault,
		       const struct set_file_place *place)
{
	report_line(PROGRAM, "%s:%" PRIu64 ": %s", apply->source, place->line,
		    _(fault_text(fault, place->why)));
	return apply_fail_set(apply);
}

/* Finds the first line of the set that has one of the ids. */
static const struct set_file_line *line_of(const struct apply *apply, size_t k,
					   struct range ids)
{
	const struct set_file *set = &apply->set;

	for (size_t i = 0; i < set->n; i++)
		if (set->lines[i].kinds[k] && range_overlaps(set->lines[i].range, ids))
			return &set->lines[i];
	return NULL;
}

static bool is_retired(const struct overlap *conflict)
{
	return entry_owner_is_retired(conflict->name, strlen(conflict->name));
}

/* Returns an owner that only earlier sets name, whose lines --prune has retired; or NULL.
 */
static const char *gone_holder(const struct apply *apply, const struct overlap *conflict)
{
	const char *name = conflict->name + (apply->prune && is_retired(conflict));
	size_t index;

	return owner_set_find(&apply->gone, name, strlen(name), &index) &&
			       apply->have_ranges[index] ?
		       name :
		       NULL;
}

/* Writes who has the ids, to be freed. */
static char *holder_text(const struct apply *apply, const struct overlap *conflict)
{
	const char *id = conflict->kind->id, *gone;
	char *text = NULL;
	int n = -1;

	switch (conflict->why) {
	case OVERLAP_OWNER:
		gone = gone_holder(apply, conflict);
		n = asprintf(&text,
			     conflict->malformed ?
				     _("other programs read them in a malformed line as "
				       "ids of %s (%s/%s:%" PRIu64 ")") :
				     _("they belong to %s (%s/%s:%" PRIu64 ")"),
			     gone ? gone : conflict->name, apply->edit.directory,
			     conflict->kind->database, conflict->line);
		break;
	case OVERLAP_ACCOUNT:
		n = asprintf(&text, _("the %s is that of %s in %s"), id, conflict->name,
			     conflict->kind->accounts);
		break;
	case OVERLAP_PRIMARY:
		n = asprintf(&text, _("the %s is the primary group of %s in passwd"), id,
			     conflict->name);
		break;
	case OVERLAP_ROOT:
		n = asprintf(&text, _("the %s is root's"), id);
		break;
	case OVERLAP_NO_ID:
		n = asprintf(&text, _("that is no %s"), id);
		break;
	case OVERLAP_RESERVED:
		n = asprintf(&text, _("they are reserved (%s)"), _(conflict->name));
		break;
	}
	return n < 0 ? NULL : text;
}

/* Reports which command frees ids that another owner has, or had. */
static void report_way_out(const struct apply *apply, const struct overlap *conflict)
{
	const char *gone = gone_holder(apply, conflict);
	char root[CURE_ROOT_BYTES], word[CURE_QUOTED_BYTES];

	cure_root_option(apply->change.common.root, root);
	if (gone && cure_quote(gone, word))
		report_line(
			PROGRAM,
			_("the set does not name %s any more: give others new ids "
			  "where the set is made; or here: subid revoke --free %s%s%s"),
			gone, root,
			accounts_by_name(&apply->users, gone, strlen(gone)) ?
				"" :
				"--no-account ",
			word);
	else if (!gone && is_retired(conflict))
		report_line(
			PROGRAM,
			_("'subid release %s--range %" PRIu64 "-%" PRIu64 "' frees them"),
			root, conflict->ids.start, conflict->ids.end - 1);
}

static void report_conflict(const struct apply *apply, const struct overlap *conflict)
{
	size_t k = conflict->kind->group;
	const struct set_file_line *line = line_of(apply, k, conflict->ids);
	CLEANUP(cleanup_free) char *holder = holder_text(apply, conflict);

	if (line && holder)
		report_line(PROGRAM,
			    _("%s:%" PRIu64 ": %.*s cannot have %ss %" PRIu64 "-%" PRIu64
			      ": %s"),
			    apply->source, line->number, (int)line->owner_len,
			    line->owner, conflict->kind->id, conflict->ids.start,
			    conflict->ids.end - 1, holder);
	if (conflict->why == OVERLAP_OWNER)
		report_way_out(apply, conflict);
}

/* Reports who has ids that the set gives to others. Returns DB_CONFLICT. */
int apply_report_conflicts(const struct apply *apply)
{
	const struct overlap_list *conflicts = &apply->allocate.conflicts;

	for (size_t i = 0; i < conflicts->n && i < APPLY_NAMED; i++)
		report_conflict(apply, &conflicts->items[i]);
	if (conflicts->n > APPLY_NAMED)
		report_line(PROGRAM, _("and %zu more conflicts"),
			    conflicts->n - APPLY_NAMED);
	report_line(PROGRAM, _("nothing is changed"));
	return DB_CONFLICT;
}

/* Reports the owners that only earlier sets name. */
static void report_gone(const struct apply *apply)
{
	size_t n = 0;

	for (size_t i = 0; !apply->prune && i < apply->gone.n; i++)
		if (apply->have_ranges[i] && ++n <= APPLY_NAMED)
			report_line(PROGRAM,
				    _("note: %s is no longer in the set and keeps the "
				      "ranges; --prune retires them"),
				    owner_set_name(&apply->gone, i));
	if (n > APPLY_NAMED)
		report_line(PROGRAM, _("note: and %zu more owners"), n - APPLY_NAMED);
}

/* One record, and one line in the system log. */
void apply_record(const struct apply *apply, bool done)
{
	char text[CHANGE_TEXT_BYTES];
	int r = snprintf(text, sizeof(text),
			 "apply serial=%" PRIu64 " added=%zu removed=%zu",
			 apply->set.serial, apply->added, apply->removed);
	size_t n = r < 0 ? 0 : (size_t)r;

	for (size_t k = 0; k < 2; k++)
		n = change_describe(text, n, kind_all[k], apply->spans[k]);
	edit_record(&apply->edit, NULL, text, done);
}

static const char *apply_reason(size_t i, bool changed, const void *context)
{
	(void)i;
	(void)changed;
	(void)context;
	return "applied";
}

/* Leaves only the owners whose lines have changed, to show them. */
static void forget_unchanged(struct apply *apply)
{
	for (size_t i = 0; i < apply->people.n; i++) {
		bool changed = false;

		for (size_t k = 0; apply->allocate.items && k < 2; k++)
			changed |= apply->changes[k].touched[i] ||
				   apply->changes[k].kept[i] <
					   apply->wanted[k].starts[i + 1] -
						   apply->wanted[k].starts[i];
		if (!changed)
			apply->people.items[i].status = OWNER_SET_NONE;
	}
}

/* A set may have many lines, which only --dry-run shows. */
static void show_summary(const struct apply *apply)
{
	size_t owners = 0;

	for (size_t i = 0; i < apply->people.n; i++)
		owners += apply->people.items[i].status == OWNER_SET_KNOWN;
	printf(_("owners changed: %zu, retired: %zu; lines removed: %zu, added: %zu\n"),
	       owners, apply->n_pruned, apply->removed, apply->added);
}

/* Shows what has changed. */
int apply_show(struct apply *apply)
{
	report_gone(apply);
	forget_unchanged(apply);
	if (apply->edit.form == EDIT_SILENT && apply->added + apply->removed > 0)
		show_summary(apply);
	return change_show(&apply->edit, &apply->people, apply_reason, apply);
}
