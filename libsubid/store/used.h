/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * used: the ids in use of one database, read once for many ranges.
 */
#ifndef SUBID_USED_H
#define SUBID_USED_H

#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/store/db.h"
#include "libsubid/user/ids-in-use.h"
#include "libsubid/user/people.h"

/* A range that one of the owners holds. */
struct holding {
	size_t person;
	struct range range;
};

struct used {
	struct range *ranges; /* in any order; may overlap */
	size_t n;
	size_t allocated;
	uint64_t top;		  /* end of the highest line within the bounds, or 0 */
	struct holding *holdings; /* in the order of the lines */
	size_t n_holdings;
	size_t allocated_holdings;
	uint64_t malformed;	  /* malformed lines, apart from harmless ones */
	struct ids_in_use in_use; /* from used_read_accounts() */
};

int used_read_lines(struct used *used, const struct table *table, struct range bounds,
		    const struct people *people);
int used_read_holdings(struct used *used, const struct table *table,
		       const struct people *people);
int used_copy_lines(struct used *used, const struct used *from);
int used_read_accounts(struct used *used, struct db *db, const struct kind *kind,
		       const struct range_set *wanted);
int used_put(struct used *used, struct range range);
int used_put_holding(struct used *used, size_t person, struct range range);
int used_put_reserved(struct used *used, struct range bounds);
int used_put_accounts(struct used *used, const struct ids_in_use *in_use);
void used_cleanup(struct used *used);

#endif
