// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-through: ids of the host that a container has as they are: the option --through.
 *
 * MUST: an id that is to be passed through is never root of the container, unless it is
 * the user's own. Such ids are delegated one by one, or are those of accounts, so that a
 * container can use files of that account; root of a container with such an id would be
 * that account outside.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/map.h"
#include "subid/verb/id-names.h"

/* Of a larger range the name service is not asked whether all its ids are accounts. */
#define PASSED_MOST 16

static int misuse_through(const char *text)
{
	report_line(PROGRAM, _("--through requires ID or ID:INNER, not '%s'"), text);
	return VERB_USAGE;
}

/* Adds an id to the fixed extents of a kind. */
static int add_through(struct map *map, const struct kind *kind,
		       const struct extent *extent)
{
	struct idmap *fixed = &map->mapping.fixed[kind->group];
	size_t a, b;

	if (fixed->n == LIMIT_EXTENTS) {
		report_line(PROGRAM, _("the kernel takes %d extents at the most"),
			    LIMIT_EXTENTS);
		return VERB_USAGE;
	}
	fixed->extents[fixed->n++] = *extent;
	if (!idmap_clash(fixed, &a, &b))
		return 0;
	report_line(PROGRAM,
		    _("--through %" PRIu32 ":%" PRIu32 " and %" PRIu32 ":%" PRIu32
		      " contradict each other"),
		    fixed->extents[a].outer, fixed->extents[a].inner,
		    fixed->extents[b].outer, fixed->extents[b].inner);
	return VERB_USAGE;
}

/* Handles --through [u:|g:]ID[:INNER]. Returns 0 or an exit status. */
int map_take_through(struct map *map, const char *text)
{
	bool chosen[2] = { true, true };
	const char *id = text, *colon;
	uint64_t outer, inner;
	int r = 0;

	if ((*text == 'u' || *text == 'g') && text[1] == ':') {
		chosen[*text == 'u'] = false;
		id += 2;
	}
	colon = strchrnul(id, ':');
	if (num_parse(id, (size_t)(colon - id), ID_NONE - 1, &outer))
		return misuse_through(text);
	inner = outer;
	if (*colon && num_parse(colon + 1, strlen(colon + 1), ID_NONE - 1, &inner))
		return misuse_through(text);
	for (size_t i = 0; i < 2 && r == 0; i++)
		if (chosen[i])
			r = add_through(
				map, kind_all[i],
				&(struct extent){ (uint32_t)inner, (uint32_t)outer, 1 });
	return r;
}

/* Whether any id is passed through. */
bool map_has_through(const struct mapping *mapping)
{
	return mapping->fixed[0].n > 0 || mapping->fixed[1].n > 0;
}

static bool is_own(const struct mapping *mapping, const struct kind *kind, uint64_t id)
{
	const struct user *user = &mapping->user;

	return user->exists && id == (kind->group ? user->gid : user->uid);
}

/* Only the user may be root of the container, and not the user root. */
static int refuse_root(const struct map *map, const struct kind *kind)
{
	const struct idmap *fixed = &map->mapping.fixed[kind->group];

	for (size_t i = 0; i < fixed->n; i++) {
		const struct extent *extent = &fixed->extents[i];

		if (extent->inner > 0 ||
		    (extent->outer > 0 && is_own(&map->mapping, kind, extent->outer)))
			continue;
		report_line(PROGRAM,
			    _("root of the container would be the %s %" PRIu32
			      " of the host; choose another id inside"),
			    kind->id, extent->outer);
		return VERB_USAGE;
	}
	return 0;
}

/* Refuses ids to be passed through that the runtime or the container cannot have. */
int map_check_through(const struct map *map)
{
	char names[128];
	int r;

	if (!map_has_through(&map->mapping))
		return 0;
	if (map->runtime && !map->runtime->holes) {
		runtime_names(true, names, sizeof(names));
		report_line(PROGRAM,
			    _("%s cannot map single ids beside a range; these can: %s"),
			    map->runtime->name, names);
		return VERB_FINDINGS;
	}
	r = refuse_root(map, &kind_uid);
	return r ? r : refuse_root(map, &kind_gid);
}

/* Whether the map writers let the user map an id. */
static bool may_map(const struct mapping *mapping, const struct kind *kind, uint64_t id)
{
	const struct map_ranges *held = &mapping->held[kind->group];

	for (size_t i = 0; i < held->n; i++)
		if (range_contains(held->ranges[i], id))
			return true;
	return is_own(mapping, kind, id);
}

/* Reports how root grants what is missing. options: each with a space after it. */
static void report_cure(const struct map *map, const char *options)
{
	const char *root = map->options.root;
	char name[CURE_QUOTED_BYTES], directory[CURE_QUOTED_BYTES] = "";
	char command[2 * CURE_QUOTED_BYTES + 128];
	int n;

	if (!map->sources.files || !cure_quote(map->mapping.user.name, name) ||
	    (root && !cure_quote(root, directory)))
		return;
	n = snprintf(command, sizeof(command), "%s grant %s%s%s%s%s", PROGRAM,
		     root ? "--root " : "", directory, root ? " " : "", options, name);
	if (n > 0 && (size_t)n < sizeof(command))
		report_line(PROGRAM, _("to fix it (as root): %s"), command);
}

/* Refuses an id that the user may not map; both: neither as a uid nor as a gid. */
static int refuse_missing(const struct map *map, const struct kind *kind, uint32_t id,
			  bool both)
{
	char options[96];

	report_line(PROGRAM, _("the %s %" PRIu32 " is not delegated to %s"), kind->id, id,
		    map->mapping.user.word);
	snprintf(options, sizeof(options),
		 "%s%s--allow-overlap --range %" PRIu32 "-%" PRIu32 " ",
		 both ? "" : causes_kind_option(kind), both ? "" : " ", id, id);
	/* No command gives away root. */
	if (id > 0)
		report_cure(map, options);
	return VERB_NONE;
}

/* Whether an id is passed through. */
bool map_is_through(const struct mapping *mapping, const struct kind *kind, uint64_t id)
{
	const struct idmap *fixed = &mapping->fixed[kind->group];

	for (size_t i = 0; i < fixed->n; i++)
		if (fixed->extents[i].outer == id)
			return true;
	return false;
}

/* Refuses ids that the user may not map. Returns 0 or an exit status. */
int map_check_delegated(const struct map *map, const struct kind *kind)
{
	const struct mapping *mapping = &map->mapping;
	const struct kind *other = kind_all[!kind->group];
	const struct idmap *fixed = &mapping->fixed[kind->group];

	for (size_t i = 0; i < fixed->n; i++) {
		uint32_t id = fixed->extents[i].outer;

		if (!may_map(mapping, kind, id))
			return refuse_missing(map, kind, id,
					      map_is_through(mapping, other, id) &&
						      !may_map(mapping, other, id));
	}
	return 0;
}

static uint64_t largest_count(const struct map_ranges *held)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < held->n; i++)
		if (range_count(held->ranges[i]) > largest)
			largest = range_count(held->ranges[i]);
	return largest;
}

/* The names of users and groups, loaded when they are needed. */
struct account_names {
	struct id_names names[2];
};

static void account_names_cleanup(struct account_names *accounts)
{
	id_names_cleanup(&accounts->names[0]);
	id_names_cleanup(&accounts->names[1]);
}

/* Whether an id is that of a user or group, or may be. */
static bool is_account(struct account_names *accounts, uint32_t id)
{
	for (size_t i = 0; i < 2; i++)
		if (id_names_find(&accounts->names[i], id) ||
		    id_names_is_unknown(&accounts->names[i], id))
			return true;
	return false;
}

/* Finds out whether each id of a range is that of an account. Returns 0 or a status. */
static int are_accounts(struct map *map, struct account_names *accounts,
			struct range range, bool *ret_are)
{
	for (size_t i = 0; i < 2; i++) {
		int r = accounts->names[i].kind ?
				0 :
				id_names_start(&accounts->names[i], &map->owners,
					       kind_all[i]);

		if (r)
			return r;
	}
	*ret_are = true;
	for (uint64_t id = range.start; id < range.end && *ret_are; id++)
		*ret_are = is_account(accounts, (uint32_t)id);
	return 0;
}

/* Whether an id of a range is passed through. */
static bool holds_through(const struct mapping *mapping, const struct kind *kind,
			  struct range range)
{
	const struct idmap *fixed = &mapping->fixed[kind->group];

	for (size_t i = 0; i < fixed->n; i++)
		if (range_contains(range, fixed->extents[i].outer))
			return true;
	return false;
}

/* Reports ids that are not mapped, unless one of them is passed through. */
static void note_left_out(const struct mapping *mapping, const struct kind *kind,
			  struct range range)
{
	if (holds_through(mapping, kind, range))
		return;
	if (range_count(range) == 1)
		report_line(PROGRAM,
			    _("note: the %s %" PRIu64 " is delegated alone, so it is not "
			      "mapped; to pass it through: --through %" PRIu64),
			    kind->id, range.start, range.start);
	else
		report_line(
			PROGRAM,
			_("note: the %ss %" PRIu64 "-%" PRIu64
			  " are accounts of the host, so they are not mapped; to pass "
			  "one through: --through %" PRIu64),
			kind->id, range.start, range.end - 1, range.start);
}

/*
 * Finds the ranges that a container can be made of: all but those that are to be passed
 * through, which are single ids beside a larger range, and the ids of accounts.
 *
 * note: report which ones are left out.
 * Returns 0, or an exit status with the reason reported.
 */
int map_choose_ranges(struct map *map, const struct kind *kind, bool note,
		      struct map_ranges *ret_chosen)
{
	CLEANUP(account_names_cleanup)
	struct account_names accounts = { { IDNAMES_NONE, IDNAMES_NONE } };
	struct mapping *mapping = &map->mapping;
	const struct map_ranges *held = &mapping->held[kind->group];
	uint64_t largest = largest_count(held);

	for (size_t i = 0; i < held->n; i++) {
		struct range range = held->ranges[i];
		bool small = range_count(range) <= PASSED_MOST;
		bool passed = (range_count(range) == 1 && largest > 1) ||
			      (small && holds_through(mapping, kind, range));
		int r = 0;

		if (small && !passed)
			r = are_accounts(map, &accounts, range, &passed);
		if (r)
			return r;
		if (!passed)
			ret_chosen->ranges[ret_chosen->n++] = range;
		else if (note)
			note_left_out(mapping, kind, range);
		mapping->left_out |= passed;
	}
	return 0;
}

/* Refuses a container without root: all ids are to be passed through. */
int map_refuse_passed(const struct map *map, const struct kind *kind)
{
	report_line(PROGRAM,
		    _("%s has no %ss for a container, only such as are to be passed "
		      "through"),
		    map->mapping.user.word, kind->id);
	report_cure(map, "--another ");
	return VERB_NONE;
}
