/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * map: shared by the source files of `subid map`.
 */
#ifndef SUBID_MAP_H
#define SUBID_MAP_H

#include "libsubid/core/idmap.h"
#include "subid/verb/index.h"
#include "subid/verb/sources.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

/* In ascending order, with room for the user's own id. */
struct map_ranges {
	struct range ranges[LIMIT_EXTENTS + 1];
	size_t n;
};

/* By kind->group. Extents are sorted by inner id. */
struct mapping {
	struct user user;
	const char *plugin;	   /* the source that grants the ids; NULL: databases */
	struct map_ranges held[2]; /* what the user has */
	struct idmap fixed[2];	   /* of --through */
	bool left_out;		   /* ids that are to be passed through are not mapped */
	struct idmap delegated[2]; /* only the ranges, from 0 on */
	struct idmap usual[2];	   /* 0 is the user, the ranges begin at 1 */
	struct idmap rootless[2];  /* of podman's own namespace: all that the user has */
};

struct runtime {
	const char *name;
	bool as_user;  /* container root is the user, who must exist */
	bool rootless; /* it runs in a namespace that maps all ids of the user */
	bool holes;    /* it can map single ids beside a range: --through */
	/* Prints the mapping. Returns 0, or an exit status with the reason reported. */
	int (*print)(const struct mapping *mapping);
};

const struct runtime *runtime_find(const char *name);
const char *runtime_word(const struct command *command, size_t i);
void runtime_names(bool holes, char *text, size_t size);

struct map {
	struct verb_options options;
	struct verb_place place;
	struct user_cache owners;
	struct sources sources;
	const struct runtime *runtime; /* NULL: print a table */
	struct mapping mapping;
	bool explains; /* --explain */
	struct output output;
};

int map_take_through(struct map *map, const char *text);
int map_check_through(const struct map *map);
bool map_has_through(const struct mapping *mapping);
bool map_is_through(const struct mapping *mapping, const struct kind *kind, uint64_t id);
int map_check_delegated(const struct map *map, const struct kind *kind);
int map_choose_ranges(struct map *map, const struct kind *kind, bool note,
		      struct map_ranges *ret_chosen);
int map_refuse_passed(const struct map *map, const struct kind *kind);

int map_take_ranges(struct map *map, const struct kind *kind, const struct index *index,
		    const struct source *source);
int map_lay_out(struct map *map);

int map_explain(struct map *map, char *const *words, size_t n);

extern const struct output_columns map_explain_columns;

#endif
