/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * index: finds ranges by id, and the ids inside a container.
 */
#ifndef SUBID_INDEX_H
#define SUBID_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/kind.h"
#include "subid/verb/lines.h"
#include "subid/verb/sources.h"
#include "subid/verb/user-cache.h"

struct index_range {
	uint32_t first;
	uint32_t last;
	uint32_t line;	 /* fits: a database has fewer bytes than 2^32; 0: no line */
	uint32_t owner;	 /* offset of its text in index.owners */
	uint32_t uid;	 /* of the owner; ID_NONE: unknown */
	uint32_t inside; /* the first id in the usual map, see subid-list(1) */
};

struct index {
	const struct kind *kind;
	struct index_range *ranges; /* sorted by first id, then by line */
	size_t n;
	size_t allocated;
	char *owners;
	size_t owners_len;
	size_t owners_allocated;
	uint32_t *highest; /* highest[i]: the highest last id of ranges[0..i] */
};

#define INDEX_NONE     \
	{              \
		.n = 0 \
	}

/* Returns whether to load a line. */
typedef bool (*index_wants_fn)(const struct line *line, void *context);

int index_load(struct index *index, const struct verb_place *place,
	       const struct kind *kind, const struct user_cache *owners,
	       index_wants_fn wants, void *context);
int index_load_granted(struct index *index, struct sources *sources,
		       const struct user *user, const struct kind *kind,
		       const struct source **ret_source);
const struct index_range *index_find(const struct index *index, uint32_t id,
				     const struct index_range *previous);
bool index_inside(const struct index_range *range, uint32_t id, bool from_zero,
		  uint32_t *ret_inside);
const char *index_owner(const struct index *index, const struct index_range *range);
void index_cleanup(struct index *index);

#endif
