/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lines: reads the databases line by line.
 */
#ifndef SUBID_LINES_H
#define SUBID_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/kind.h"
#include "libsubid/store/allocated-ids.h"
#include "subid/verb/verb.h"

/* Valid until the next line is read. */
struct line {
	const struct kind *kind;
	const char *path; /* of the database */
	uint64_t number;  /* from 1 */
	struct entry entry;
};

/* Handles a line. Returns 0, or an exit status that ends the reading. */
typedef int (*lines_take_fn)(const struct line *line, void *context);

int lines_each(const struct verb_place *place, const struct kind *kind, bool notes,
	       lines_take_fn take, void *context);
void lines_note_skipped(const struct verb_place *place, const struct kind *kind,
			uint64_t n);
int lines_find_used(const struct verb_place *place, const struct kind *kind, bool notes,
		    struct allocated_ids *used, struct table *ret_table);

#endif
