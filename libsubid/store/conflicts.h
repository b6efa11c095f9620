/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conflicts: finds the conflicts of ids that an owner is to get.
 */
#ifndef SUBID_CONFLICTS_H
#define SUBID_CONFLICTS_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/overlap.h"
#include "libsubid/user/ids-in-use.h"

int conflicts_find(const struct overlap_question *question,
		   struct ids_in_use_service *service, struct ids_in_use *in_use,
		   struct overlap_list *conflicts);

#endif
