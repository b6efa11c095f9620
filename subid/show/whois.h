/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * whois: shared by the source files of `subid whois`.
 */
#ifndef SUBID_WHOIS_H
#define SUBID_WHOIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/range.h"
#include "libsubid/sys/scan.h"
#include "subid/verb/id-names.h"
#include "subid/verb/index.h"
#include "subid/verb/sources.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

/* The data of one kind. */
struct whois_side {
	const struct kind *kind;
	struct index index; /* all lines of the owners of the ids */
	struct id_names accounts;
	struct allocated_ids used; /* of lines_find_used(); see allocated_ids_found */
	bool allocated_ids_found; /* used was read, when the first id seemed to be free */
	bool unread;		  /* the database is unreadable: any id may be in it */
};

/* An id to show, as a uid, a gid or both. */
struct whois_id {
	uint32_t id;
	bool kinds[2];
};

struct whois {
	struct verb_options options;
	struct verb_place place;
	struct user_cache owners;
	struct sources sources;
	struct whois_id *ids;
	size_t n_ids;
	size_t allocated;
	bool stream;		      /* `-`: ids follow on standard input */
	struct range_set wanted;      /* the ids, as a set */
	struct range_set uids;	      /* uids of their owners */
	struct unknown_owners others; /* owners with unknown uid */
	struct whois_side sides[2];
	size_t n_sides;
	struct output output;
};

int whois_take_words(struct whois *whois, int n, char *const *words);
int whois_take_line(struct whois *whois, const struct scan_line *line);
int whois_start_rows(struct whois *whois);
int whois_show(struct whois *whois, struct whois_side *side, uint32_t id, bool *found);

extern const struct output_columns whois_columns;

#endif
