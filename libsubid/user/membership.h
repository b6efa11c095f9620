/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * membership: whether a user is in a group.
 */
#ifndef SUBID_MEMBERSHIP_H
#define SUBID_MEMBERSHIP_H

#include <stdbool.h>

#include "libsubid/user/lookup.h"

int membership_check(const struct lookup *lookup, bool remote,
		     const struct account *account, const char *group);

#endif
