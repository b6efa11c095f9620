/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allocated-ids: the ids in use of one database, read once for many ranges.
 */
#ifndef SUBID_ALLOCATED_IDS_H
#define SUBID_ALLOCATED_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/store/db.h"
#include "libsubid/user/ids-in-use.h"
#include "libsubid/user/owner-set.h"

/* A range that one of the owners holds. */
struct holding {
	size_t person;
	struct range range;
};

struct allocated_ids {
	struct range *ranges; /* in any order; may overlap */
	size_t n;
	size_t allocated;
	size_t n_lines;		  /* the first ranges are those of lines */
	uint64_t top;		  /* end of the highest line within the bounds, or 0 */
	struct holding *holdings; /* in the order of the lines, until they are sorted */
	size_t n_holdings;
	size_t allocated_holdings;
	uint64_t malformed;	  /* malformed lines, apart from harmless ones */
	struct ids_in_use in_use; /* from allocated_ids_read_accounts() */
};

int allocated_ids_read_lines(struct allocated_ids *used, const struct table *table,
			     struct range bounds, const struct owner_set *people);
int allocated_ids_read_holdings(struct allocated_ids *used, const struct table *table,
				const struct owner_set *people);
bool allocated_ids_may_be_held(const char *line, size_t len, const void *context);
int allocated_ids_copy_lines(struct allocated_ids *used,
			     const struct allocated_ids *from);
int allocated_ids_read_accounts(struct allocated_ids *used, struct db *db,
				const struct kind *kind, const struct range_set *wanted);
int allocated_ids_put(struct allocated_ids *used, struct range range);
int allocated_ids_put_holding(struct allocated_ids *used, size_t person,
			      struct range range);
void allocated_ids_sort(struct allocated_ids *used);
void allocated_ids_sort_holdings(struct allocated_ids *used);
int allocated_ids_find_not_held(const struct allocated_ids *used, size_t person,
				struct range range, struct range_set *ret_missing);
int allocated_ids_put_reserved(struct allocated_ids *used, struct range bounds);
int allocated_ids_put_accounts(struct allocated_ids *used,
			       const struct ids_in_use *in_use);
void allocated_ids_cleanup(struct allocated_ids *used);

#endif
