// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-former: finds the range that a user without one had before: the backup of a
 * database has it. Another program may have written the database anew, and files of the
 * user's containers have these ids.
 *
 * MUST: the ids are offered to nobody but the user who had them: a former user may have
 * had the same name.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/owner-records.h"
#include "libsubid/store/state-file.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/passwd-file.h"
#include "subid/doctor/doctor.h"

/* The first line of the user in the backup. */
static bool read_backup(const struct doctor *doctor, const struct kind *kind,
			struct range *ret_range, struct timespec *ret_time)
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
	*ret_time = file.status.st_mtim;
	return true;
}

/* Whether a record says that the account, with this uid, had the range. */
static bool is_recorded(const struct account *account, const struct kind *kind,
			struct range range)
{
	CLEANUP(owner_records_cleanup) struct owner_records records = { .n = 0 };
	CLEANUP(cleanup_free) char *text = NULL;
	bool found = false;
	size_t len = 0;

	if (state_file_read("/", STATE_OWNERS, &text, &len) ||
	    owner_records_parse(&records, text ? text : "", len))
		return false;
	for (size_t i = 0; !found && i < records.n; i++) {
		const struct owner_record *item = &records.items[i];

		found = item->group == kind->group && item->uid == account->uid &&
			range_equals(item->range, range) &&
			strcmp(owner_records_text(&records, item->owner),
			       account->name) == 0;
	}
	return found;
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Whether a file of accounts that is no newer than @time has the account. */
static bool had_account(const struct account *account, const char *path,
			struct timespec time)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	struct stat status;
	int fault;

	if (stat(path, &status) || is_later(status.st_mtim, time) ||
	    passwd_file_open_named(&file, AT_FDCWD, path, false))
		return false;
	while (passwd_file_next(&file, &line, &fault) > 0)
		if (fault == 0 && line.id == account->uid &&
		    line.name_len == account->name_len &&
		    memcmp(line.name, account->name, line.name_len) == 0)
			return true;
	return false;
}

/* Fills host->back, if a grant can give the user that range again. */
void doctor_find_former(struct doctor *doctor, const struct kind *kind,
			struct facts_host *host)
{
	struct free_range_wish wish = { 0 };
	const struct account *account = &doctor->account;
	struct range back, found;
	struct timespec time;

	if (!read_backup(doctor, kind, &back, &time))
		return;
	wish.kinds[kind->group] = true;
	wish.kinds[!kind->group] = host->free_of_both;
	wish.count = range_count(back);
	wish.bounds = back;
	if (doctor_find_free(doctor, &wish, &found) || !range_equals(found, back))
		return;
	host->back = back;
	/* Between the two files of accounts there was only one change. */
	host->back_unsure = !is_recorded(account, kind, back) &&
			    !had_account(account, "/etc/passwd", time) &&
			    !had_account(account, "/etc/passwd-", time);
}
