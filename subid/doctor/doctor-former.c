// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-former: finds the range that a user without one had before: the backup of a
 * database has it. Another program may have written the database anew, and files of the
 * user's containers have these ids.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/owner.h"
#include "subid/doctor/doctor.h"

/* The first line of the user in the backup. */
static bool read_backup(const struct doctor *doctor, const struct kind *kind,
			struct range *ret_range)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	struct entry entry;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s-", kind->path);
	dbfile_open(path, &file);
	if (dbfile_vet(&file) || owner_init(&owner, &doctor->account, AT_FDCWD))
		return false;
	scan_start(&scan, file.fd);
	if (owner_next_entry(&owner, &scan, &entry) <= 0)
		return false;
	*ret_range = entry.range;
	return true;
}

/* Fills host->back, if a grant can give the user that range again. */
void doctor_find_former(struct doctor *doctor, const struct kind *kind,
			struct facts_host *host)
{
	struct free_range_wish wish = { 0 };
	struct range back, found;

	if (!read_backup(doctor, kind, &back))
		return;
	wish.kinds[kind->group] = true;
	wish.kinds[!kind->group] = host->free_of_both;
	wish.count = range_count(back);
	wish.bounds = back;
	if (doctor_find_free(doctor, &wish, &found) == 0 && range_equals(found, back))
		host->back = back;
}
