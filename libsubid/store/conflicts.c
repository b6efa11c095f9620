// SPDX-License-Identifier: BSD-3-Clause
/*
 * conflicts: compares ids with the lines of a database and with the ids of accounts, both
 * local ones and those of the name service.
 */
#include "libsubid/store/conflicts.h"
#include "libsubid/core/limits.h"

/*
 * Finds every conflict of the wanted ids.
 *
 * question: without accounts. service: NULL: do not ask the name service.
 * in_use: the local accounts with such ids; those of the name service are appended.
 * conflicts: found ones are appended. Returns 0 or -errno.
 */
int conflicts_find(const struct overlap_question *question,
		   struct ids_in_use_service *service, struct ids_in_use *in_use,
		   struct overlap_list *conflicts)
{
	const struct range no_id = { ID_NONE, ID_END };
	struct overlap_question full = *question;
	int r = 0;

	/* Ids that no account can have are refused, whatever the name service says. */
	if (service && !range_set_overlaps(question->wanted, no_id))
		r = ids_in_use_ask(service, question->kind, question->wanted, in_use);
	if (r)
		return r;
	full.accounts = &in_use->accounts;
	full.primary = &in_use->primary;
	return overlap_find(&full, conflicts);
}
