// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-names: finds the names of a user in the lines, before ids are removed from them.
 *
 * MUST: a line is reported if it is not known whether it is the user's.
 */
#include <errno.h>
#include <inttypes.h>

#include "common/edit.h"
#include "common/i18n.h"
#include "common/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/load.h"

/* Loads a database without a lock; nothing if it would be refused. */
static int load_unlocked(const struct edit *edit, const struct kind *kind,
			 struct table *ret_table)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;

	dbfile_open_at(edit->etc, kind->database, &file);
	if (file.fault == DBFILE_CLOSED && file.error != ENOENT)
		return -file.error;
	if (file.fault)
		return 0;
	return load_table(file.fd, file.status.st_size, ret_table);
}

static bool has_digits(const struct table *table, struct range range,
		       const struct owner *owner)
{
	struct table_near near = { .next = 0 };

	while (table_next_in_force(table, range, &near))
		if (owner_is_digits(owner, near.reading->entry.owner,
				    near.reading->entry.owner_len))
			return true;
	return false;
}

/*
 * Finds other names of the owner in the lines of a database with ids of @range. The locks
 * are not held, since the name service may be slow. A file that is refused is reported
 * when they are. Returns 0 or an exit status.
 */
int edit_find_names(struct edit *edit, const struct kind *kind, struct range range,
		    struct owner *owner)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	int r;

	r = load_unlocked(edit, kind, &table);
	if (r)
		return edit_tell_unread(edit, kind, r);
	r = unknown_owners_name(&edit->unknown, &table, range, &edit->lookup, owner);
	if (r == 0 && has_digits(&table, range, owner))
		owner_check_digits(owner, &edit->lookup);
	return edit_tell_error(edit, r);
}

/*
 * Collects the owners of all lines of a database, to be asked about before the locks are
 * taken. What cannot be read is reported when they are. Returns 0 or an exit status.
 */
int edit_find_owners(struct edit *edit, const struct kind *kind)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	const struct range all = { 0, ID_END };

	if (load_unlocked(edit, kind, &table))
		return 0;
	return edit_tell_error(
		edit, unknown_owners_add_lines(&edit->unknown, &table, all, NULL, NULL));
}

/*
 * Reports the lines with ids of @range that may be the owner's, if the name service has
 * not answered about them or, with NULL as the owner, all entries without an answer.
 * Returns their number.
 */
size_t edit_report_silent(const struct edit *edit, const struct kind *kind,
			  struct range range, const struct owner *owner)
{
	const struct table *table = &edit->db.sides[kind->group].table;
	struct table_near near = { .next = 0 };
	size_t n = 0;

	while (table_next_in_force(table, range, &near)) {
		const struct unknown_owner *unknown =
			unknown_owners_find(&edit->unknown, near.reading->entry.owner,
					    near.reading->entry.owner_len);

		if (!unknown || unknown->answer.r >= 0 || (!owner && near.line.fault))
			continue;
		n++;
		if (owner)
			report_line(edit->program,
				    _("%s/%s:%" PRIu64
				      ": it is not known whether '%s' is %s: %s"),
				    edit->folder, kind->database, near.line.number,
				    unknown->name, owner->account.name,
				    report_no_answer(unknown->answer.r));
		else
			report_line(
				edit->program,
				_("%s/%s:%" PRIu64 ": it is not known who '%s' is: %s"),
				edit->folder, kind->database, near.line.number, unknown->name,
				report_no_answer(unknown->answer.r));
	}
	return n;
}

/*
 * Repeats edit_find_names() on a loaded database, for lines that were added meanwhile.
 * Reports the lines for which it is not known whether they are the owner's.
 *
 * ret_silent: grows by their number. Returns 0 or an exit status.
 */
int edit_confirm_names(struct edit *edit, const struct kind *kind, struct range range,
		       struct owner *owner, size_t *ret_silent)
{
	int r = db_find_names(&edit->db, kind, owner, range, &edit->unknown);

	if (r == DB_UNKNOWN) {
		*ret_silent += edit_report_silent(edit, kind, range, owner);
		r = 0;
	}
	return edit_tell_error(edit, r);
}
