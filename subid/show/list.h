/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * list: shared by the source files of `subid list`.
 */
#ifndef SUBID_LIST_H
#define SUBID_LIST_H

#include "libsubid/core/kind.h"
#include "libsubid/sys/policy-files.h"
#include "subid/verb/former.h"
#include "subid/verb/sources.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

struct list {
	struct verb_options options;
	struct verb_place place;
	struct user_cache owners;
	struct sources sources;
	const struct kind *kinds[2]; /* of -u and -g */
	size_t n_kinds;
	struct user *users; /* on the command line; none: all */
	bool *found;	    /* for each user: has a range */
	size_t n_users;
	bool free;
	bool map;
	bool retired; /* only lines of retired ids */
	struct former former;
	struct range zoom; /* of --map: a range on the command line; end 0: none */
	struct policy_files policy; /* with `free` */
	struct output output;
};

int list_find_users(struct list *list, int n, char **words);
int list_report_missing(const struct list *list);
bool list_wants(const struct list *list, const struct entry *entry);
int list_ranges(struct list *list);
int list_free(struct list *list);
int list_map(struct list *list);

extern const struct output_columns list_columns;

extern const struct output_columns list_free_columns;

#endif
