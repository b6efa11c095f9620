// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-allocation: reports why an allocation failed, and what is uncertain about it.
 */
#include <inttypes.h>

#include "command/allocation.h"
#include "command/edit.h"
#include "command/policy-report.h"
#include "message/i18n.h"
#include "message/report.h"

/* Reports what is uncertain about an allocation, and new ids that cannot be used here. */
static void report_notes(const struct edit *edit, const struct allocate *allocate)
{
	if (edit->unnamed)
		report_line(edit->program,
			    _("note: the name service did not answer who other owners "
			      "are: one of them may be the same user"));
	if (allocate->unsure)
		report_line(edit->program,
			    _("note: the name service did not answer in time; ids of "
			      "its accounts may be among these"));
	if (allocate->absent.end > 0)
		report_line(edit->program,
			    _("note: new ids between %" PRIu64 " and %" PRIu64
			      " do not exist in this user namespace"),
			    allocate->absent.start, allocate->absent.end - 1);
}

static void report_policy(const struct edit *edit, const struct allocate *allocate)
{
	policy_report(edit->program, edit_image(edit), &allocate->site);
	report_line(edit->program, _("no ids are given before that is fixed"));
}

static void report_unknown_group(const struct edit *edit, struct policy_word group, int r)
{
	char name[LIMIT_OWNER_BYTES + 1];

	policy_word_copy(group, name);
	report_line(edit->program, _("cannot look up group '%s': %s"), name,
		    report_no_answer(r));
}

/* Reports why an allocation failed, if it did: @r is what allocate_ranges() returned.
 * Returns @r. */
int edit_report_allocation(struct edit *edit, const struct allocate *allocate, int r)
{
	report_notes(edit, allocate);
	if (r == DB_POLICY)
		report_policy(edit, allocate);
	else if (r == DB_CONFLICT)
		edit_report_conflicts(edit->program, allocate, edit->directory,
				      edit_image(edit));
	else if (r == DB_FULL)
		allocation_report_full(edit->program, edit->directory, edit_image(edit),
				       allocate);
	else if (allocate->unknown_group.text)
		report_unknown_group(edit, allocate->unknown_group, r);
	else
		edit_tell_error(edit, r);
	return r;
}
