// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-files: tries whether files of the mapped ids can be made where container engines
 * keep them. An id-mapped mount, as systemd-homed makes one, has only some ids, and a
 * network file system may have none but the user's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"

/* The ids of users of systemd-homed in an id-mapped home: those that it maps to itself.
 */
#define HOMED_START 524288
#define HOMED_END   1879048192
#define USUAL_COUNT 65536

/* The last directory of the path that exists; false: the user cannot write there. */
static bool find_storage_parent(const char *storage, char directory[static PATH_MAX])
{
	char *slash;

	snprintf(directory, PATH_MAX, "%s", storage);
	while (access(directory, F_OK)) {
		slash = strrchr(directory, '/');
		if (errno != ENOENT || !slash || slash == directory)
			return false;
		*slash = '\0';
	}
	return access(directory, W_OK | X_OK) == 0;
}

/* Finds ids that such a mount has, unless the user has enough of them already. */
static void find_other_ids(struct doctor *doctor, const struct doctor_side *side,
			   struct facts_host *host)
{
	const struct free_range_wish wish = {
		.kinds = { true, true },
		.count = USUAL_COUNT,
		.bounds = { HOMED_START, HOMED_END },
	};
	uint64_t left = 0;

	for (size_t i = 0; i < side->n; i++)
		if (side->ranges[i].start >= HOMED_START &&
		    side->ranges[i].end <= HOMED_END)
			left += range_count(side->ranges[i]);
	host->enough = left + 1 >= USUAL_COUNT;
	host->free_of_both = true;
	if (!host->enough)
		doctor_find_free(doctor, &wish, &host->free);
}

static int report_refused_file(struct doctor *doctor, const struct doctor_side *side,
			       const char *directory, const struct extent *extent,
			       uint32_t inner, int error)
{
	struct facts_host host = {
		.storage = directory,
		.owner = extent->outer + (inner - extent->inner),
		.own = extent_outer(extent),
	};
	struct facts facts = doctor_facts(doctor, side->kind, &host, FACTS_FILES, error);

	host.in_use = free_range_is_in_use(side->kind, host.own);
	if (error == EOVERFLOW)
		find_other_ids(doctor, side, &host);
	return doctor_report_bad(doctor, "storage", &facts);
}

/* Tries the first and the last id of an extent. Returns 0, 1 (reported) or a status. */
static int try_extent(struct doctor *doctor, const struct doctor_side *side,
		      const char *directory, const struct extent *extent,
		      bool *ret_reported)
{
	const uint32_t inner[] = { extent->inner, extent->inner + extent->count - 1 };

	for (size_t i = 0; i < 2; i++) {
		int error = 0, r = doctor_child_try(&doctor->mapped, directory,
						    side->kind, inner[i], &error);

		/* Whether files can be made at all is not the question. */
		if (r)
			return 0;
		if (error) {
			*ret_reported = true;
			return report_refused_file(doctor, side, directory, extent,
						   inner[i], error);
		}
	}
	return 0;
}

/*
 * Tries to make files of all mapped ids in the storage, or where it will be made, if ids
 * of both kinds are mapped: the kernel refuses any owner while a group has no id.
 * Reports the first id that cannot have files. Returns 0 or an exit status.
 */
int doctor_files(struct doctor *doctor, const char *storage, bool *ret_reported)
{
	char directory[PATH_MAX];
	int r = 0;

	*ret_reported = false;
	if (doctor->sides[0].map.n == 0 || doctor->sides[1].map.n == 0 ||
	    !find_storage_parent(storage, directory))
		return 0;
	for (size_t k = 0; k < 2; k++) {
		const struct doctor_side *side = &doctor->sides[k];

		for (size_t i = 0; r == 0 && !*ret_reported && i < side->map.n; i++)
			r = try_extent(doctor, side, directory, &side->map.extents[i],
				       ret_reported);
	}
	return r;
}
