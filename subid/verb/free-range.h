/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * free-range: a free range for a command that is shown.
 */
#ifndef SUBID_FREE_RANGE_H
#define SUBID_FREE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/store/db.h"
#include "libsubid/user/account.h"

struct free_range_wish {
	bool kinds[2];	/* by kind->group: free in these databases */
	uint64_t count; /* 0: as many as `usermod-ext -S` gives */
	uint64_t align;
	struct range bounds; /* end 0: those of login.defs(5) */
};

int free_range_find(const struct account *account, int directory, enum db_place place,
		    const struct name_service *service,
		    const struct free_range_wish *wish, struct range *ret_range);
int free_range_load(struct db *db, int directory, enum db_place place,
		    const struct name_service *service, const bool kinds[static 2]);
bool free_range_is_in_use(const struct kind *kind, struct range range);

#endif
