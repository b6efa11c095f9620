/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grants: the decision if plugins are among the sources.
 */
#ifndef SUBID_GRANTS_H
#define SUBID_GRANTS_H

#include "helper/helper.h"
#include "libsubid/source/source.h"
#include "mapwriter/decide.h"

struct grants {
	struct helper *helper; /* asks plugins */
	struct source_list sources;
	struct source_answer answer;
	struct range_set ranges; /* what a plugin lists */
	struct range_set denied; /* extents that it denies, listed or not */
};

int grants_decide(const struct kind *kind, const struct idmap *map,
		  const struct lookup *lookup, const struct account *account,
		  uint32_t own_id, struct dbfile *file, struct grants *grants,
		  struct decision *ret_decision);
void grants_cleanup(struct grants *grants);

#endif
