// SPDX-License-Identifier: BSD-3-Clause
/*
 * rename-report: records and shows which owners were renamed.
 */
#include <stdio.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "subid/write/rename.h"

/* Logs that lines of @old now name @owner. @old NULL: --canonical, all owners. */
static void record_one(struct rename *rename, const char *old, const char *owner,
		       bool done)
{
	char text[CHANGE_TEXT_BYTES] = "rename canonical";

	if (old)
		snprintf(text, sizeof(text), "rename new=%s", owner);
	/* A space ends a field of the record. */
	for (char *at = text + sizeof("rename"); *at; at++)
		if (*at == ' ' || *at == '"')
			*at = '?';
	edit_record(&rename->edit, old, text, done);
}

/* Logs each renamed owner. */
static void record_all(struct rename *rename)
{
	const struct unknown_owners *owners = &rename->edit.unknown;

	for (size_t i = 0; i < owners->n; i++)
		if (rename->renamed && rename->renamed[i])
			record_one(rename, owners->items[i].name,
				   owners->items[i].answer.account.name, true);
}

void rename_record(struct rename *rename, bool done)
{
	if (rename->canonical && done)
		record_all(rename);
	else
		record_one(rename, rename->old, rename->owner, done);
}

static int add_renamed_owner(struct owner_set *people, const char *name)
{
	return owner_set_add_text(people, name, strlen(name));
}

/* The owners are shown as the lines name them. */
static int add_renamed(const struct rename *rename, struct owner_set *people)
{
	const struct unknown_owners *owners = &rename->edit.unknown;
	int r = 0;

	if (!rename->canonical) {
		r = add_renamed_owner(people, rename->old);
		return r ? r : add_renamed_owner(people, rename->owner);
	}
	for (size_t i = 0; r == 0 && i < owners->n; i++)
		if (rename->renamed[i]) {
			r = add_renamed_owner(people, owners->items[i].name);
			if (r == 0)
				r = add_renamed_owner(
					people, owners->items[i].answer.account.name);
		}
	return r;
}

/* Shows what has changed, or would with --dry-run. */
int rename_show(struct rename *rename)
{
	static const struct edit_reasons reasons = { "renamed", "no-lines" };
	CLEANUP(owner_set_cleanup) struct owner_set people = { 0 };
	int r = edit_tell_error(&rename->edit, add_renamed(rename, &people));

	return r ? r : change_show(&rename->edit, &people, edit_reason, &reasons);
}
