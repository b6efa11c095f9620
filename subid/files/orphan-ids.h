/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * orphan-ids: which ids of files are orphans: no account, line or reservation has them.
 * Each id is decided once.
 *
 *	orphan_ids_start	reads the databases, accounts and rules
 *	orphan_ids_find ...	for each id
 *	orphan_ids_sort		when all were found; then none may be looked up
 *	orphan_ids_cleanup	in any case
 */
#ifndef SUBID_ORPHAN_IDS_H
#define SUBID_ORPHAN_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/hash.h"
#include "libsubid/sys/policy-files.h"
#include "subid/verb/former.h"
#include "subid/verb/id-state.h"
#include "subid/verb/sources.h"

/* What orphan_ids_find() finds beside the numbers of groups. */
#define ORPHAN_OWNED   0U
#define ORPHAN_UNKNOWN UINT32_MAX /* not known: a source or file is not readable */

/* Number of distinct ids that are remembered, of each kind. */
#define ORPHAN_IDS_KEPT 1000000

struct orphan_id {
	uint32_t id;
	uint32_t group; /* ORPHAN_OWNED, ORPHAN_UNKNOWN, or see orphan_ids_group() */
};

/* Orphans that belong together: those of a retired line, or neighbours. */
struct orphan_group {
	uint32_t line;	      /* the retired line: 1 + its index in the ranges; or 0 */
	uint32_t key;	      /* the line, or the lowest id that a neighbour may have */
	uint32_t first, last; /* of those that were found */
	const char *former;   /* who had them; NULL: not known */
	uint64_t since;	      /* since when the owner is gone; 0: not known */
	uint64_t files;
	uint64_t bytes; /* on the disk */
	int64_t newest; /* when a file was last changed: seconds since 1970 */
};

/* The ids of one kind. */
struct orphan_side {
	struct id_states states;
	uint64_t start; /* from here on, ids are delegated, */
	uint64_t count; /* this many at once */
	struct orphan_id *ids;
	size_t n, allocated;
	struct hash by_id; /* index + 1 of ids */
	struct orphan_id latest;
	bool has_latest;
	bool forgot; /* there are more than ORPHAN_IDS_KEPT */
	struct orphan_group *groups;
	size_t n_groups, allocated_groups;
	struct hash by_key; /* index + 1 of groups */
};

struct orphan_ids {
	const struct verb_place *place;
	struct sources *sources;
	bool ask_sources; /* else ids that plugins may have are unknown */
	struct policy_files policy;
	struct former former;
	struct orphan_side sides[2]; /* by kind->group */
};

int orphan_ids_start(struct orphan_ids *orphans, struct user_cache *owners,
		     struct sources *sources, const char *root);
int orphan_ids_find(struct orphan_ids *orphans, size_t side, uint32_t id,
		    uint32_t *ret_group);
void orphan_ids_sort(struct orphan_ids *orphans);
void orphan_ids_cleanup(struct orphan_ids *orphans);

/* Returns whether an id is an orphan, by what orphan_ids_find() has found. */
static inline bool orphan_is_group(uint32_t group)
{
	return group != ORPHAN_OWNED && group != ORPHAN_UNKNOWN;
}

/* Returns a group; valid until the next id is looked up. */
static inline struct orphan_group *orphan_ids_group(struct orphan_side *side,
						    uint32_t group)
{
	return &side->groups[group - 1];
}

#endif
