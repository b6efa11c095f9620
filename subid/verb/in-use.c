// SPDX-License-Identifier: BSD-3-Clause
/*
 * in-use: a process that still runs with a revoked id can access the files of the next
 * user of that id.
 *
 * An id counts if no line grants it to the user any more and it is not the account's own.
 */
#include <errno.h>
#include <stdio.h>

#include "explain/busy.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/in-use.h"
#include "subid/verb/verb.h"

/* Number of processes reported by name; the others are only counted. */
#define NAMED 10

/* Adds what map writers grant the owner, also by malformed lines that shadow accepts. */
static int note_granted(const struct table *table, const struct owner *owner,
			struct range_set *ids)
{
	const struct range all = { 0, ID_END };
	struct table_near near = { .next = 0 };
	int r = 0;

	while (r == 0 && table_next_in_force(table, all, &near)) {
		const struct entry *entry = &near.reading->entry;

		if (!near.reading->excessive &&
		    owner_is_text(owner, entry->owner, entry->owner_len))
			r = range_set_add(ids, entry->range);
	}
	return r > 0 ? -EOVERFLOW : r;
}

/* Stores the ids the owner has before the change. Returns as edit.h says. */
int in_use_begin(struct in_use *in_use, struct edit *edit, struct owner *owner)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (edit->db.sides[k].loaded)
			r = note_granted(&edit->db.sides[k].table, owner,
					 &in_use->ids[k]);
	return edit_tell_error(edit, r);
}

/* Removes from @ids what the owner still has. Returns 0 or -errno. */
static int keep_lost(const struct edit *edit, struct owner *owner,
		     const struct kind *kind, struct range_set *ids)
{
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(LIMIT_FILE_RANGES);
	const uint64_t own = kind->group ? owner->account.gid : owner->account.uid;
	int r = db_held(&edit->db, kind, owner, &held);

	/* From the end, so that each step moves few ranges. */
	for (size_t i = held.n; r == 0 && i > 0; i--)
		r = range_set_subtract(ids, held.ranges[i - 1]);
	return r ? r : range_set_subtract(ids, (struct range){ own, own + 1 });
}

struct listing {
	size_t n;
	bool allowed;
};

static int take_process(const struct busy_process *process, void *context)
{
	struct listing *listing = context;

	if (++listing->n > NAMED)
		return 0;
	report_line(PROGRAM,
		    listing->allowed ?
			    _("note: process %d (%s) runs with %s %u, which is removed") :
			    _("process %d (%s) runs with %s %u, which would be removed"),
		    (int)process->pid, process->name, process->kind->id, process->id);
	return 0;
}

/* Reports that processes may be missed. */
static void report_no_processes(bool allowed, int error)
{
	if (allowed)
		report_line(PROGRAM,
			    _("note: cannot find all processes that use these ids: "
			      "/proc: %s"),
			    report_error(error));
	else
		report_line(PROGRAM,
			    _("cannot find all processes that use these ids: /proc: "
			      "%s; --in-use removes the ids nevertheless"),
			    report_error(error));
}

/*
 * Reports the processes that have one of the ids. An image has no processes. Returns as
 * edit.h says.
 */
int in_use_report(const struct in_use *in_use, const struct edit *edit, bool allowed)
{
	const struct busy_ids wanted[] = {
		{ .kind = &kind_uid, .ids = &in_use->ids[0] },
		{ .kind = &kind_gid, .ids = &in_use->ids[1] },
	};
	struct listing listing = { .allowed = allowed };
	int r;

	if (edit->place != DB_LIVE || in_use->ids[0].n + in_use->ids[1].n == 0)
		return 0;
	r = busy_find(wanted, 2, take_process, &listing);
	if (listing.n > NAMED)
		report_line(PROGRAM, _("and %zu more processes"), listing.n - NAMED);
	if (r < 0)
		report_no_processes(allowed, -r);
	if (listing.allowed || (r == 0 && listing.n == 0))
		return 0;
	if (listing.n == 0)
		return EDIT_UNREADABLE;
	report_line(PROGRAM, _("nothing is changed: end the processes first, or remove "
			       "the ids nevertheless with --in-use"));
	return EDIT_IN_USE;
}

/*
 * Refuses if a process uses an id that the pending change takes from the owner; with
 * @allowed it only reports the process. Returns as edit.h says.
 */
int in_use_check(struct in_use *in_use, struct edit *edit, struct owner *owner,
		 bool allowed)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (edit->db.sides[k].loaded)
			r = keep_lost(edit, owner, kind_all[k], &in_use->ids[k]);
	if (r)
		return edit_tell_error(edit, r);
	return in_use_report(in_use, edit, allowed);
}

void in_use_cleanup(struct in_use *in_use)
{
	range_set_clear(&in_use->ids[0]);
	range_set_clear(&in_use->ids[1]);
}
