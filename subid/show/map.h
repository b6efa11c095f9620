/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * map: shared by the source files of `subid map`.
 */
#ifndef SUBID_MAP_H
#define SUBID_MAP_H

#include "libsubid/core/idmap.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

/* By kind->group. Extents are sorted by inner and by outer id. */
struct mapping {
	struct user user;
	const char *plugin;	   /* the source that grants the ids; NULL: databases */
	struct idmap delegated[2]; /* only the ranges, from 0 on */
	struct idmap usual[2];	   /* 0 is the user, the ranges begin at 1 */
};

struct runtime {
	const char *name;
	bool as_user; /* container root is the user, who must exist */
	/* Prints the mapping. Returns 0, or an exit status with the reason reported. */
	int (*print)(const struct mapping *mapping);
};

const struct runtime *runtime_find(const char *name);
size_t runtime_names(char *text, size_t size);

#endif
