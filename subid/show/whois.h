/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * whois: what is known when its rows are made.
 */
#ifndef SUBID_WHOIS_H
#define SUBID_WHOIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/range.h"
#include "subid/verb/idnames.h"
#include "subid/verb/index.h"
#include "subid/verb/owners.h"
#include "subid/verb/sources.h"
#include "subid/verb/verb.h"

/* What is known about one kind. */
struct whois_side {
	const struct kind *kind;
	struct index index; /* the lines of those who have one of the ids */
	struct idnames accounts;
	struct used used; /* of lines_find_used(), */
	bool used_found;  /* since an id seemed to be free */
	bool unread;	  /* the database: any id may be in it */
};

struct whois {
	struct verb_options options;
	struct verb_place place;
	struct owners owners;
	struct sources sources;
	uint32_t *ids;
	size_t n_ids;
	struct range_set wanted;      /* the same ids */
	struct range_set uids;	      /* of owners who have one; and */
	struct unknown_owners others; /* those whose uid is not known */
	struct whois_side sides[2];
	size_t n_sides;
	struct output output;
};

int whois_start_rows(struct whois *whois);
int whois_show(struct whois *whois, struct whois_side *side, uint32_t id, bool *found);

#endif
