/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rename: shared by the source files of `subid rename`.
 */
#ifndef SUBID_RENAME_H
#define SUBID_RENAME_H

#include <stdbool.h>

#include "libsubid/user/owner.h"
#include "subid/write/change.h"

struct rename {
	struct change_options change;
	bool canonical; /* rename in all lines, not only OLD to NEW */
	bool merge;	/* NEW may have ranges already */
	const char *old;
	const char *owner;  /* NEW */
	bool found_old;	    /* a line has the owner OLD */
	bool same;	    /* old and owner are names of one account */
	struct owner found; /* NEW with all its names, to find its own lines */
	bool kinds[2];
	struct edit edit;
	bool *renamed; /* by index in edit.unknown: the owner was renamed */
};

int rename_find_owners(struct rename *rename);
int rename_canonical(struct rename *rename);
void rename_record(struct rename *rename, bool done);
int rename_show(struct rename *rename);
void rename_report_no_account(const struct rename *rename, bool old_exists);
void rename_report_handover(const struct rename *rename, const struct account *old);

#endif
