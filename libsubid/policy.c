// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy: the lines of a database and the ids of accounts, local ones and those of the
 * name service.
 */
#include "libsubid/policy.h"
#include "libsubid/core/limits.h"

/*
 * Asks the name service whether ids in @wanted are accounts'.
 *
 * taken: is appended to; freed with taken_cleanup(). Returns 0 or -errno.
 */
int policy_ask_service(const struct policy_service *service, const struct kind *kind,
		       const struct range_set *wanted, struct taken *taken)
{
	return (service->in_process ? taken_in_process : taken_elsewhere)(
		service->nsswitch, kind, wanted, service->waited, taken);
}

/*
 * Finds every conflict of the ids that the question wants.
 *
 * question: without accounts. service: NULL: the name service is not asked.
 * taken: the local accounts that have such ids; those of the name service are appended.
 * conflicts: are appended to. Returns 0 or -errno.
 */
int policy_find(const struct overlap_question *question,
		const struct policy_service *service, struct taken *taken,
		struct overlap_list *conflicts)
{
	const struct range no_id = { ID_NONE, ID_END };
	struct overlap_question full = *question;
	int r = 0;

	/* Ids that no account can have are refused, whatever the name service says. */
	if (service && !range_set_overlaps(question->wanted, no_id))
		r = policy_ask_service(service, question->kind, question->wanted, taken);
	if (r)
		return r;
	full.accounts = taken->accounts;
	full.n_accounts = taken->n;
	return overlap_find(&full, conflicts);
}
