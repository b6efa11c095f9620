/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plugin-child: asks a plugin in a child process.
 */
#ifndef SUBID_PLUGIN_CHILD_H
#define SUBID_PLUGIN_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/source/plugin.h"

/* Which plugin to ask, and how. */
struct plugin_child {
	const char *directory;
	const char *name;
	/* Called in the child to drop all privilege. Returns 0 or -errno. */
	int (*disarm)(void);
	int64_t end; /* of waiting, by wait_clock(); 0: no limit */
};

int plugin_child_ask_ranges(const struct plugin_child *plugin, const char *owner,
			    const struct kind *kind, struct plugin_extents *extents,
			    struct range_set *set);
int plugin_child_ask_owners(const struct plugin_child *plugin, uint32_t id,
			    const struct kind *kind, uid_t **ret_uids, size_t *ret_n);

#endif
