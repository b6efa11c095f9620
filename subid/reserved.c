// SPDX-License-Identifier: BSD-3-Clause
/*
 * reserved: what the kernel and systemd have agreed on, see "Users, Groups, UIDs and
 * GIDs" in the documentation of systemd, and user_namespaces(7).
 */
#include <stddef.h>

#include "common/i18n.h"
#include "libsubid/core/limits.h"
#include "subid/reserved.h"

static const struct reserved table[] = {
	{ 0, 0, true, N_("root") },
	{ 60001, 60513, true, N_("users of systemd-homed") },
	{ 60514, 60577, true, N_("users of the host in containers of systemd") },
	{ 61184, 65519, true, N_("dynamic users of systemd services") },
	{ 65534, 65534, true, N_("nobody, and ids that are not mapped") },
	{ 65535, 65535, true, N_("-1 in 16 bits: no id") },
	{ 524288, 1879048191, false,
	  N_("systemd-nspawn chooses from 524288-1879048191 by itself") },
	{ ID_NONE, ID_NONE, true, N_("-1 in 32 bits: no id") },
};

/* What an id is for, whoever has it; NULL: nothing of its own. Thread-safe. */
const struct reserved *reserved_find(uint32_t id)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].first <= id && id <= table[i].last)
			return &table[i];
	return NULL;
}
