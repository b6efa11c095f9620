/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * membership: whether a user is in a group.
 */
#ifndef SUBID_MEMBERSHIP_H
#define SUBID_MEMBERSHIP_H

#include "libsubid/core/policy.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/lookup.h"

int membership_check(const struct lookup *lookup, const struct nsswitch *nsswitch,
		     const struct account *account, struct policy_word group);

#endif
