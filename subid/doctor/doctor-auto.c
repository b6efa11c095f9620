// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-auto: checks whether podman and CRI-O, run by root, find ids for containers with
 * --userns=auto. They take those of an owner without an account, and none of root's.
 */
#include <string.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/userns.h"
#include "message/i18n.h"
#include "subid/doctor/doctor.h"

/* Enough for 1024 containers of the least size, or 16 of the largest. */
#define AUTO_COUNT 1048576

/* Counts the ids of the owner; a database that cannot be used has none. */
static uint64_t count_auto_ids(const struct kind *kind)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	size_t len = strlen(FACTS_AUTO_OWNER);
	struct scan_line line;
	struct entry entry;
	uint64_t n = 0;

	dbfile_open(kind->path, &file);
	if (dbfile_vet(&file))
		return 0;
	scan_start(&scan, file.fd);
	while (scan_next(&scan, &line) > 0)
		if (entry_parse(line.text, line.len, &entry) == 0 &&
		    entry.owner_len == len &&
		    memcmp(entry.owner, FACTS_AUTO_OWNER, len) == 0)
			n += range_count(entry.range);
	return n;
}

/* Reports that a database has no ids of the owner: @other is how many the other one has.
 */
static int report_no_auto_ids(struct doctor *doctor, const struct kind *kind,
			      uint64_t other)
{
	struct facts_host host = { .free_of_both = other == 0 };
	struct facts facts = doctor_facts(doctor, kind, &host, FACTS_AUTO, 0);
	struct free_range_wish wish = { .count = other ? other : AUTO_COUNT };

	wish.kinds[kind->group] = true;
	wish.kinds[!kind->group] = host.free_of_both;
	doctor_find_free(doctor, &wish, &host.free);
	return doctor_report_warning(doctor, "podman", &facts);
}

/* Reports nothing unless run by root, on a host with one of these engines, and not in a
 * container. */
int doctor_auto(struct doctor *doctor)
{
	uint64_t uids, gids;
	char path[PATH_MAX];

	if (getuid() != 0 || userns_is_limited() > 0 ||
	    (!doctor_find_program(doctor->path, "podman", path) &&
	     !doctor_find_program(doctor->path, "crio", path)))
		return 0;
	uids = count_auto_ids(&kind_uid);
	gids = count_auto_ids(&kind_gid);
	if (uids == 0)
		return report_no_auto_ids(doctor, &kind_uid, gids);
	if (gids == 0)
		return report_no_auto_ids(doctor, &kind_gid, uids);
	return doctor_report_good(doctor, "podman", NULL,
				  _("--userns=auto has %llu uids and %llu gids, those of "
				    "%s"),
				  (unsigned long long)uids, (unsigned long long)gids,
				  FACTS_AUTO_OWNER);
}
