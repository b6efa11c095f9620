/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry-repair: what a malformed line was meant to grant.
 */
#ifndef SUBID_ENTRY_REPAIR_H
#define SUBID_ENTRY_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/range.h"

struct entry_repair {
	char owner[LIMIT_OWNER_BYTES + 1];
	size_t owner_len;
	bool owner_ok;		/* a line can have this owner */
	struct range by_shadow; /* as shadow's programs read it; end 0: not at all */
	struct range by_others; /* as container engines, or people, read it; end 0: not */
	struct range begin;	/* n is 0: the first id alone, if it has one */
	size_t n;		/* how many different ranges */
};

/* Returns whether the owner of a line may not be given the ids. */
typedef bool (*entry_repair_refused_fn)(struct range range, void *context);

void entry_repair(const char *line, size_t len, struct entry_repair *ret_repair);
struct range entry_repair_choose(const struct entry_repair *repair,
				 entry_repair_refused_fn is_refused, void *context,
				 bool *ret_refused);

#endif
