/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sources: the databases and plugins that grant ids, as nsswitch.conf(5) lists them.
 */
#ifndef SUBID_SOURCES_H
#define SUBID_SOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/source/plugin.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/nsswitch.h"
#include "subid/verb/lines.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

/* Total time each source has for its answers to one command. */
#define SOURCES_SECONDS 2

struct sources {
	const struct verb_place *place;
	const struct user_cache *owners;
	struct nsswitch nsswitch;
	struct source_list
		list;	/* points into nsswitch; an image has only its databases */
	bool plugins;	/* plugins are a source */
	bool files;	/* the databases are a source */
	bool extents;	/* check that a plugin grants what it lists as an extent */
	bool looked[2]; /* the database was read once; by kind->group */
	bool muted[NSSWITCH_SOURCES]; /* reported: it cannot find the owners of an id */
	int helper; /* 0, or the enum helper_fault of the last question */
	bool reported[NSSWITCH_SOURCES];  /* that it does not answer */
	int64_t waited[NSSWITCH_SOURCES]; /* time spent, in milliseconds */
};

int sources_find(struct sources *sources);
int sources_start(struct sources *sources, struct verb_place *place,
		  const struct user_cache *owners);
int sources_ask_plugin(struct sources *sources, const struct source *source,
		       const char *owner, const struct kind *kind,
		       struct plugin_extents *extents, struct range_set *set);
int sources_ask(struct sources *sources, const struct user *user, const struct kind *kind,
		lines_take_fn take, void *context, struct range_set *set,
		const struct source **ret_source);
int sources_ask_first(struct sources *sources, const struct user *user,
		      const struct kind *kind, const struct source **ret_source);
int sources_owners(struct sources *sources, const struct source *source, uint32_t id,
		   const struct kind *kind, uid_t **ret_uids, size_t *ret_n,
		   bool *ret_known);
int sources_tell_void(struct sources *sources, const struct user *user,
		      const struct kind *kind, const struct source *source);
void sources_note_unasked(const struct sources *sources);

#endif
