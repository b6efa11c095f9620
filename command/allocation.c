// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocation: one message for each cause, with the settings that led to it.
 */
#include <inttypes.h>

#include "command/allocation.h"
#include "command/policy-report.h"
#include "message/i18n.h"
#include "message/report.h"

/*
 * Reports why login.defs(5) in @directory cannot be used.
 *
 * r, error: what settings_read() returned, other than 0.
 */
void allocation_report_settings(const char *program, const char *directory,
				const struct settings_error *error, int r)
{
	switch (r) {
	case SETTINGS_NUMBER:
		report_line(program,
			    _("%s/login.defs: the value of %s is not a decimal number"),
			    directory, error->key);
		break;
	case SETTINGS_BOUNDS:
		report_line(
			program, _("%s/login.defs: %s %" PRIu64 " is above %s %" PRIu64),
			directory, error->key, error->value, error->max_key, error->max);
		break;
	case SETTINGS_BEYOND:
		report_line(program,
			    _("%s/login.defs: %s %" PRIu64 " is above 4294967295"),
			    directory, error->key, error->value);
		break;
	default:
		report_line(program, "%s/login.defs: %s", directory, report_error(-r));
		break;
	}
}

/* Reports a count that exceeds the bounds: that of the setting, or the one asked for. */
static void report_count(const char *program, const char *directory,
			 const struct allocate *allocate)
{
	const struct allocate_full *full = &allocate->full;
	const struct kind *kind = full->kind;
	const struct alloc_request *request = &allocate->settings.requests[kind->group];
	uint64_t min = request->bounds.start, max = request->bounds.end - 1;

	if (allocate->items[full->item].count)
		report_line(program,
			    _("%" PRIu64 " %ss are more than fit between %s %" PRIu64
			      " and %s %" PRIu64
			      " of %s/login.defs; --range gives other ids"),
			    full->count, kind->id, kind->conf_min, min, kind->conf_max,
			    max, directory);
	else
		report_line(program,
			    _("%s/login.defs: %s %" PRIu64 " is more than the %" PRIu64
			      " ids from %s %" PRIu64 " to %s %" PRIu64),
			    directory, kind->conf_count, full->count, alloc_ids(request),
			    kind->conf_min, min, kind->conf_max, max);
}

/* Reports that the gaps within the bounds are too small. */
static void report_bounds(const char *program, const char *directory,
			  const struct allocate *allocate)
{
	const struct allocate_full *full = &allocate->full;
	const struct kind *kind = full->kind;
	struct range bounds = allocate->settings.requests[kind->group].bounds;

	report_line(program,
		    _("no free range of %" PRIu64 " %ss is left between %s %" PRIu64
		      " and %s %" PRIu64 " of %s/login.defs"),
		    full->count, kind->id, kind->conf_min, bounds.start, kind->conf_max,
		    bounds.end - 1, directory);
	report_line(program,
		    _("raise %s, or remove lines of users who are gone: 'subid check' "
		      "shows them"),
		    kind->conf_max);
}

static void report_beyond(const char *program, const char *directory,
			  const struct allocate *allocate)
{
	const struct allocate_full *full = &allocate->full;
	const struct kind *kind = full->kind;
	const struct alloc_request *request = &allocate->settings.requests[kind->group];
	uint64_t uid_min = allocate->settings.uid_min;
	uint64_t start = alloc_deterministic_start(request, full->uid, uid_min);
	uint64_t fits = alloc_deterministic_fits(request, uid_min, request->bounds);

	report_line(program,
		    _("by SUB_UID_DETERMINISTIC in %s/login.defs uid %u would get %ss "
		      "%" PRIu64 "-%" PRIu64 ", but %s is %" PRIu64 " and %s %" PRIu64
		      ": uids up to %" PRIu64 " fit"),
		    directory, full->uid, kind->id, start, start + full->count - 1,
		    kind->conf_min, request->bounds.start, kind->conf_max,
		    request->bounds.end - 1, uid_min + fits - 1);
}

/* Reports what a rule of the policy refuses. @root: of an image, or NULL. */
static void report_pool(const char *program, const char *root,
			const struct allocate *allocate)
{
	const struct allocate_full *full = &allocate->full;
	const struct policy_pool *pool = full->pool;
	const struct policy_assign *assign = allocate->items[full->item].assign;
	uint64_t count = assign ? assign->count : 0, base = assign ? assign->base : 0;
	const char *name = pool->name.text, *id = full->kind->id;
	int len = (int)pool->name.len;
	char place[POLICY_PLACE_BYTES];

	policy_place_text(&allocate->site, root, assign ? assign->place : pool->place,
			  place);
	switch (full->why) {
	case ALLOCATE_OUTSIDE:
		report_line(program,
			    _("%s: uid %u has no place in pool '%.*s', which has %ss "
			      "%" PRIu64 "-%" PRIu64 ": %" PRIu64
			      " for each uid from %" PRIu64 " on"),
			    place, full->uid, len, name, id, pool->ids.start,
			    pool->ids.end - 1, count, base);
		break;
	case ALLOCATE_SIZE:
		report_line(program,
			    _("%s: each user gets %" PRIu64
			      " ids of pool '%.*s': no count can be chosen"),
			    place, count, len, name);
		break;
	case ALLOCATE_OF_POOL:
		report_line(program,
			    _("by SUB_UID_DETERMINISTIC uid %u would get %ss of pool "
			      "'%.*s' (%s), which is for other users"),
			    full->uid, id, len, name, place);
		break;
	default:
		report_line(
			program,
			_("%s: no free range of %" PRIu64 " %ss is left in pool '%.*s'"),
			place, full->count, id, len, name);
		break;
	}
}

/*
 * Reports why there is no room for a range.
 *
 * root: of an image, or NULL. allocate: for which allocate_ranges() returned DB_FULL.
 */
void allocation_report_full(const char *program, const char *directory, const char *root,
			    const struct allocate *allocate)
{
	const struct allocate_full *full = &allocate->full;

	if (full->pool) {
		report_pool(program, root, allocate);
		return;
	}
	switch (full->why) {
	case ALLOC_COUNT:
		report_count(program, directory, allocate);
		break;
	case ALLOC_BELOW:
		report_line(program,
			    _("uid %u is below UID_MIN %" PRIu64
			      ": by SUB_UID_DETERMINISTIC in %s/login.defs it gets "
			      "no %ss"),
			    full->uid, allocate->settings.uid_min, directory,
			    full->kind->id);
		break;
	case ALLOCATE_TOTAL:
		report_line(program,
			    _("by SUB_UID_DETERMINISTIC in %s/login.defs uid %u gets one "
			      "range of %" PRIu64 " %ss, too few for a total of %" PRIu64
			      "; --range gives others"),
			    directory, full->uid,
			    allocate->settings.requests[full->kind->group].count,
			    full->kind->id, allocate->items[full->item].count);
		break;
	case ALLOC_BEYOND:
		report_beyond(program, directory, allocate);
		break;
	default:
		report_bounds(program, directory, allocate);
		break;
	}
}

/* Reports which part of the ids the name service was asked about. */
void allocation_report_asked(const char *program,
			     const struct ids_in_use_service *service)
{
	report_line(program,
		    _("note: ids that the name service was asked about: %" PRIu64
		      "; the largest gap between them: %" PRIu64),
		    service->asked, service->largest);
}
