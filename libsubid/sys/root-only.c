// SPDX-License-Identifier: BSD-3-Clause
/*
 * root-only: checks owner and mode as dbfile_vet() does, but also refuses what a group
 * can write.
 */
#include "libsubid/sys/root-only.h"
#include "libsubid/sys/userns.h"

/* Returns 0, an enum root_only_fault, or -errno if it is unknown. Thread-safe. */
int root_only_check(const struct stat *status)
{
	int r = status->st_uid == 0 ? 1 : userns_is_outside_owner(status->st_uid);

	if (r <= 0)
		return r ? r : ROOT_ONLY_FOREIGN;
	return status->st_mode & (S_IWGRP | S_IWOTH) ? ROOT_ONLY_WRITABLE : 0;
}
