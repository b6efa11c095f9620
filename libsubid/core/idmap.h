/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idmap: the extents of a mapping, see user_namespaces(7), "User and group ID mappings".
 */
#ifndef SUBID_IDMAP_H
#define SUBID_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/range.h"

/*
 * Maps @count ids from @inner on, inside the namespace, to the ids from @outer on
 * outside. A count of 0 can be parsed but is never granted.
 */
struct extent {
	uint32_t inner;
	uint32_t outer;
	uint32_t count;
};

struct idmap {
	struct extent extents[LIMIT_EXTENTS];
	size_t n;
};

enum {
	IDMAP_NONE = 1,	  /* no arguments */
	IDMAP_INCOMPLETE, /* the arguments are not a multiple of three */
	IDMAP_TOO_MANY,	  /* more than LIMIT_EXTENTS */
	IDMAP_NUMBER,	  /* an argument is not a decimal number */
	IDMAP_BEYOND,	  /* an id would be 4294967295 or more */
};

enum idmap_clash {
	IDMAP_CLASH_INNER = 1,
	IDMAP_CLASH_OUTER,
};

/* Bytes of the longest line that idmap_render() writes. */
#define IDMAP_LINE_BYTES (3 * 20 + 3)

int idmap_parse(char *const *arguments, size_t n, struct idmap *ret_map);
int idmap_clash(const struct idmap *map, size_t *ret_a, size_t *ret_b);
size_t idmap_render(const struct idmap *map, char *out, size_t size);

int extent_make(uint64_t inner, uint64_t outer, uint64_t count,
		struct extent *ret_extent);
struct range extent_inner(const struct extent *extent);
struct range extent_outer(const struct extent *extent);

/*
 * Authorisation: idmap_request() collects the ids that the database must grant, the
 * caller subtracts those it grants, and idmap_decide() gets the rest.
 */
size_t idmap_asked(const struct idmap *map, uint32_t own_id, bool group,
		   struct range ret_ranges[static LIMIT_EXTENTS]);
int idmap_request(const struct idmap *map, uint32_t own_id, bool group,
		  struct range_set *set);
int idmap_decide(const struct idmap *map, uint32_t own_id, const struct range_set *left,
		 size_t *ret_refused);
bool idmap_is_own(const struct idmap *map, uint32_t own_id);
bool idmap_maps_root(const struct idmap *map);

#endif
