// SPDX-License-Identifier: BSD-3-Clause
/*
 * kind: the two values, see kind.h.
 */
#include "libsubid/core/kind.h"

const struct kind kind_uid = {
	.id = "uid",
	.database = "subuid",
	.path = SYSCONFDIR "/subuid",
	.map = "uid_map",
	.mapper = "newuidmap",
	.grant_flag = "-v",
	.group = false,
};

const struct kind kind_gid = {
	.id = "gid",
	.database = "subgid",
	.path = SYSCONFDIR "/subgid",
	.map = "gid_map",
	.mapper = "newgidmap",
	.grant_flag = "-w",
	.group = true,
};
