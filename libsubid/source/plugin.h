/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plugin: libsubid_NAME.so, a source of subordinate ids other than the files.
 */
#ifndef SUBID_PLUGIN_H
#define SUBID_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"

enum plugin_fault {
	/* Faults that only root can cause or fix: */
	PLUGIN_ELSEWHERE = 1, /* in another directory of the loader */
	PLUGIN_FOREIGN,	      /* the file or its directory is not root's */
	PLUGIN_WRITABLE,      /* other users than root can write one of them */
	PLUGIN_MALFORMED,     /* not a shared object, or a call is missing */
	/* Faults that may be temporary or depend on the caller: */
	PLUGIN_UNLOADABLE, /* the loader refuses it */
	PLUGIN_DOWN,	   /* it cannot reach its service */
	PLUGIN_LIES,	   /* its answer is invalid */
	PLUGIN_MUTE, /* no answer about owners of an id (SSSD), or about an extent */
	PLUGIN_SLOW, /* it did not answer in time */
	PLUGIN_DIED, /* it ended the process that called it */
};

struct plugin_range;

struct plugin {
	void *handle; /* of the loader */
	/* See plugin-ask.c. */
	int (*has_range)(const char *owner, unsigned long start, unsigned long count,
			 int type, bool *result);
	int (*list_ranges)(const char *owner, int type, struct plugin_range **ranges,
			   int *count);
	int (*find_owners)(unsigned long id, int type, uid_t **uids, int *count);
	void (*release)(void *array); /* NULL: free(3) */
};

#define PLUGIN_NONE            \
	{                      \
		.handle = NULL \
	}

/* Extents to ask about; only those that lie in one range of the plugin are asked. */
struct plugin_extents {
	const struct range *extents; /* NULL: each range of the plugin */
	size_t n;
	struct range_set denied; /* extents that it denies; with room for all */
};

bool plugin_is_installed(const char *directory, const char *name);
int plugin_open(const char *directory, const char *name, struct plugin *ret_plugin);
int plugin_ranges(const struct plugin *plugin, const char *owner, const struct kind *kind,
		  struct plugin_extents *extents, struct range_set *set);
int plugin_owners(const struct plugin *plugin, uint32_t id, const struct kind *kind,
		  uid_t **ret_uids, size_t *ret_n);
void plugin_close(struct plugin *plugin);
int plugin_ask_ranges(const char *directory, const char *name, const char *owner,
		      const struct kind *kind, struct plugin_extents *extents,
		      struct range_set *set);
int plugin_ask_owners(const char *directory, const char *name, uint32_t id,
		      const struct kind *kind, uid_t **ret_uids, size_t *ret_n);

static inline void plugin_extents_cleanup(struct plugin_extents *extents)
{
	range_set_clear(&extents->denied);
}

static inline void plugin_cleanup(struct plugin *plugin)
{
	plugin_close(plugin);
}

#endif
