/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fix: what the parts of `subid fix` share.
 */
#ifndef SUBID_FIX_H
#define SUBID_FIX_H

#include "command/edit.h"
#include "libsubid/findings/entry-repair.h"
#include "subid/write/change.h"

/* The line in one database, and what takes its place. */
struct fix_side {
	bool found;
	size_t n; /* how many lines with this text */
	size_t allocated;
	struct table_change *changes; /* of them */
	char *before;
	size_t before_len;
	int fault;
	struct entry_repair repair;
	struct range range; /* what the new line gives; end 0: nothing */
	char *after;	    /* whole lines, or nothing */
	size_t after_len;
};

struct fix {
	struct change_options change;
	const char *text;
	const char *user; /* --owner */
	struct range as;  /* --as; end 0: none */
	bool remove;
	bool begins; /* the text is the beginning of a malformed line */
	bool kinds[2];
	bool same_user; /* the line is the user's already */
	struct overlap_policy policy;
	struct settings settings;
	struct edit edit;
	struct owner owner; /* of the new line */
	struct fix_side sides[2];
};

int fix_lines(struct fix *fix);

#endif
