// SPDX-License-Identifier: BSD-3-Clause
/*
 * ids-in-use: local accounts by one pass over passwd(5) and one over group(5), others by
 * enumeration and by asking for one id after the other.
 *
 * MUST: an id that libc could find is in use, however odd its line
 * is; of groups, also the primary group of a user that has no line in group(5).
 * MUST: that the name service has not answered is kept, and not taken for "not in use".
 */
#include <errno.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/ids-in-use.h"
#include "libsubid/user/passwd-file.h"

static bool is_wanted(const struct range_set *wanted, uint32_t id)
{
	return id != ID_NONE &&
	       range_set_overlaps(wanted, (struct range){ id, (uint64_t)id + 1 });
}

/* Adds the accounts of a file by their id or, with @primary, by their primary group. */
static int read_file(int directory, const struct kind *kind, bool primary,
		     const struct range_set *wanted, struct accounts *found)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open(&file, directory, kind), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0) {
		uint32_t id = primary ? line.gid : line.id;

		r = is_wanted(wanted, id) ?
			    accounts_add(found, line.name, line.name_len, id, line.gid) :
			    0;
	}
	return r;
}

/*
 * Finds the local accounts (groups, for gids) whose ids are among @wanted; a file that
 * does not exist has none.
 *
 * found: is added to; freed with ids_in_use_cleanup().
 * Returns 0 or -errno. Thread-safe.
 */
int ids_in_use_local(int directory, const struct kind *kind,
		     const struct range_set *wanted, struct ids_in_use *found)
{
	int r = read_file(directory, kind, false, wanted, &found->accounts);

	if (r == 0 && kind->group)
		r = read_file(directory, &kind_uid, true, wanted, &found->primary);
	return r;
}

/*
 * Begins to ask: @name_service is that of the running system, or NULL. Both have to live
 * as long as the service, which ends with ids_in_use_service_cleanup().
 */
void ids_in_use_start(struct ids_in_use_service *service, const struct nsswitch *nsswitch,
		      const struct name_service *name_service)
{
	bool users = nsswitch_has_remote(nsswitch->passwd_others);

	/* The primary group of a user is a group, too. */
	service->service = name_service;
	service->remote[0] = users;
	service->remote[1] = users || nsswitch_has_remote(nsswitch->group_others);
}

static int64_t time_left(const struct ids_in_use_service *service)
{
	return IDS_IN_USE_SECONDS * 1000 - service->waited;
}

/* Enumerates once in a command. */
static void enumerate(struct ids_in_use_service *service, const struct kind *kind)
{
	const struct name_service *name_service = service->service;

	if (service->enumerated[kind->group] || !name_service->enumerate)
		return;
	service->enumerated[kind->group] = true;
	if (name_service->enumerate(name_service->context, kind, time_left(service),
				    &service->known[kind->group]))
		service->silent = true;
}

/* Of what was enumerated, what is wanted. Returns how many were added, or -ENOMEM. */
static int take_known(const struct accounts *known, const struct range_set *wanted,
		      struct accounts *found)
{
	int n = 0;

	for (size_t i = 0; i < known->n; i++) {
		const struct accounts_item *item = &known->items[i];
		const char *name = accounts_name(known, item);

		if (!is_wanted(wanted, item->id))
			continue;
		if (accounts_add(found, name, strlen(name), item->id, item->gid))
			return -ENOMEM;
		n++;
	}
	return n;
}

/* Asks for the ids of one range, unless something is known to be there. */
static int scan_range(struct ids_in_use_service *service, const struct kind *kind,
		      struct range range, struct accounts *found)
{
	int64_t left = time_left(service);
	bool whole = range_count(range) <= IDS_IN_USE_ALL;
	uint64_t gap = whole ? 0 : IDS_IN_USE_GAP;
	struct name_service_scan scan = {
		.kind = kind, .range = range, .first_only = !whole, .found = found
	};
	size_t before = found->n;
	int r;

	scan.milliseconds = whole || service->thorough || left < IDS_IN_USE_A_RANGE ?
				    left :
				    IDS_IN_USE_A_RANGE;
	scan.largest = range_count(range);
	r = left > 0 ? service->service->scan(service->service->context, &scan) : 0;
	service->asked += scan.asked;
	if (r == 0 && found->n == before && scan.largest > service->largest)
		service->largest = scan.largest;
	service->silent |= r < 0 && r != -ENOMEM;
	service->silent |= r == 0 && found->n == before && scan.largest > gap;
	return r == -ENOMEM ? r : 0;
}

/*
 * Asks the services that are not local files for ids among @wanted, for
 * IDS_IN_USE_SECONDS in a command: all ids of a range up to IDS_IN_USE_ALL, otherwise
 * as many as IDS_IN_USE_A_RANGE allows. A range with a hit is not asked any further.
 *
 * found: is added to. service: is `silent` if not everything was answered.
 * Returns 0 or -ENOMEM.
 */
int ids_in_use_ask(struct ids_in_use_service *service, const struct kind *kind,
		   const struct range_set *wanted, struct ids_in_use *found)
{
	int64_t begin = wait_clock();
	int r = 0;

	if (!service->service || !service->remote[kind->group] || wanted->n == 0)
		return 0;
	enumerate(service, kind);
	for (size_t i = 0; r >= 0 && i < wanted->n && !service->silent; i++) {
		const struct range_set one = { .ranges = &wanted->ranges[i],
					       .n = 1,
					       .max = 1 };

		service->waited += wait_clock() - begin;
		begin = wait_clock();
		r = take_known(&service->known[kind->group], &one, &found->accounts);
		if (r == 0)
			r = scan_range(service, kind, wanted->ranges[i],
				       &found->accounts);
	}
	service->waited += wait_clock() - begin;
	return r < 0 ? r : 0;
}

/* Frees what was found. Takes a zeroed one. */
void ids_in_use_cleanup(struct ids_in_use *found)
{
	accounts_cleanup(&found->accounts);
	accounts_cleanup(&found->primary);
}

/* Forgets what was enumerated; the service itself is the caller's. */
void ids_in_use_service_cleanup(struct ids_in_use_service *service)
{
	accounts_cleanup(&service->known[0]);
	accounts_cleanup(&service->known[1]);
	*service = (struct ids_in_use_service){ .service = NULL };
}
