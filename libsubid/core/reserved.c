// SPDX-License-Identifier: BSD-3-Clause
/*
 * reserved: ids that the kernel and systemd use, see "Users, Groups, UIDs and GIDs" in
 * the documentation of systemd, and user_namespaces(7).
 */
#include <stddef.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/reserved.h"

#define N_(text) (text) /* for xgettext */

/* Ascending, without overlaps. */
static const struct reserved table[] = {
	{ 0, 0, RESERVED_ALONE, N_("root") },
	{ 60001, 60513, RESERVED_NEVER, N_("users of systemd-homed") },
	{ 60514, 60577, RESERVED_NEVER,
	  N_("users of the host in containers of systemd") },
	{ 61184, 65519, RESERVED_NEVER, N_("dynamic users of systemd services") },
	{ 65534, 65534, RESERVED_NEVER, N_("nobody, and ids that are not mapped") },
	{ 65535, 65535, RESERVED_NEVER, N_("-1 in 16 bits: no id") },
	{ 524288, 1879048191, RESERVED_CHOSEN,
	  N_("systemd-nspawn chooses from 524288-1879048191 by itself") },
	{ 2147352576, 2147418111, RESERVED_NEVER,
	  N_("owners of files in images of systemd: foreign ids") },
	{ ID_NONE, ID_NONE, RESERVED_ALONE, N_("-1 in 32 bits: no id") },
};

#define N_TABLE (sizeof(table) / sizeof(table[0]))

/* Returns the reservation of an id, or NULL. Thread-safe. */
const struct reserved *reserved_find(uint32_t id)
{
	for (size_t i = 0; i < N_TABLE; i++)
		if (table[i].first <= id && id <= table[i].last)
			return &table[i];
	return NULL;
}

static struct range ids_of(const struct reserved *reserved)
{
	return (struct range){ reserved->first, (uint64_t)reserved->last + 1 };
}

/* Finds the first reservation in @range except 0 and 4294967295, or NULL. Thread-safe. */
const struct reserved *reserved_find_in(struct range range)
{
	for (size_t i = 0; i < N_TABLE; i++)
		if (table[i].how != RESERVED_ALONE &&
		    range_overlaps(range, ids_of(&table[i])))
			return &table[i];
	return NULL;
}

static const struct reserved *next_of(enum reserved_how how, struct range range,
				      const struct reserved *previous,
				      struct range *ret_common)
{
	for (size_t i = previous ? (size_t)(previous - table) + 1 : 0; i < N_TABLE; i++)
		if (table[i].how == how &&
		    range_intersect(range, ids_of(&table[i]), ret_common))
			return &table[i];
	return NULL;
}

/*
 * Finds the next reservation in @range that must not be delegated, except 0 and
 * 4294967295.
 *
 * previous: the last result, or NULL. ret_common: the reserved ids in @range.
 * Returns NULL after the last one. Thread-safe.
 */
const struct reserved *reserved_next(struct range range, const struct reserved *previous,
				     struct range *ret_common)
{
	return next_of(RESERVED_NEVER, range, previous, ret_common);
}

/* As reserved_next(), for ids that may be delegated, but from which a program chooses. */
const struct reserved *reserved_next_chosen(struct range range,
					    const struct reserved *previous,
					    struct range *ret_common)
{
	return next_of(RESERVED_CHOSEN, range, previous, ret_common);
}
