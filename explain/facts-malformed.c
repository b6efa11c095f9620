// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-malformed: whether the caller may be given the ids of a malformed line.
 *
 * Only what the caller can read is compared: other lines, local accounts and groups, and
 * reserved ids. `subid fix` decides, and asks the name service, too.
 */
#include <fcntl.h>

#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/overlap.h"
#include "libsubid/sys/userns.h"
#include "libsubid/user/ids-in-use.h"

struct facts_trial {
	const struct facts *facts;
	struct owner *owner;
	const struct table *table;
};

static bool is_refused_to_caller(struct range range, void *context)
{
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	CLEANUP(ids_in_use_cleanup) struct ids_in_use used = { 0 };
	CLEANUP(overlap_list_cleanup) struct overlap_list list = { 0 };
	struct facts_trial *trial = context;
	const struct facts *facts = trial->facts;
	const struct overlap_question question = {
		.kind = facts->kind,
		.wanted = &wanted,
		.table = trial->table,
		.is_owner = owner_is,
		.context = trial->owner,
		.accounts = &used.accounts,
		.primary = &used.primary,
		.reserved = userns_is_limited() <= 0,
	};

	if (range_set_add(&wanted, range) ||
	    ids_in_use_local(AT_FDCWD, facts->kind, &wanted, &used) ||
	    overlap_find(&question, &list))
		return false;
	for (size_t i = 0; i < list.n; i++)
		if (list.items[i].why != OVERLAP_OWNER ||
		    list.items[i].line != facts->grants.malformed.number)
			return true;
	return false;
}

/*
 * A database of more bytes is not searched for others who have the ids: a refusal must
 * not take long. `subid fix` asks whether they are free in any case.
 */
#define JUDGE_BYTES (16 * 1024 * 1024)

/* Chooses what the line was meant to grant. fd, size: of the database. */
void facts_judge_malformed(struct facts *facts, struct owner *owner, int fd, off_t size)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	struct facts_malformed *malformed = &facts->grants.malformed;
	struct facts_trial trial = { facts, owner, &table };
	bool loaded = size <= JUDGE_BYTES && load_table(fd, size, &table) == 0;

	malformed->range = entry_repair_choose(&malformed->repair,
					       loaded ? is_refused_to_caller : NULL,
					       &trial, &malformed->refused);
}
