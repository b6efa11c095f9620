// SPDX-License-Identifier: BSD-3-Clause
/*
 * follow-owners: the file that remembers the owners of lines with their uids,
 * /var/lib/subid/owners. Its notes are `local HOME` or `network`.
 *
 * Invariant: if no owner and no line has changed, the text is the same.
 */
#include <string.h>

#include "libsubid/core/limits.h"
#include "subid/write/follow.h"

static int put_owner(struct follow_pass *pass, bool group, struct range range,
		     const char *name, uint32_t uid, const char *note)
{
	struct owner_record record = {
		.range = range, .uid = uid, .group = group, .epoch = pass->retired.epoch
	};

	return known_owners_put(&pass->known, record, name, note, &pass->now);
}

/* Adds the owner of a line who is not in passwd(5), if the name service has answered. */
static int put_network_owner(struct follow_pass *pass, bool group,
			     const struct entry *entry)
{
	const struct unknown_owner *found =
		unknown_owners_find(&pass->edit.unknown, entry->owner, entry->owner_len);

	if (!pass->follow->network || !found || !found->asked || found->answer.r)
		return 0;
	return put_owner(pass, group, entry->range, found->answer.account.name,
			 found->answer.account.uid, "network");
}

static int put_line(struct follow_pass *pass, bool group, const struct entry *entry)
{
	const struct accounts_item *item = follow_user_of(&pass->users, entry);

	if (entry_owner_is_retired(entry->owner, entry->owner_len))
		return 0;
	if (!item)
		return put_network_owner(pass, group, entry);
	return put_owner(pass, group, entry->range,
			 accounts_name(&pass->users.accounts, item), item->id,
			 follow_home(&pass->users, item));
}

static int put_all_lines(struct follow_pass *pass, size_t k)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(&pass->edit.db.sides[k].table, &cursor, &line))
		if (line.fault == 0)
			r = put_line(pass, k, &line.entry);
	return r;
}

/* Keeps what is known about owners whose fate is open, or whose lines are not loaded. */
static int keep_open(struct follow_pass *pass)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pass->known.n; i++) {
		const struct owner_record *record = &pass->known.items[i];
		const char *owner = owner_records_text(&pass->known, record->owner);
		struct follow_fate fate;

		r = follow_judge(pass, record, &fate);
		if (r == 0 && (fate.has_lines || fate.state == FOLLOW_LEFT))
			r = owner_records_add(
				&pass->now, *record, owner, strlen(owner),
				owner_records_text(&pass->known, record->note));
	}
	return r;
}

/* Makes the new text of the file. Returns 0 or -errno. */
int follow_record(struct follow_pass *pass)
{
	int r = keep_open(pass);

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (pass->edit.db.sides[k].loaded)
			r = put_all_lines(pass, k);
	return r ? r : owner_records_format(&pass->now, &pass->text, &pass->len);
}
