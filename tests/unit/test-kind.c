// SPDX-License-Identifier: BSD-3-Clause
/*
 * The two kinds: names that other programs and the kernel have fixed.
 */
#include "libsubid/core/kind.h"
#include "tests/unit/unit.h"

Test(kind, uid)
{
	cr_assert_str_eq(kind_uid.id, "uid");
	cr_assert_str_eq(kind_uid.database, "subuid");
	cr_assert_str_eq(kind_uid.backup, "subuid-");
	cr_assert_str_eq(kind_uid.lock_file, "subuid.lock");
	cr_assert_str_eq(kind_uid.accounts, "passwd");
	cr_assert_str_eq(kind_uid.conf_min, "SUB_UID_MIN");
	cr_assert_str_eq(kind_uid.conf_max, "SUB_UID_MAX");
	cr_assert_str_eq(kind_uid.conf_count, "SUB_UID_COUNT");
	cr_assert_str_eq(kind_uid.path, SYSCONFDIR "/subuid");
	cr_assert_str_eq(kind_uid.backup_path, SYSCONFDIR "/subuid-");
	cr_assert_str_eq(kind_uid.map, "uid_map");
	cr_assert_str_eq(kind_uid.mapper, "newuidmap");
	cr_assert_str_eq(kind_uid.grant_flag, "-v");
	cr_assert_str_eq(kind_uid.revoke_flag, "-V");
	cr_assert_not(kind_uid.group);
}

Test(kind, gid)
{
	cr_assert_str_eq(kind_gid.id, "gid");
	cr_assert_str_eq(kind_gid.database, "subgid");
	cr_assert_str_eq(kind_gid.backup, "subgid-");
	cr_assert_str_eq(kind_gid.lock_file, "subgid.lock");
	cr_assert_str_eq(kind_gid.accounts, "group");
	cr_assert_str_eq(kind_gid.conf_min, "SUB_GID_MIN");
	cr_assert_str_eq(kind_gid.conf_max, "SUB_GID_MAX");
	cr_assert_str_eq(kind_gid.conf_count, "SUB_GID_COUNT");
	cr_assert_str_eq(kind_gid.path, SYSCONFDIR "/subgid");
	cr_assert_str_eq(kind_gid.backup_path, SYSCONFDIR "/subgid-");
	cr_assert_str_eq(kind_gid.map, "gid_map");
	cr_assert_str_eq(kind_gid.mapper, "newgidmap");
	cr_assert_str_eq(kind_gid.grant_flag, "-w");
	cr_assert_str_eq(kind_gid.revoke_flag, "-W");
	cr_assert(kind_gid.group);
}
