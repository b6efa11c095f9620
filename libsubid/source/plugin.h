/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plugin: libsubid_NAME.so, another source of sub-ids than the files.
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
	/* What only root can bring about or mend: */
	PLUGIN_ELSEWHERE = 1, /* in a folder of the loader's from which none is taken */
	PLUGIN_FOREIGN,	      /* the file or its folder is not root's */
	PLUGIN_WRITABLE,      /* others than root can write one of them */
	PLUGIN_MALFORMED,     /* no shared object, or not all calls are in it */
	/* What may pass, and may depend on who asks: */
	PLUGIN_UNLOADABLE, /* the loader does not take it */
	PLUGIN_DOWN,	   /* it cannot reach the service that it asks */
	PLUGIN_LIES,	   /* what it answered cannot be */
	PLUGIN_MUTE, /* it does not say who has an id, as that of SSSD, or whether it
			grants an extent */
	PLUGIN_SLOW, /* it has not answered in the time that it was given */
	PLUGIN_DIED, /* it ended the process that was to ask it */
};

struct plugin_range;

struct plugin {
	void *handle; /* of the loader */
	/* Its calls, see plugin.c. */
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

/* Extents of a map: whether a plugin grants those that lie in one of its ranges. */
struct plugin_extents {
	const struct range *extents; /* NULL: each range that the plugin lists, joined */
	size_t n;
	struct range_set denied; /* what it says no to, with room for all of them */
};

bool plugin_is_installed(const char *folder, const char *name);
int plugin_open(const char *folder, const char *name, struct plugin *ret_plugin);
int plugin_ranges(const struct plugin *plugin, const char *owner, const struct kind *kind,
		  struct plugin_extents *extents, struct range_set *set);
int plugin_owners(const struct plugin *plugin, uint32_t id, const struct kind *kind,
		  uid_t **ret_uids, size_t *ret_n);
void plugin_close(struct plugin *plugin);
int plugin_ask_ranges(const char *folder, const char *name, const char *owner,
		      const struct kind *kind, struct plugin_extents *extents,
		      struct range_set *set);
int plugin_ask_owners(const char *folder, const char *name, uint32_t id,
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
