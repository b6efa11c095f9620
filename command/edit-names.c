// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-names: finds the names of a user in the lines, before ids are given or removed.
 *
 * MUST: if it is not known whether a line is the user's, the line is reported when ids
 * are removed; when ids are given, it is reported that there may be such lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocated-ids.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/fd.h"
#include "message/i18n.h"
#include "message/report.h"

/* Loads a database without a lock; an empty table if it would be refused. */
static int load_unlocked(const struct edit *edit, const struct kind *kind,
			 struct table *ret_table)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(edit->etc, kind->database, O_RDONLY | O_NOFOLLOW);
	struct stat status;

	if (fd < 0)
		return fd == -ENOENT || fd == -ELOOP || fd == -EISDIR || fd == -EBADFD ?
			       0 :
			       fd;
	return fstat(fd, &status) ? -errno : load_table(fd, status.st_size, ret_table);
}

/* Whether only the local files are asked for names. */
static bool has_no_service(const struct edit *edit)
{
	return !edit->lookup.service || edit->lookup.files_alone;
}

/*
 * Loads a database to ask the name service about its owners; an empty table if there is
 * no service. Reports an error. Returns as edit.h says.
 */
static int load_owners(struct edit *edit, const struct kind *kind,
		       struct table *ret_table)
{
	int r = has_no_service(edit) ? 0 : load_unlocked(edit, kind, ret_table);

	return r ? edit_tell_unread(edit, kind, r) : 0;
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
 * Finds other names of the owner in the lines of a database with ids of @n ranges. The
 * locks are not held, since the name service may be slow. A file that is refused is
 * reported once they are held. Returns as edit.h says.
 */
int edit_find_names(struct edit *edit, const struct kind *kind,
		    const struct range *ranges, size_t n, struct owner *owner)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	int r = n > 0 ? load_owners(edit, kind, &table) : 0;

	if (r)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = unknown_owners_name(&edit->unknown, &table, ranges[i], &edit->lookup,
					owner);
		if (r == 0 && has_digits(&table, ranges[i], owner))
			owner_check_digits(owner, &edit->lookup);
	}
	return edit_tell_error(edit, r);
}

static int find_owner_names(struct edit *edit, const struct table *table,
			    struct range range, struct owner_set *people)
{
	size_t first = edit->unknown.n;
	int r = owner_set_find_names(people, &edit->unknown, table, range, &edit->lookup);

	for (size_t i = first; r == 0 && i < edit->unknown.n; i++)
		edit->unnamed |= edit->unknown.items[i].answer.r < 0;
	return edit_tell_error(edit, r);
}

/*
 * Finds other names of users who are to get ids of @range, in lines with such ids: a
 * range held under another name is no conflict, and is not added again.
 *
 * A name service that did not answer is reported with the allocation.
 */
int edit_find_people_names(struct edit *edit, const struct kind *kind, struct range range,
			   struct owner_set *people)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	int r = load_owners(edit, kind, &table);

	return r ? r : find_owner_names(edit, &table, range, people);
}

/* Whether any of the users has no range by the known names. */
static int is_any_missing(const struct table *table, const struct owner_set *people,
			  bool *ret_missing)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids used = { 0 };
	CLEANUP(cleanup_free) bool *held = calloc(people->n + 1, sizeof(*held));
	int r = held ? allocated_ids_read_holdings(&used, table, people) : -ENOMEM;

	if (r)
		return r;
	for (size_t i = 0; i < used.n_holdings; i++)
		held[used.holdings[i].person] = true;
	*ret_missing = false;
	for (size_t i = 0; i < people->n; i++)
		*ret_missing |= people->items[i].status == OWNER_SET_KNOWN &&
				people->items[i].uid != OWNER_SET_NO_UID && !held[i];
	return 0;
}

/*
 * Finds other names of users who are to get a range if they have none. The name service
 * is asked about the owners of all lines, but only if a user has no range by known names.
 *
 * It is not asked about lines that appear before the databases are locked: if another
 * program adds a range then, under a name that only the name service knows, the user has
 * two.
 */
int edit_find_missing_names(struct edit *edit, const struct kind *kind,
			    struct owner_set *people)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	int r = load_owners(edit, kind, &table);
	bool missing;

	if (r)
		return r;
	r = is_any_missing(&table, people, &missing);
	if (r || !missing)
		return edit_tell_error(edit, r);
	return find_owner_names(edit, &table, (struct range){ 0, ID_END }, people);
}

/*
 * Finds out whether any of the users has no range by the names that are known, without
 * the locks. Returns as edit.h says.
 */
int edit_is_missing(struct edit *edit, const struct kind *kind,
		    const struct owner_set *people, bool *ret_missing)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	int r = load_unlocked(edit, kind, &table);

	return r ? edit_tell_unread(edit, kind, r) :
		   edit_tell_error(edit, is_any_missing(&table, people, ret_missing));
}

/*
 * Collects the owners of all lines of a database, to ask about them before the locks are
 * taken. A file that cannot be read is reported then. Returns as edit.h says.
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
				    edit->directory, kind->database, near.line.number,
				    unknown->name, owner->account.name,
				    report_no_answer(unknown->answer.r));
		else
			report_line(
				edit->program,
				_("%s/%s:%" PRIu64 ": it is not known who '%s' is: %s"),
				edit->directory, kind->database, near.line.number,
				unknown->name, report_no_answer(unknown->answer.r));
	}
	return n;
}

/*
 * Repeats edit_find_names() on a loaded database, for lines that were added meanwhile.
 * Reports the lines for which it is not known whether they are the owner's.
 *
 * ret_silent: grows by their number. Returns as edit.h says.
 */
int edit_confirm_names(struct edit *edit, const struct kind *kind, struct range range,
		       struct owner *owner, size_t *ret_silent)
{
	int r = has_no_service(edit) ?
			0 :
			db_find_names(&edit->db, kind, owner, range, &edit->unknown);

	if (r == DB_UNKNOWN) {
		*ret_silent += edit_report_silent(edit, kind, range, owner);
		r = 0;
	}
	return edit_tell_error(edit, r);
}
