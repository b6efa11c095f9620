// SPDX-License-Identifier: BSD-3-Clause
/*
 * retire-owners: what retiring needs besides removing: the policy, the uid of a user who
 * is gone, and the owners of ids without a user on the command line.
 *
 * MUST: --range without a user takes no ids from a user who has an account.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/state-file.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/write/revoke.h"

/*
 * Finds out whether the policy retires what `subid revoke` takes. Returns 0 or -ENOMEM,
 * reported.
 */
int retire_by_policy(struct revoke *revoke)
{
	CLEANUP(policy_files_cleanup) struct policy_files site = { .n = 0 };
	struct edit *edit = &revoke->edit;
	int r;

	if (revoke->retires || revoke->frees)
		return 0;
	r = policy_files_read(edit->etc, edit->db.root, &site);
	if (r)
		return edit_tell_error(edit, r);
	policy_report(PROGRAM, edit->root, &site);
	/* The rule may be in a file that cannot be read, and retiring loses nothing. */
	revoke->retires = policy_retires(&site.policy) || site.n_faults > 0;
	edit->change = revoke->retires ? EDIT_RETIRES : EDIT_REMOVES;
	if (site.policy.retire.how && revoke->retires)
		policy_place_text(&site, edit->root, site.policy.retire.place,
				  revoke->rule);
	return 0;
}

/* Takes the uid that an owner without account had, if passwd-, the backup, knows it. */
void retire_find_uid(const struct edit *edit, struct owner *owner)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct account *account = &owner->account;
	struct passwd_line line;
	int fault;

	if (owner_has_account(owner) ||
	    passwd_file_open_named(&file, edit->etc, "passwd-", false))
		return;
	while (passwd_file_next(&file, &line, &fault) > 0)
		if (fault == 0 && line.name_len == account->name_len &&
		    memcmp(line.name, account->name, line.name_len) == 0) {
			account->uid = line.id;
			return;
		}
}

/* Writes who had the ids, before the databases. Returns as edit.h says. */
int retire_write_records(const struct edit *edit, const struct retired *retired)
{
	int r = edit->dry_run ? 0 : retired_write(&edit->db, retired);

	if (r == 0)
		return 0;
	verb_report_state(edit->root, STATE_RETIRED, report_error(-r));
	report_line(PROGRAM, _("nothing is changed"));
	return EDIT_NOT_WRITTEN;
}

/* Reports where ids of the user are that are retired. Returns whether there are any. */
bool retire_report_retired(const struct revoke *revoke, const struct revoke_user *user)
{
	char name[RETIRED_NAME_BYTES];
	size_t len = retired_name(user->name, strlen(user->name), name);

	for (size_t k = 0; k < 2; k++) {
		const struct table *table = &revoke->edit.db.sides[k].table;
		struct table_cursor cursor = { 0 };
		struct table_line line;

		while (table_next(table, &cursor, &line)) {
			if (line.fault || line.entry.owner_len != len ||
			    memcmp(line.entry.owner, name, len) != 0)
				continue;
			report_line(PROGRAM,
				    _("the ids of %s are retired already (%s/%s:%" PRIu64
				      ")"),
				    user->name, revoke->edit.directory,
				    kind_all[k]->database, line.number);
			return true;
		}
	}
	return false;
}

/*
 * `subid retire --range` without a user.
 */

static bool is_named_or_retired(const struct revoke *revoke, const struct entry *entry)
{
	struct entry copy = *entry;

	for (size_t i = 0; i < revoke->n_users; i++)
		if (owner_is(&copy, &revoke->users[i].owner))
			return true;
	return retired_is(entry, NULL);
}

static int refuse_user(const struct revoke *revoke, const struct table_near *near,
		       const struct kind *kind, const struct owner *owner)
{
	const struct entry *entry = &near->reading->entry;

	report_line(PROGRAM,
		    _("%ss %" PRIu64 "-%" PRIu64 " belong to %s (%s/%s:%" PRIu64
		      "): name the user, if they are to be retired"),
		    kind->id, entry->range.start, entry->range.end - 1,
		    owner->account.name, revoke->edit.directory, kind->database,
		    near->line.number);
	return DB_CONFLICT;
}

/* Adds the owner of a line as if it were named on the command line. */
static int add_line_owner(struct revoke *revoke, const struct table_near *near,
			  const struct kind *kind)
{
	const struct entry *entry = &near->reading->entry;
	struct revoke_user user = { .in_use = IN_USE };
	char name[LIMIT_OWNER_BYTES + 1];
	struct revoke_user *users;
	int r;

	/* Shadow also reads longer ones, which no line of retired ids can name. */
	if (entry->owner_len > LIMIT_OWNER_BYTES) {
		report_line(PROGRAM, "%s/%s:%" PRIu64 ": %s", revoke->edit.directory,
			    kind->database, near->line.number,
			    _(entry_reason(ENTRY_OWNER_LONG)));
		return DB_CONFLICT;
	}
	memcpy(name, entry->owner, entry->owner_len);
	name[entry->owner_len] = '\0';
	r = edit_find_line_owner(&revoke->edit, name, &user.owner);
	if (r)
		return r;
	if (owner_has_account(&user.owner)) {
		r = refuse_user(revoke, near, kind, &user.owner);
		owner_cleanup(&user.owner);
		return r;
	}
	retire_find_uid(&revoke->edit, &user.owner);
	users = reallocarray(revoke->users, revoke->n_users + 1, sizeof(*users));
	if (!users) {
		owner_cleanup(&user.owner);
		return verb_fail(ENOMEM);
	}
	revoke->users = users;
	users[revoke->n_users++] = user;
	return 0;
}

static int find_owners_in(struct revoke *revoke, const struct kind *kind,
			  struct range range)
{
	const struct db_side *side = &revoke->edit.db.sides[kind->group];
	struct table_near near = { .next = 0 };
	int r = 0;

	while (r == 0 && side->loaded && table_next_in_force(&side->table, range, &near))
		if (!is_named_or_retired(revoke, &near.reading->entry))
			r = add_line_owner(revoke, &near, kind);
	return r;
}

/* Finds the owners of the ids; none may have an account. Returns as edit.h says. */
int retire_find_owners(struct revoke *revoke)
{
	int r = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && i < revoke->ranges.n; i++)
			r = find_owners_in(revoke, kind_all[k], revoke->ranges.ranges[i]);
	for (size_t i = 0; i < revoke->n_users; i++)
		revoke->users[i].name = revoke->users[i].owner.account.name;
	return r;
}

/* Retires the ids of --range that no line has. Returns as edit.h says. */
int retire_put_free(struct revoke *revoke)
{
	struct db *db = &revoke->edit.db;
	struct account unknown;
	int r = 0;

	account_set_text(&unknown, "", 0);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && db->sides[k].loaded && i < revoke->ranges.n;
		     i++)
			r = retired_put_free(db, kind_all[k], &unknown,
					     revoke->ranges.ranges[i], &revoke->retired);
	return edit_tell_error(&revoke->edit, r);
}
