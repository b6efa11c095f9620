// SPDX-License-Identifier: BSD-3-Clause
/*
 * overlap: finds the conflicts of new ids with the policy.
 *
 * Invariant: the list has every conflict, not only the first, so that the user can choose
 * another range at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/overlap.h"
#include "libsubid/core/reserved.h"

/* Appends a conflict with a copy of @name; the list changes only with 0. */
static int put_conflict(struct overlap_list *list, struct overlap conflict,
			const char *name, size_t name_len)
{
	if (ARRAY_RESERVE(list->items, list->n, list->allocated))
		return -ENOMEM;
	conflict.name = name ? strndup(name, name_len) : NULL;
	if (name && !conflict.name)
		return -ENOMEM;
	list->items[list->n++] = conflict;
	return 0;
}

static int find_id(const struct overlap_question *question, uint64_t id,
		   enum overlap_why why, const char *name, struct overlap_list *list)
{
	const struct range ids = { id, id + 1 };

	if (!range_set_overlaps(question->wanted, ids))
		return 0;
	return put_conflict(
		list, (struct overlap){ .why = why, .kind = question->kind, .ids = ids },
		name, name ? strlen(name) : 0);
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Returns the wanted ids that accounts have, ascending; the caller frees them. */
static int find_wanted_ids(const struct overlap_question *question, uint32_t **ret_ids,
			   size_t *ret_n)
{
	const struct accounts *accounts = question->accounts;
	size_t n_accounts = accounts ? accounts->n : 0, n = 0;
	uint32_t *ids = reallocarray(NULL, n_accounts + 1, sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < n_accounts; i++) {
		uint32_t id = accounts->items[i].id;

		if (range_set_overlaps(question->wanted, (struct range){ id, id + 1ULL }))
			ids[n++] = id;
	}
	qsort(ids, n, sizeof(*ids), compare_ids);
	*ret_ids = ids;
	*ret_n = n;
	return 0;
}

/* groups: ids, ascending, that are no conflict here. */
static int find_accounts(const struct overlap_question *question,
			 const struct accounts *accounts, enum overlap_why why,
			 const uint32_t *groups, size_t n_groups,
			 struct overlap_list *list)
{
	int r = 0;

	for (size_t i = 0; accounts && r == 0 && i < accounts->n; i++) {
		const struct accounts_item *item = &accounts->items[i];

		/* OVERLAP_ROOT reports id 0. */
		if (item->id != 0 &&
		    (n_groups == 0 ||
		     !bsearch(&item->id, groups, n_groups, sizeof(*groups), compare_ids)))
			r = find_id(question, item->id, why,
				    accounts_name(accounts, item), list);
	}
	return r;
}

/* Skips primary groups that have a line in group(5): they are reported as groups. */
static int find_primary(const struct overlap_question *question,
			struct overlap_list *list)
{
	CLEANUP(cleanup_free) uint32_t *groups = NULL;
	size_t n = 0;
	int r = find_wanted_ids(question, &groups, &n);

	return r ? r :
		   find_accounts(question, question->primary, OVERLAP_PRIMARY, groups, n,
				 list);
}

/* Adds a conflict for each wanted range that shares ids with a reading of a line. */
static int find_in_reading(const struct overlap_question *question,
			   const struct table_near *near, struct overlap_list *list)
{
	const struct range_set *wanted = question->wanted;
	struct entry part = near->reading->entry;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->n; i++) {
		if (!range_intersect(wanted->ranges[i], near->reading->entry.range,
				     &part.range) ||
		    (question->is_owner && question->is_owner(&part, question->context)))
			continue;
		r = put_conflict(list,
				 (struct overlap){
					 .why = OVERLAP_OWNER,
					 .kind = question->kind,
					 .ids = part.range,
					 .line = near->line.number,
					 .malformed = near->line.fault != 0,
				 },
				 part.owner, part.owner_len);
	}
	return r;
}

/* Finds lines that give wanted ids to another owner, as any program reads them. */
static int find_in_lines(const struct overlap_question *question,
			 struct overlap_list *list)
{
	const struct range_set *wanted = question->wanted;
	const struct range span = { wanted->ranges[0].start,
				    wanted->ranges[wanted->n - 1].end };
	struct table_near near = { .next = 0 };
	int r = 0;

	while (r == 0 && table_next_near(question->table, span, &near))
		if (!near.reading->excessive &&
		    range_set_overlaps(wanted, near.reading->entry.range))
			r = find_in_reading(question, &near, list);
	return r;
}

static int find_reserved(const struct overlap_question *question,
			 struct overlap_list *list)
{
	const struct range_set *wanted = question->wanted;
	struct overlap conflict = { .why = OVERLAP_RESERVED, .kind = question->kind };
	int r = 0;

	for (size_t i = 0; question->reserved && i < wanted->n; i++) {
		const struct reserved *reserved = NULL;

		while (r == 0 && (reserved = reserved_next(wanted->ranges[i], reserved,
							   &conflict.ids)))
			r = put_conflict(list, conflict, reserved->what,
					 strlen(reserved->what));
	}
	return r;
}

/*
 * Finds all conflicts of @question->wanted.
 *
 * list: conflicts are appended, even before an error; free with overlap_list_cleanup().
 * Returns 0 or -ENOMEM. Thread-safe.
 */
int overlap_find(const struct overlap_question *question, struct overlap_list *list)
{
	int r;

	if (question->wanted->n == 0)
		return 0;
	r = find_id(question, ID_NONE, OVERLAP_NO_ID, NULL, list);
	if (r)
		return r;
	r = find_id(question, 0, OVERLAP_ROOT, NULL, list);
	if (r == 0)
		r = find_reserved(question, list);
	if (r)
		return r;
	r = find_accounts(question, question->accounts, OVERLAP_ACCOUNT, NULL, 0, list);
	if (r == 0 && question->primary)
		r = find_primary(question, list);
	return r ? r : find_in_lines(question, list);
}

/* Returns whether the policy allows this conflict. Thread-safe. */
bool overlap_is_overridden(const struct overlap *overlap,
			   const struct overlap_policy *policy)
{
	switch (overlap->why) {
	case OVERLAP_OWNER:
	case OVERLAP_ACCOUNT:
	case OVERLAP_PRIMARY:
		return policy->allow_overlap;
	case OVERLAP_ROOT:
		return policy->allow_root;
	case OVERLAP_RESERVED:
		return policy->allow_reserved;
	case OVERLAP_NO_ID:
		break;
	}
	return false;
}

/* Frees the list. */
void overlap_list_cleanup(struct overlap_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].name);
	free(list->items);
	*list = (struct overlap_list){ 0 };
}
