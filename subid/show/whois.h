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
#include "subid/verb/former.h"
#include "subid/verb/id-state.h"
#include "subid/verb/sources.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

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
	struct id_states sides[2];
	size_t n_sides;
	struct former former;
	struct output output;
};

int whois_take_words(struct whois *whois, int n, char *const *words);
int whois_take_line(struct whois *whois, const struct scan_line *line);
int whois_start_rows(struct whois *whois);
int whois_show(struct whois *whois, struct id_states *side, uint32_t id, bool *found);

extern const struct output_columns whois_columns;

#endif
