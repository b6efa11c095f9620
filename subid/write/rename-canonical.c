// SPDX-License-Identifier: BSD-3-Clause
/*
 * rename-canonical: replaces the owner of each line by the login name of the account, if
 * the name service knows a user by several names.
 *
 * MUST: the user of a line does not change: old and new name belong to one account.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/core/limits.h"
#include "subid/write/rename.h"

/*
 * Looks up each owner in the databases once, before the locks are taken.
 * Returns as edit.h says.
 */
int rename_find_owners(struct rename *rename)
{
	struct edit *edit = &rename->edit;
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (rename->kinds[k])
			r = edit_find_owners(edit, kind_all[k]);
	if (r == 0)
		r = edit_tell_error(edit, unknown_owners_ask_canonical(&edit->unknown,
								       &edit->lookup));
	return r;
}

/* Looks up owners of lines added since rename_find_owners(). */
static int collect_new(struct rename *rename)
{
	struct edit *edit = &rename->edit;
	const struct range all = { 0, ID_END };
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (edit->db.sides[k].loaded)
			r = unknown_owners_add_lines(&edit->unknown,
						     &edit->db.sides[k].table, all, NULL,
						     NULL);
	if (r == 0)
		r = unknown_owners_ask_canonical(&edit->unknown, &edit->lookup);
	return edit_tell_error(edit, r);
}

/* A table_name_fn. */
static const char *canonical_name(const struct entry *entry, void *context)
{
	struct rename *rename = context;
	const struct unknown_owners *owners = &rename->edit.unknown;
	const struct account *account =
		unknown_owners_canonical(owners, entry->owner, entry->owner_len);

	if (!account)
		return NULL;
	rename->renamed[unknown_owners_find(owners, entry->owner, entry->owner_len) -
			owners->items] = true;
	return account->name;
}

/*
 * Replaces the owners of all lines by the login names of their accounts, in memory.
 * Returns as edit.h says.
 */
int rename_canonical(struct rename *rename)
{
	struct edit *edit = &rename->edit;
	const struct range all = { 0, ID_END };
	size_t silent = 0;
	int r = collect_new(rename);

	if (r)
		return r;
	for (size_t k = 0; k < 2; k++)
		if (edit->db.sides[k].loaded)
			silent += edit_report_silent(edit, kind_all[k], all, NULL);
	r = change_judge_silent(&rename->change, silent);
	if (r)
		return r;
	rename->renamed = calloc(edit->unknown.n + 1, sizeof(*rename->renamed));
	if (!rename->renamed)
		return edit_tell_error(edit, -ENOMEM);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (edit->db.sides[k].loaded)
			r = edit_tell_error(edit, db_rename_all(&edit->db, kind_all[k],
								canonical_name, rename));
	return r;
}
