/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kubelet: what kubelet(8) of Kubernetes demands of the ranges of the user `kubelet`.
 *
 * It gives each pod 65536 uids and the gids of the same numbers. It does not start if its
 * ranges break a rule, and needs none if there is no such user.
 */
#ifndef SUBID_KUBELET_H
#define SUBID_KUBELET_H

#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/range.h"

#define KUBELET_USER "kubelet"
/* Ids of a pod. */
#define KUBELET_UNIT 65536
/* Pods of a node, unless maxPods in its configuration says otherwise. */
#define KUBELET_PODS 110

enum kubelet_fault {
	KUBELET_NONE = 1, /* no range of uids, or of gids */
	KUBELET_SEVERAL,  /* more than one line of a kind */
	KUBELET_START,	  /* the first id is not a multiple of 65536, or is 0 */
	KUBELET_COUNT,	  /* the number of ids is not a multiple of 65536 */
	KUBELET_UNEQUAL,  /* uids and gids are different numbers */
	KUBELET_FEW,	  /* not enough for the pods */
	KUBELET_NO_ID,	  /* 4294967295 is among them, which is no id */
};

/* The ranges of the user in one database, one for each line, in the order of the file. */
struct kubelet_ranges {
	const struct range *ranges;
	size_t n;
};

int kubelet_check(const struct kubelet_ranges sides[static 2], uint64_t pods,
		  unsigned int *ret_group);

#endif
