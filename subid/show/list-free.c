// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-free: shows the gaps for new ranges: ids within the bounds of login.defs(5) that
 * no line has, no local account uses and that may be delegated. There are rows for each
 * kind, and for ranges with the same ids in both databases. FITS is the number of ranges
 * of default size in a gap, or if ranges are computed from uids, the number of uids whose
 * range is free. In a user namespace only ids that exist there are shown, unless no range
 * fits them: an allocation has the same preference.
 */
#include <errno.h>
#include <stdio.h>

#include "command/allocation.h"
#include "command/policy-report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocated-ids.h"
#include "libsubid/sys/settings.h"
#include "libsubid/sys/userns.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/list.h"
#include "subid/verb/lines.h"

enum {
	COLUMN_KIND,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_COUNT,
	COLUMN_FITS,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_COUNT] = { .name = "COUNT", .type = OUTPUT_NUMBER },
	[COLUMN_FITS] = { .name = "FITS", .type = OUTPUT_NUMBER },
};

const struct output_columns list_free_columns = { columns, N_COLUMNS };

static int put_allocated(struct allocated_ids *used, struct range range)
{
	int r = allocated_ids_put(used, range);

	return r ? verb_fail(-r) : 0;
}

/*
 * Adds the ids of local accounts and those that are never delegated. Both kinds read
 * passwd(5), for the primary groups, so an error is reported only once.
 */
static int put_local_accounts(const struct list *list, const struct kind *kind,
			      struct allocated_ids *used, bool *unread)
{
	CLEANUP(range_set_cleanup) struct range_set all = RANGE_SET(1);
	int r = range_set_add(&all, (struct range){ 0, ID_END });

	if (r == 0)
		r = allocated_ids_put_reserved(used, all.ranges[0]);
	if (r)
		return verb_fail(-r);
	r = ids_in_use_local(list->place.directory, kind, &all, &used->in_use);
	if (r) {
		if (!*unread)
			report_line(PROGRAM, "%s/%s: %s", list->place.etc,
				    used->in_use.failed, report_error(-r));
		*unread = true;
		return VERB_UNREADABLE;
	}
	r = allocated_ids_put_accounts(used, &used->in_use);
	return r ? verb_fail(-r) : 0;
}

/* Adds the ids that rules keep from users without a pool. */
static int put_policy(const struct policy *policy, const struct kind *kind,
		      struct allocated_ids *used)
{
	const struct policy_reserve *reserve = NULL;
	struct range ids, all = { 0, ID_END };
	int r = 0;

	while (r == 0 &&
	       (reserve = policy_reserve_next(policy, kind->group, all, reserve, &ids)))
		r = put_allocated(used, ids);
	for (size_t i = 0; r == 0 && i < policy->n_pools; i++)
		r = put_allocated(used, policy->pools[i].ids);
	return r;
}

static int list_read_settings(const struct list *list, struct settings *ret_settings)
{
	struct settings_error error;
	int r = settings_read(list->place.directory, ret_settings, &error);

	if (r == 0)
		return 0;
	allocation_report_settings(PROGRAM, list->place.etc, &error, r);
	return VERB_UNREADABLE;
}

/* Returns how many ranges fit a gap; with SUB_UID_DETERMINISTIC, the ranges of uids. */
static uint64_t count_fits(const struct settings *settings,
			   const struct alloc_request *request, struct range gap)
{
	return settings->deterministic ?
		       alloc_deterministic_fits(request, settings->uid_min, gap) :
		       range_count(gap) / request->count;
}

static int show_gap(struct list *list, const char *kind, const struct settings *settings,
		    const struct alloc_request *request, struct range gap)
{
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	char n[OUTPUT_NUMBER_BYTES], fits[OUTPUT_NUMBER_BYTES];
	const char *cells[N_COLUMNS] = {
		[COLUMN_KIND] = kind,
		[COLUMN_FIRST] = output_number(gap.start, first),
		[COLUMN_LAST] = output_number(gap.end - 1, last),
		[COLUMN_COUNT] = output_number(range_count(gap), n),
	};

	/* With a count of 0 nothing is allocated by default. */
	if (request->count > 0)
		cells[COLUMN_FITS] =
			output_number(count_fits(settings, request, gap), fits);
	return output_row(&list->output, cells, NULL);
}

/* Finds the gaps between the ids of @used and of @absent, which may be NULL. */
static int find_gaps(const struct alloc_request *request,
		     const struct allocated_ids *used, const struct allocated_ids *absent,
		     struct alloc_space *ret_space)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(SIZE_MAX);
	CLEANUP(allocated_ids_cleanup) struct allocated_ids all = { 0 };
	const struct allocated_ids *parts[] = { used, absent };
	int r = 0;

	for (size_t i = 0; i < 2 && parts[i]; i++)
		for (size_t j = 0; r == 0 && j < parts[i]->n; j++)
			r = allocated_ids_put(&all, parts[i]->ranges[j]);
	if (r == 0)
		r = range_set_fill(&set, all.ranges, all.n);
	return r ? r : alloc_space_init(ret_space, request, &set, 0);
}

static bool fits_any(const struct settings *settings, const struct alloc_request *request,
		     const struct alloc_space *space)
{
	for (size_t i = 0; request->count > 0 && i < space->n; i++)
		if (count_fits(settings, request, space->gaps[i]) > 0)
			return true;
	return false;
}

/* Shows the unused ids within the bounds. */
static int show_gaps(struct list *list, const char *kind,
		     const struct allocated_ids *used, const struct allocated_ids *absent,
		     const struct settings *settings, const struct alloc_request *request)
{
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	int r = find_gaps(request, used, absent, &space);

	if (r == 0 && absent->n > 0 && !fits_any(settings, request, &space)) {
		alloc_space_cleanup(&space);
		r = find_gaps(request, used, NULL, &space);
	}
	if (r)
		return verb_fail(-r);
	for (size_t i = 0; r == 0 && i < space.n; i++)
		r = show_gap(list, kind, settings, request, space.gaps[i]);
	return r;
}

/* Makes a request for the same range in both databases; false: that is impossible. */
static bool make_pair_request(const struct settings *settings,
			      struct alloc_request *ret_request)
{
	const struct alloc_request *uid = &settings->requests[0];
	const struct alloc_request *gid = &settings->requests[1];

	*ret_request = *uid;
	if (settings->deterministic && uid->bounds.start != gid->bounds.start)
		return false;
	return uid->count == gid->count &&
	       range_intersect(uid->bounds, gid->bounds, &ret_request->bounds);
}

/* Adds ids that do not exist in this user namespace; none if /proc cannot be read. */
static int put_absent(const struct list *list, const struct kind *kind,
		      struct allocated_ids *absent)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(SIZE_MAX);
	int r = list->place.image ? 0 : userns_absent(kind, &set);

	if (r == -ENOMEM)
		return verb_fail(ENOMEM);
	r = 0;
	for (size_t i = 0; r == 0 && i < set.n; i++)
		r = put_allocated(absent, set.ranges[i]);
	return r;
}

static int put_all(struct allocated_ids *used, const struct allocated_ids *from)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = put_allocated(used, from->ranges[i]);
	return r;
}

static int show_kinds(struct list *list, const struct settings *settings)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids both = { 0 };
	CLEANUP(allocated_ids_cleanup) struct allocated_ids both_absent = { 0 };
	struct alloc_request request;
	int r = 0, status = VERB_DONE;
	bool unread = false;

	for (size_t i = 0; i < list->n_kinds && r == 0; i++) {
		CLEANUP(allocated_ids_cleanup) struct allocated_ids used = { 0 };
		CLEANUP(allocated_ids_cleanup) struct allocated_ids absent = { 0 };
		const struct kind *kind = list->kinds[i];

		r = lines_find_used(&list->place, kind, true, &used);
		if (r == 0)
			r = put_local_accounts(list, kind, &used, &unread);
		if (r == VERB_UNREADABLE) {
			status = r;
			r = 0;
			continue;
		}
		if (r == 0)
			r = put_policy(&list->policy.policy, kind, &used);
		if (r == 0)
			r = put_absent(list, kind, &absent);
		if (r == 0)
			r = show_gaps(list, kind->id, &used, &absent, settings,
				      &settings->requests[kind->group]);
		if (r == 0)
			r = put_all(&both, &used);
		if (r == 0)
			r = put_all(&both_absent, &absent);
	}
	if (r == 0 && status == VERB_DONE && list->n_kinds == 2 &&
	    make_pair_request(settings, &request))
		r = show_gaps(list, "both", &both, &both_absent, settings, &request);
	return r ? r : status;
}

int list_free(struct list *list)
{
	struct settings settings;
	int status = VERB_DONE, r = list_read_settings(list, &settings);

	if (r)
		return r;
	r = policy_files_read(list->place.directory,
			      list->options.root ? list->options.root : "/",
			      &list->policy);
	if (r)
		return verb_fail(-r);
	if (policy_files_are_wrong(&list->policy)) {
		policy_report(PROGRAM, list->options.root, &list->policy);
		status = VERB_UNREADABLE;
	}
	r = output_start(&list->output, "gaps", columns, N_COLUMNS,
			 &list->options.output);
	if (r)
		return r;
	r = show_kinds(list, &settings);
	return output_end(&list->output, r ? r : status);
}
