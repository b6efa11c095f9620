/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plugin-client: asks a plugin, by the helper.
 */
#ifndef SUBID_PLUGIN_CLIENT_H
#define SUBID_PLUGIN_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/helper.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/source/plugin.h"

/* Which plugin is asked, and the helper that asks it. */
struct plugin_client {
	struct helper *helper;
	const char *directory;
	const char *name;
};

int plugin_client_ranges(const struct plugin_client *plugin, const char *owner,
			 const struct kind *kind, struct plugin_extents *extents,
			 struct range_set *set);
int plugin_client_owners(const struct plugin_client *plugin, uint32_t id,
			 const struct kind *kind, uid_t **ret_uids, size_t *ret_n);

#endif
