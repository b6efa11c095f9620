/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kubelet-facts: what is wrong with the ranges of kubelet, and which ids replace them.
 */
#ifndef SUBID_KUBELET_FACTS_H
#define SUBID_KUBELET_FACTS_H

#include <stdint.h>

#include "explain/facts.h"
#include "libsubid/findings/kubelet.h"
#include "libsubid/store/db.h"

struct kubelet_question {
	const struct kubelet_ranges *sides; /* by kind->group */
	uint64_t pods;			    /* 0: not known */
	const struct account *account;
	int directory; /* of the databases */
	enum db_place place;
	const struct name_service *service; /* NULL: none is asked */
};

const struct kind *kubelet_gather(const struct kubelet_question *question,
				  struct facts_host *ret_host);

#endif
