/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * map: what the parts of the verb share.
 */
#ifndef SUBID_MAP_H
#define SUBID_MAP_H

#include "libsubid/core/idmap.h"
#include "subid/verb/owners.h"
#include "subid/verb/verb.h"

/* By kind->group: of uids, of gids. Extents come in ascending order of both ids. */
struct mapping {
	struct user user;
	const char *plugin;	   /* the source that grants them; NULL: the databases */
	struct idmap delegated[2]; /* the ranges alone, from 0 on */
	struct idmap usual[2];	   /* 0 is the user, the ranges follow from 1 on */
};

struct runtime {
	const char *name;
	bool as_user; /* container root is the user, who has to exist */
	/* Prints the mapping. Returns 0, or an exit status with the reason told. */
	int (*print)(const struct mapping *mapping);
};

const struct runtime *runtime_find(const char *name);
size_t runtime_names(char *text, size_t size);

#endif
