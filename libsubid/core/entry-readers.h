/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry-readers: how other programs read a malformed line.
 *
 * In this library a malformed line grants nothing, see entry.h. But an id is free only if
 * no program reads it as an owner's, and it is revoked only if no map writer still grants
 * it.
 */
#ifndef SUBID_ENTRY_READERS_H
#define SUBID_ENTRY_READERS_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/entry.h"

/* How one of the programs reads a line. */
struct entry_reading {
	struct entry entry; /* the range ends at 2^32 at the latest */
	bool by_shadow;	    /* shadow's newuidmap(1) grants it */
	bool excessive;	    /* some version reads all ids, more than the line names */
};

#define ENTRY_READINGS 2
/* Shadow reads only shorter lines. */
#define ENTRY_SHADOW_BYTES 1024

struct entry_readings {
	struct entry_reading items[ENTRY_READINGS];
	size_t n;
	char joined[ENTRY_SHADOW_BYTES]; /* an owner may point into it */
};

void entry_readings_find(const char *line, size_t len, size_t left,
			 struct entry_readings *ret_readings);

#endif
