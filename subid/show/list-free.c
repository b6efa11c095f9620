// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-free: shows the gaps for new ranges: ids within the bounds of login.defs(5) that
 * no line has, no local account uses and that may be delegated. There are rows for each
 * kind, and for ranges with the same ids in both databases. FITS is the number of ranges
 * of default size in a gap, or if ranges are computed from uids, the number of uids whose
 * range is free. In a user namespace only ids that exist there are shown, unless no range
 * fits them: an allocation has the same preference. Below the rows, or as a list in JSON,
 * is how many more users get ids, see list-capacity.c.
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
#include "subid/show/list-free.h"
#include "subid/verb/capacity-report.h"
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
 * Adds the ids of local accounts that could be given otherwise, and those that are never
 * delegated. Both kinds read passwd(5), for the primary groups, so an error is reported
 * only once.
 */
static int put_local_accounts(const struct free_ids *ids, const struct kind *kind,
			      struct allocated_ids *used, bool *unread)
{
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(SIZE_MAX);
	const struct list *list = ids->list;
	int r = range_set_fill(&wanted, ids->pools.ranges, ids->pools.n);

	if (r == 0)
		r = range_set_add(&wanted, ids->settings.requests[kind->group].bounds);
	if (r == 0)
		r = allocated_ids_put_reserved(used, (struct range){ 0, ID_END });
	if (r)
		return verb_fail(-r);
	r = ids_in_use_local(list->place.directory, kind, &wanted, &used->in_use);
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

/* Adds the ids that rules reserve. */
static int put_reserves(const struct policy *policy, const struct kind *kind,
			struct allocated_ids *used)
{
	const struct policy_reserve *reserve = NULL;
	struct range ids, all = { 0, ID_END };
	int r = 0;

	while (r == 0 &&
	       (reserve = policy_reserve_next(policy, kind->group, all, reserve, &ids)))
		r = put_allocated(used, ids);
	return r;
}

/* Adds the ids that rules keep from users without a pool. */
static int put_pool_ids(const struct policy *policy, struct allocated_ids *pools)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_pools; i++)
		r = put_allocated(pools, policy->pools[i].ids);
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

/* Finds the gaps in the databases of @kinds, with or without ids that do not exist here.
 */
static int find_gaps(const struct free_ids *ids, const bool kinds[static 2], bool absent,
		     const struct alloc_request *request, struct alloc_space *ret_space)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(SIZE_MAX);
	CLEANUP(allocated_ids_cleanup) struct allocated_ids all = { 0 };
	int r = 0;

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; kinds[k] && r == 0 && i < ids->used[k].n; i++)
			r = allocated_ids_put(&all, ids->used[k].ranges[i]);
		for (size_t i = 0; kinds[k] && !absent && r == 0 && i < ids->absent[k].n;
		     i++)
			r = allocated_ids_put(&all, ids->absent[k].ranges[i]);
	}
	for (size_t i = 0; r == 0 && i < ids->pools.n; i++)
		r = allocated_ids_put(&all, ids->pools.ranges[i]);
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
static int show_gaps(const struct free_ids *ids, const char *name,
		     const bool kinds[static 2], const struct alloc_request *request)
{
	CLEANUP(alloc_space_cleanup) struct alloc_space space = { 0 };
	int r = find_gaps(ids, kinds, false, request, &space);

	if (r == 0 && !fits_any(&ids->settings, request, &space)) {
		alloc_space_cleanup(&space);
		r = find_gaps(ids, kinds, true, request, &space);
	}
	if (r)
		return verb_fail(-r);
	for (size_t i = 0; r == 0 && i < space.n; i++)
		r = show_gap(ids->list, name, &ids->settings, request, space.gaps[i]);
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

/* Finds the ids that do not exist in this user namespace; none if /proc cannot be read.
 */
static int find_absent(struct free_ids *ids, const struct kind *kind)
{
	struct range_set *set = &ids->absent[kind->group];
	int r = ids->list->place.image ? 0 : userns_absent(kind, set);

	return r == -ENOMEM ? verb_fail(ENOMEM) : 0;
}

/* Finds what is not free. Returns 0, VERB_UNREADABLE or another exit status. */
static int read_free_kind(struct free_ids *ids, const struct kind *kind, bool *unread)
{
	struct allocated_ids *used = &ids->used[kind->group];
	int r = lines_find_used(&ids->list->place, kind, true, used,
				ids->by_uid ? &ids->tables[kind->group] : NULL);

	if (r == 0)
		r = put_local_accounts(ids, kind, used, unread);
	if (r)
		return r;
	ids->is_read[kind->group] = true;
	r = put_reserves(&ids->list->policy.policy, kind, used);
	return r ? r : find_absent(ids, kind);
}

static int show_kinds(struct free_ids *ids)
{
	const struct list *list = ids->list;
	struct alloc_request request;
	int r = 0, status = VERB_DONE;
	bool unread = false;

	for (size_t i = 0; i < list->n_kinds && r == 0; i++) {
		const struct kind *kind = list->kinds[i];
		const bool kinds[] = { !kind->group, kind->group };

		r = read_free_kind(ids, kind, &unread);
		if (r == VERB_UNREADABLE) {
			status = r;
			r = 0;
			continue;
		}
		allocated_ids_sort(&ids->used[kind->group]);
		if (r == 0)
			r = show_gaps(ids, kind->id, kinds,
				      &ids->settings.requests[kind->group]);
	}
	if (r == 0 && ids->is_read[0] && ids->is_read[1] &&
	    make_pair_request(&ids->settings, &request))
		r = show_gaps(ids, "both", (const bool[]){ true, true }, &request);
	return r ? r : status;
}

static void free_ids_cleanup(struct free_ids *ids)
{
	for (size_t k = 0; k < 2; k++) {
		table_clear(&ids->tables[k]);
		allocated_ids_cleanup(&ids->used[k]);
		range_set_clear(&ids->absent[k]);
	}
	allocated_ids_cleanup(&ids->pools);
}

/* Shows the rows, and who gets ids. Only a table has the sentences below it. */
static int show_free(struct free_ids *ids, struct capacity_report *report)
{
	struct output *output = &ids->list->output;
	int r = put_pool_ids(&ids->list->policy.policy, &ids->pools), status;

	if (r == 0)
		r = show_kinds(ids);
	status = r;
	if (r == VERB_DONE || r == VERB_UNREADABLE) {
		int failed = list_measure(ids);

		if (failed)
			status = verb_fail(-failed);
	}
	status = output_end(output, status);
	if (!output_has_format(&ids->list->options.output) &&
	    (status == VERB_DONE || status == VERB_UNREADABLE))
		capacity_report_text(report);
	return status;
}

int list_free(struct list *list)
{
	CLEANUP(capacity_list_cleanup) struct capacity_list capacity = { 0 };
	CLEANUP(free_ids_cleanup)
	struct free_ids ids = { .list = list,
				.absent = { RANGE_SET(SIZE_MAX), RANGE_SET(SIZE_MAX) },
				.capacity = &capacity };
	struct capacity_report report = { .list = &capacity,
					  .files = &list->policy,
					  .root = list->options.root,
					  .directory = list->place.etc };
	int status, r = list_read_settings(list, &ids.settings);

	if (r)
		return r;
	r = policy_files_read(list->place.directory,
			      list->options.root ? list->options.root : "/",
			      &list->policy);
	if (r)
		return verb_fail(-r);
	if (policy_files_are_wrong(&list->policy))
		policy_report(PROGRAM, list->options.root, &list->policy);
	ids.by_uid = list_has_places(&ids);
	list->output.print_more = capacity_report_json;
	list->output.more_context = &report;
	r = output_start(&list->output, "gaps", columns, N_COLUMNS,
			 &list->options.output);
	if (r)
		return r;
	status = show_free(&ids, &report);
	return status == VERB_DONE && policy_files_are_wrong(&list->policy) ?
		       VERB_UNREADABLE :
		       status;
}
