/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rename: what the parts of `subid rename` share.
 */
#ifndef SUBID_RENAME_H
#define SUBID_RENAME_H

#include <stdbool.h>

#include "libsubid/user/owner.h"
#include "subid/write/change.h"

struct rename {
	struct change_options change;
	bool canonical; /* all lines, not OLD and NEW */
	const char *old;
	const char *owner;  /* by its new name */
	bool same;	    /* both are names of one user */
	struct owner found; /* NEW: with lines of its own it gets no others */
	bool kinds[2];
	struct edit edit;
	bool *renamed; /* by edit->unknown: that owner has another name now */
};

int rename_find_owners(struct rename *rename);
int rename_canonical(struct rename *rename);

#endif
