/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy: which conflicts a set of ids has that an owner is to get.
 */
#ifndef SUBID_POLICY_H
#define SUBID_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/overlap.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/taken.h"

/* How the name service is asked about ids. */
struct policy_service {
	const struct nsswitch *nsswitch;
	bool in_process; /* for a library: no child process */
	int64_t *waited; /* how long all answers have taken, in milliseconds; grows */
};

int policy_ask_service(const struct policy_service *service, const struct kind *kind,
		       const struct range_set *wanted, struct taken *taken);
int policy_find(const struct overlap_question *question,
		const struct policy_service *service, struct taken *taken,
		struct overlap_list *conflicts);

#endif
