// SPDX-License-Identifier: BSD-3-Clause
/*
 * known-owners: the file that remembers the owners of lines with their uids, for `subid
 * follow`, and the accounts of passwd(5) with their home directories.
 *
 * MUST: while there is such a file, each change of the databases records the owners of
 * new lines: after userdel(8) nothing else shows who had their ids. Ids that it frees are
 * free: their records go, also those of users who are gone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/known-owners.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/retired.h"
#include "libsubid/store/state-file.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"

/* Adds a user with the note for its records. */
static int add_follow_user(struct follow_users *users, const struct passwd_line *line,
			   const struct scan_line *text)
{
	char note[LIMIT_LINE_BYTES + sizeof("local ")];
	size_t len;
	const char *home = passwd_find_field(text->text, text->len, PASSWD_HOME, &len);
	int r = accounts_add(&users->accounts, line->name, line->name_len, line->id,
			     line->gid);

	snprintf(note, sizeof(note), "local %.*s", (int)len, home ? home : "");
	for (char *at = note; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return r ? r :
		   owner_records_add(&users->homes, (struct owner_record){ .uid = 0 }, "",
				     0, note);
}

/* Loads passwd(5) of @directory. Returns 0 or -errno. */
int follow_users_load(int directory, struct follow_users *ret_users)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open(&file, directory, &kind_uid), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0)
		r = fault == PASSWD_ID_ONLY ?
			    0 :
			    add_follow_user(ret_users, &line, &file.line);
	return r ? r : accounts_sort(&ret_users->accounts);
}

/* Returns the note about a user. */
const char *follow_home(const struct follow_users *users,
			const struct accounts_item *item)
{
	size_t i = (size_t)(item - users->accounts.items);

	return owner_records_text(&users->homes, users->homes.items[i].note);
}

/* Frees the users. Takes zeroed ones. */
void follow_users_cleanup(struct follow_users *users)
{
	accounts_cleanup(&users->accounts);
	owner_records_cleanup(&users->homes);
}

/* Reads the text of the file. Returns 0, -errno, or -EBADMSG: it is damaged, and if it
 * were written anew, what it says would be lost. */
int known_owners_parse(struct owner_records *ret_known, const char *text, size_t len)
{
	int r = owner_records_parse(ret_known, text, len);

	if (r == 0 && ret_known->skipped > 0)
		r = -EBADMSG;
	return r ? r : owner_records_sort(ret_known);
}

/* Describes the failure @r with the file. */
const char *known_owners_reason(int r)
{
	return r == -EBADMSG ? _("the file has lines that are no records") :
			       report_error(-r);
}

/* Adds a record to @now, with the epoch of the one of @known about the same ids and user.
 * Returns 0 or -ENOMEM. */
int known_owners_put(const struct owner_records *known, struct owner_record record,
		     const char *name, const char *note, struct owner_records *now)
{
	const struct owner_record *old =
		owner_records_find_exact(known, record.group, record.range, name);

	if (old && old->uid == record.uid)
		record.epoch = old->epoch;
	return owner_records_add(now, record, name, strlen(name), note);
}

/* Returns the user of passwd(5) who owns a line, or NULL. */
const struct accounts_item *follow_user_of(const struct follow_users *users,
					   const struct entry *entry)
{
	struct accounts_owner found =
		accounts_by_owner(&users->accounts, entry->owner, entry->owner_len);

	return found.by_uid ? found.by_uid : found.by_name;
}

/* The file before and after a change of the databases. */
struct owners_update {
	struct follow_users users;
	struct owner_records known, now;
	struct range_set freed[2]; /* the ids that lines had and none has any more */
	char *old_text, *text;
	size_t old_len, len;
	uint64_t epoch;
};

static void owners_update_cleanup(struct owners_update *update)
{
	follow_users_cleanup(&update->users);
	owner_records_cleanup(&update->known);
	owner_records_cleanup(&update->now);
	range_set_clear(&update->freed[0]);
	range_set_clear(&update->freed[1]);
	free(update->old_text);
	free(update->text);
}

/* Finds the ids that the change has freed. Returns 0 or -errno. */
static int find_freed(struct owners_update *update, const struct edit *edit, size_t k)
{
	const struct range all = { 0, ID_END };
	CLEANUP(table_cleanup) struct table old = { 0 };
	struct table_near near = { .next = 0 }, now = { .next = 0 };
	int r = db_load_old(&edit->db, kind_all[k], &old);

	while (r == 0 && table_next_in_force(&old, all, &near))
		r = range_set_add(&update->freed[k], near.reading->entry.range);
	while (r == 0 && table_next_near(&edit->db.sides[k].table, all, &now))
		if (!now.reading->excessive)
			r = range_set_subtract(&update->freed[k],
					       now.reading->entry.range);
	return r;
}

/* Keeps a record, but not of the ids that root has freed. */
static int keep_record(struct owners_update *update, const struct owner_record *record)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(SIZE_MAX);
	const struct range_set *freed = &update->freed[record->group];
	const char *name = owner_records_text(&update->known, record->owner);
	const char *note = owner_records_text(&update->known, record->note);
	struct range rest = record->range, common;
	int r = range_set_add(&ids, rest);

	while (r == 0 && rest.start < rest.end &&
	       range_set_intersect(freed, rest, &common)) {
		r = range_set_subtract(&ids, common);
		rest.start = common.end;
	}
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct owner_record kept = *record;

		kept.range = ids.ranges[i];
		r = owner_records_add(&update->now, kept, name, strlen(name), note);
	}
	return r;
}

/* Keeps what is known about users who are not in passwd(5) as they were, and about
 * databases that did not change. */
static int keep_others(struct owners_update *update, const struct edit *edit)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < update->known.n; i++) {
		const struct owner_record *record = &update->known.items[i];
		const char *name = owner_records_text(&update->known, record->owner);
		const struct accounts_item *user =
			accounts_by_name(&update->users.accounts, name, strlen(name));

		if (!user || user->id != record->uid ||
		    !db_changed(&edit->db, kind_all[record->group]))
			r = keep_record(update, record);
	}
	return r;
}

static int record_lines(struct owners_update *update, const struct table *table,
			bool group)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(table, &cursor, &line)) {
		const struct accounts_item *user =
			line.fault ? NULL : follow_user_of(&update->users, &line.entry);
		struct owner_record record = { .range = line.entry.range,
					       .group = group,
					       .epoch = update->epoch };

		if (!user)
			continue;
		record.uid = user->id;
		r = known_owners_put(&update->known, record,
				     accounts_name(&update->users.accounts, user),
				     follow_home(&update->users, user), &update->now);
	}
	return r;
}

static int update_owners(struct owners_update *update, const struct edit *edit,
			 const char *root)
{
	int r = known_owners_parse(&update->known, update->old_text, update->old_len);

	if (r == 0)
		r = follow_users_load(edit->etc, &update->users);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (db_changed(&edit->db, kind_all[k]))
			r = find_freed(update, edit, k);
	if (r == 0)
		r = keep_others(update, edit);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (db_changed(&edit->db, kind_all[k]))
			r = record_lines(update, &edit->db.sides[k].table, k);
	if (r == 0)
		r = owner_records_format(&update->now, &update->text, &update->len);
	if (r || (update->len == update->old_len &&
		  memcmp(update->text, update->old_text, update->len) == 0))
		return r;
	return state_file_write(root, STATE_OWNERS, update->text, update->len);
}

/*
 * Records the owners of the lines as they are now, after a commit, if `subid follow` has
 * made the file. A failure is only a note, since the databases are already written.
 *
 * root: the directory of an image, or NULL.
 */
void known_owners_update(const struct edit *edit, const char *root)
{
	CLEANUP(owners_update_cleanup)
	struct owners_update update = { .epoch = retired_clock(),
					.freed = { RANGE_SET(SIZE_MAX),
						   RANGE_SET(SIZE_MAX) } };
	int r = state_file_read(root, STATE_OWNERS, &update.old_text, &update.old_len);

	if (r == 0 && !update.old_text)
		return;
	if (r == 0)
		r = update_owners(&update, edit, root);
	if (r)
		report_line(edit->program,
			    _("note: the owners of the new lines are not recorded (%s); "
			      "'subid follow' does that"),
			    known_owners_reason(r));
}
