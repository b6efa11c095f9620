// SPDX-License-Identifier: BSD-3-Clause
/*
 * kind: the values for uid and gid.
 */
#include "libsubid/core/kind.h"

const struct kind kind_uid = {
	.id = "uid",
	.database = "subuid",
	.backup = "subuid-",
	.lock_file = "subuid.lock",
	.path = SYSCONFDIR "/subuid",
	.backup_path = SYSCONFDIR "/subuid-",
	.map = "uid_map",
	.mapper = "newuidmap",
	.accounts = "passwd",
	.conf_min = "SUB_UID_MIN",
	.conf_max = "SUB_UID_MAX",
	.conf_count = "SUB_UID_COUNT",
	.grant_flag = "-v",
	.revoke_flag = "-V",
	.group = false,
};

const struct kind kind_gid = {
	.id = "gid",
	.database = "subgid",
	.backup = "subgid-",
	.lock_file = "subgid.lock",
	.path = SYSCONFDIR "/subgid",
	.backup_path = SYSCONFDIR "/subgid-",
	.map = "gid_map",
	.mapper = "newgidmap",
	.accounts = "group",
	.conf_min = "SUB_GID_MIN",
	.conf_max = "SUB_GID_MAX",
	.conf_count = "SUB_GID_COUNT",
	.grant_flag = "-w",
	.revoke_flag = "-W",
	.group = true,
};

const struct kind *const kind_all[] = { &kind_uid, &kind_gid };
