// SPDX-License-Identifier: BSD-3-Clause
/*
 * changes: the order of usermod(8): what goes, goes first; of several ranges the last on
 * the command line is the first to go or to come.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "usermod-ext/changes.h"
#include "usermod-ext/usermod-ext.h"

/*
 * Makes the changes in memory.
 * Returns 0, DB_CONFLICT (all conflicts of all ranges are in the list) or -errno.
 */
int changes_apply(const struct options *options, struct db *db, struct db_grant *grant)
{
	int conflict = 0, r;

	for (size_t i = options->n; i > 0; i--) {
		const struct change *change = &options->changes[i - 1];

		if (change->add)
			continue;
		r = db_revoke(db, change->kind, grant->owner, change->range);
		if (r)
			return r;
	}
	for (size_t i = options->n; i > 0; i--) {
		const struct change *change = &options->changes[i - 1];

		if (!change->add)
			continue;
		r = db_grant(db, change->kind, grant, change->range);
		if (r == DB_CONFLICT)
			conflict = r;
		else if (r)
			return r;
	}
	return conflict;
}

/* Appends ` add-uids=5-6`; what is too long is cut. */
static size_t describe(char *text, size_t size, size_t n, bool add,
		       const struct kind *kind, struct range range)
{
	int r;

	if (n >= size)
		return n;
	r = snprintf(text + n, size - n, " %s-%ss=%" PRIu64 "-%" PRIu64,
		     add ? "add" : "del", kind->id, range.start, range.end - 1);
	return r < 0 ? n : n + (size_t)r;
}

/*
 * Describes the changes in one line for the logs: `change-subids add-uids=5-6 ...`, the
 * ranges that were asked for and those that were allocated; what is too long is cut.
 */
void changes_text(const struct options *options, const struct allotment *allotted,
		  char *text, size_t size)
{
	static const struct kind *const kinds[] = { &kind_uid, &kind_gid };
	int r = snprintf(text, size, "change-subids%s",
			 options->allocate ? " allocate=yes" : "");
	size_t n = r < 0 ? 0 : (size_t)r;

	for (size_t i = 0; i < options->n; i++)
		n = describe(text, size, n, options->changes[i].add,
			     options->changes[i].kind, options->changes[i].range);
	for (size_t i = 0; i < 2; i++)
		if (allotted->ranges[i].end > 0)
			n = describe(text, size, n, true, kinds[i], allotted->ranges[i]);
}
