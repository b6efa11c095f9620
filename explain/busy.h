/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * busy: processes that use ids which are to be removed.
 */
#ifndef SUBID_BUSY_H
#define SUBID_BUSY_H

#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/sys/process.h"

/* Wanted ids. */
struct busy_ids {
	const struct kind *kind;
	const struct range_set *ids;
	bool other_namespace; /* only in another user namespace than ours */
};

struct busy_process {
	pid_t pid;
	char name[PROCESS_NAME_BYTES]; /* any byte may be in it */
	const struct kind *kind;       /* of the first id that was found */
	uint32_t id;
};

/* Takes a process. Returns 0, or a positive number, which ends the search. */
typedef int (*busy_take_fn)(const struct busy_process *process, void *context);

int busy_each_id(const struct kind *kind, struct range ids, busy_take_fn take,
		 void *context);
bool busy_uses(const struct kind *kind, const struct range_set *ids);
int busy_find(const struct busy_ids *wanted, size_t n, busy_take_fn take, void *context);

#endif
