/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sources: who grants an owner ids, where that are not the databases alone; see
 * nsswitch.conf(5).
 */
#ifndef SUBID_SOURCES_H
#define SUBID_SOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/source/plugin.h"
#include "libsubid/source/source.h"
#include "subid/verb/lines.h"
#include "subid/verb/owners.h"
#include "subid/verb/verb.h"

/* How long each of them may take for all its answers to a command. */
#define SOURCES_SECONDS 2

struct sources {
	const struct verb_place *place;
	const struct owners *owners;
	struct nsswitch nsswitch;
	struct source_list list; /* points into this; an image has its databases alone */
	bool plugins;		 /* others than the databases are asked */
	bool files;		 /* the databases are asked */
	bool extents;	/* what a plugin lists must be granted as an extent, too */
	bool looked[2]; /* at the database, by kind->group */
	bool muted[NSSWITCH_SOURCES]; /* it was told that it does not say who has an id */
	bool told[NSSWITCH_SOURCES];  /* that it does not answer */
	int64_t waited[NSSWITCH_SOURCES]; /* in milliseconds */
};

int sources_find(struct sources *sources);
int sources_start(struct sources *sources, struct verb_place *place,
		  const struct owners *owners);
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
int sources_note_failure(struct sources *sources, const struct kind *kind,
			 const struct source_answer *answer);
void sources_note_denied(const struct user *user, const struct kind *kind,
			 const struct source *source, struct range range);
void sources_note_mute(struct sources *sources, const struct source *source);
void sources_note_void(const struct sources *sources, const struct user *user,
		       const struct kind *kind, const struct source *source, uint64_t n);
void sources_note_unasked(const struct sources *sources);

#endif
