// SPDX-License-Identifier: BSD-3-Clause
/*
 * ids-in-use: finds local accounts by one pass over passwd(5) and group(5), and others by
 * enumeration and look-ups of single ids.
 *
 * MUST: an id that libc could find is in use, even in an unusual line, and so is a
 * primary group without a line in group(5).
 * MUST: if the name service does not answer, the result says so: no answer does not mean
 * "not in use".
 */
#include <errno.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/ids-in-use.h"
#include "libsubid/user/passwd-file.h"

static bool id_is_wanted(const struct range_set *wanted, uint32_t id)
{
	return id != ID_NONE &&
	       range_set_overlaps(wanted, (struct range){ id, (uint64_t)id + 1 });
}

/* Adds the accounts of a file with wanted ids, or with @primary primary groups. */
static int read_account_ids(int directory, const struct kind *kind, bool primary,
			    const struct range_set *wanted, struct ids_in_use *in_use)
{
	struct accounts *found = primary ? &in_use->primary : &in_use->accounts;
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open(&file, directory, kind), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0) {
		uint32_t id = primary ? line.gid : line.id;

		r = id_is_wanted(wanted, id) ?
			    accounts_add(found, line.name, line.name_len, id, line.gid) :
			    0;
	}
	if (r)
		in_use->failed = kind->accounts;
	return r;
}

/*
 * Finds the local accounts (for gids: groups) with ids among @wanted. A missing file has
 * none.
 *
 * found: accounts are added; free with ids_in_use_cleanup().
 * Returns 0 or -errno. Thread-safe.
 */
int ids_in_use_local(int directory, const struct kind *kind,
		     const struct range_set *wanted, struct ids_in_use *found)
{
	int r = read_account_ids(directory, kind, false, wanted, found);

	if (r == 0 && kind->group)
		r = read_account_ids(directory, &kind_uid, true, wanted, found);
	return r;
}

/*
 * Initialises a service. @name_service is that of the running system or NULL, and must
 * live as long as the service. End with ids_in_use_service_cleanup().
 */
void ids_in_use_start(struct ids_in_use_service *service, const struct nsswitch *nsswitch,
		      const struct name_service *name_service)
{
	bool users = nsswitch_has_remote(nsswitch->passwd);

	/* The primary groups of users are in use, too. */
	service->service = name_service;
	service->remote[0] = users;
	service->remote[1] = users || nsswitch_has_remote(nsswitch->group);
}

static int64_t time_left(const struct ids_in_use_service *service)
{
	int64_t seconds =
		service->strict ? IDS_IN_USE_SECONDS_STRICT : IDS_IN_USE_SECONDS;

	return seconds * 1000 - service->waited;
}

/* Stores the result of a call of the service. Returns 0 or -ENOMEM. */
static int note_answer(struct ids_in_use_service *service, int r)
{
	if (r == 0 || r == -ENOMEM)
		return r;
	service->failed = r;
	service->silent = true;
	return 0;
}

/* Enumerates once in a command, in half of the time; the rest is for single ids. */
static int enumerate_once(struct ids_in_use_service *service, const struct kind *kind)
{
	const struct name_service *name_service = service->service;
	struct accounts *known = &service->known[kind->group];
	int64_t begin = wait_clock();
	int r;

	if (service->enumerated[kind->group] || !name_service->enumerate)
		return 0;
	service->enumerated[kind->group] = true;
	r = note_answer(service, name_service->enumerate(name_service->context, kind,
							 time_left(service) / 2, known));
	service->waited += wait_clock() - begin;
	return r ? r : accounts_sort(known);
}

/* Adds the enumerated accounts, and primary groups of users, with wanted ids. */
static int take_known(const struct accounts *known, const struct kind *kind,
		      const struct range_set *wanted, struct ids_in_use *found)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < known->n; i++) {
		const struct accounts_item *item = &known->items[i];
		const char *name = accounts_name(known, item);

		if (id_is_wanted(wanted, item->id))
			r = accounts_add(kind->group && item->gid == ID_NONE ?
						 &found->primary :
						 &found->accounts,
					 name, strlen(name), item->id, item->gid);
	}
	return r;
}

static bool range_has_known(const struct accounts *known, struct range range)
{
	size_t at = accounts_lower_bound(known, range.start);

	return at < known->sorted && accounts_at(known, at)->id < range.end;
}

/* Returns the milliseconds for a range that @more ranges follow. */
static int64_t time_for(const struct ids_in_use_service *service, bool whole, size_t more)
{
	int64_t left = time_left(service);
	int64_t share = left / (int64_t)(1 + more + service->to_come);

	if (share == 0 && left > 0)
		share = 1;
	return service->thorough || whole || share < IDS_IN_USE_A_RANGE ?
		       share :
		       IDS_IN_USE_A_RANGE;
}

/* Asks for the ids of one range that @more ranges follow. */
static int scan_range(struct ids_in_use_service *service, const struct kind *kind,
		      struct range range, size_t more, struct accounts *found)
{
	bool whole = range_count(range) <= IDS_IN_USE_ALL;
	uint64_t gap = whole ? 0 : IDS_IN_USE_GAP;
	struct name_service_scan scan = { .kind = kind,
					  .range = range,
					  .milliseconds = time_for(service, whole, more),
					  .first_only = !whole,
					  .found = found };
	int64_t begin = wait_clock();
	size_t before = found->n;
	int r = 0;

	scan.largest = range_count(range);
	if (scan.milliseconds > 0)
		r = service->service->scan(service->service->context, &scan);
	service->waited += wait_clock() - begin;
	service->asked += scan.asked;
	if (r == 0 && found->n == before && scan.largest > service->largest)
		service->largest = scan.largest;
	service->silent |= r == 0 && found->n == before && scan.largest > gap;
	return note_answer(service, r);
}

/*
 * Asks the services other than local files for ids among @wanted, for IDS_IN_USE_SECONDS
 * in a command, shared equally by the ranges. Of a range up to IDS_IN_USE_ALL all ids are
 * asked, otherwise as many as IDS_IN_USE_A_RANGE allows. A hit ends the search in a
 * range.
 *
 * wanted: ranges that touch are not joined. found: accounts are added. service: becomes
 * `silent` if an answer is missing.
 * Returns 0 or -ENOMEM.
 */
int ids_in_use_ask(struct ids_in_use_service *service, const struct kind *kind,
		   const struct range_set *wanted, struct ids_in_use *found)
{
	const struct accounts *known = &service->known[kind->group];
	int r;

	if (!service->service || !service->remote[kind->group] || wanted->n == 0)
		return 0;
	r = enumerate_once(service, kind);
	if (r == 0)
		r = take_known(known, kind, wanted, found);
	for (size_t i = 0; r == 0 && i < wanted->n && !service->failed; i++)
		if (!range_has_known(known, wanted->ranges[i]))
			r = scan_range(service, kind, wanted->ranges[i],
				       wanted->n - i - 1, &found->accounts);
	return r;
}

/* Frees the accounts. Takes a zeroed one. */
void ids_in_use_cleanup(struct ids_in_use *found)
{
	accounts_cleanup(&found->accounts);
	accounts_cleanup(&found->primary);
}

/* Frees the enumerated accounts. The name service belongs to the caller. */
void ids_in_use_service_cleanup(struct ids_in_use_service *service)
{
	accounts_cleanup(&service->known[0]);
	accounts_cleanup(&service->known[1]);
	*service = (struct ids_in_use_service){ .service = NULL };
}
