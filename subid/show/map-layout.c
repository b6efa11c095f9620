// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-layout: makes the mappings of `subid map` out of the user's ranges.
 *
 * MUST: what the kernel would refuse is refused here, or split so that it does not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/idmap-layout.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/userns.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/map.h"

/* Reports that the user has no ids. source: the plugin that answered, or NULL. */
static int refuse_none(const struct map *map, const struct kind *kind,
		       const struct source *source)
{
	const char *word = map->mapping.user.word, *root = map->options.root;
	char name[CURE_QUOTED_BYTES], directory[CURE_QUOTED_BYTES] = "";
	bool sayable = cure_quote(map->mapping.user.name, name) &&
		       (!root || cure_quote(root, directory));

	if (map->owners.silent) {
		report_line(PROGRAM, _("it is not known whether %s has subordinate %ss"),
			    word, kind->id);
		return VERB_UNREADABLE;
	}
	if (!source && !map->sources.files)
		source = &map->sources.list.sources[0];
	if (source)
		report_line(PROGRAM,
			    _("%s has no subordinate %ss from the source '%s' that %s "
			      "names"),
			    word, kind->id, source->name, NSSWITCH_CONF);
	else if (sayable)
		report_line(PROGRAM,
			    _("%s has no subordinate %ss; to fix it: usermod-ext "
			      "%s%s%s-S %s"),
			    word, kind->id, root ? "-R " : "", directory, root ? " " : "",
			    name);
	else
		report_line(PROGRAM, _("%s has no subordinate %ss"), word, kind->id);
	return VERB_NONE;
}

/* Notes the ranges of a kind. source: the plugin that granted them, or NULL. */
int map_take_ranges(struct map *map, const struct kind *kind, const struct index *index,
		    const struct source *source)
{
	struct map_ranges *held = &map->mapping.held[kind->group];

	for (size_t i = 0; i < index->n; i++) {
		const struct index_range *range = &index->ranges[i];
		/* 4294967295 is no id. */
		uint64_t end =
			range->last == ID_NONE ? ID_NONE : (uint64_t)range->last + 1;

		if (range->first == end)
			continue;
		if (held->n == LIMIT_EXTENTS) {
			report_line(
				PROGRAM,
				_("%s has more ranges than the %d that the kernel maps"),
				map->mapping.user.word, LIMIT_EXTENTS);
			return VERB_FINDINGS;
		}
		held->ranges[held->n++] = (struct range){ range->first, end };
	}
	return held->n > 0 ? 0 : refuse_none(map, kind, source);
}

static int refuse_clash(const struct map *map, const struct kind *kind, struct range a,
			struct range b)
{
	report_line(PROGRAM,
		    _("the %ss of %s cannot be mapped: %" PRIu64 "-%" PRIu64
		      " and %" PRIu64 "-%" PRIu64 " overlap; see '%s check'"),
		    kind->id, map->mapping.user.word, a.start, a.end - 1, b.start,
		    b.end - 1, PROGRAM);
	return VERB_FINDINGS;
}

/* Refuses ranges that share an id, which can be mapped only once. */
static int check_clash(const struct map *map, const struct kind *kind,
		       const struct map_ranges *mapped)
{
	for (size_t b = 1; b < mapped->n; b++)
		for (size_t a = 0; a < b; a++)
			if (range_overlaps(mapped->ranges[a], mapped->ranges[b]))
				return refuse_clash(map, kind, mapped->ranges[a],
						    mapped->ranges[b]);
	return 0;
}

/* Reports what the kernel would refuse. */
static int refuse_facts(const struct facts *facts)
{
	struct cause cause = { .id = 0 };
	char line[CAUSE_LINE_BYTES];
	enum cause_id id;

	if (causes_find(facts, &id, 1) > 0)
		causes_describe(facts, id, &cause);
	report_line(PROGRAM, "%s", cause.evidence);
	causes_cure_line(&cause, line);
	if (line[0] != '\0')
		report_line(PROGRAM, "%s", line);
	return VERB_FINDINGS;
}

static int refuse_too_many(const struct kind *kind)
{
	return refuse_facts(
		&(struct facts){ .kind = kind, .step = FACTS_EXTENTS, .too_many = true });
}

static int refuse_absent(const struct kind *kind, struct range absent)
{
	return refuse_facts(&(struct facts){
		.kind = kind, .step = FACTS_WRITE, .error = EPERM, .unmapped = absent });
}

/* Refuses a mapping whose text is too long for the kernel. */
static int check_bytes(const struct kind *kind, const struct idmap *made)
{
	size_t bytes = idmap_render(made, NULL, 0);
	size_t most = userns_map_limit();

	if (bytes <= most)
		return 0;
	return refuse_facts(&(struct facts){
		.kind = kind, .step = FACTS_EXTENTS, .bytes = bytes, .bytes_max = most });
}

/* Splits a mapping for the user namespace in which this program runs. */
static int split_for_kernel(const struct map *map, const struct kind *kind,
			    struct idmap *made)
{
	struct idmap parent, parts;
	struct range absent;
	int r;

	/* An image is for another system; without /proc no border is known. */
	if (map->place.image || userns_map(kind, &parent))
		return 0;
	r = idmap_split(made, &parent, &parts, &absent);
	if (r == IDMAP_LAYOUT_ABSENT)
		return refuse_absent(kind, absent);
	if (r)
		return refuse_too_many(kind);
	*made = parts;
	return 0;
}

static int make(const struct map *map, const struct kind *kind,
		const struct map_ranges *mapped, const struct idmap *fixed,
		struct idmap *ret_map)
{
	int r = check_clash(map, kind, mapped);

	if (r)
		return r;
	if (idmap_lay_out(mapped->ranges, mapped->n, fixed, ret_map))
		return refuse_too_many(kind);
	if (fixed->n > 0 && ret_map->extents[0].inner > 0) {
		report_line(PROGRAM,
			    _("root of the container would have no id; pass another %s "
			      "through"),
			    kind->id);
		return VERB_FINDINGS;
	}
	r = split_for_kernel(map, kind, ret_map);
	return r ? r : check_bytes(kind, ret_map);
}

/* Puts the user's own id before the ranges, where it is root of the container. */
static void prepend_own(const struct map *map, const struct kind *kind,
			struct map_ranges *ranges)
{
	const struct user *user = &map->mapping.user;
	uint32_t id = kind->group ? user->gid : user->uid;

	memmove(ranges->ranges + 1, ranges->ranges, ranges->n * sizeof(*ranges->ranges));
	ranges->ranges[0] = (struct range){ id, (uint64_t)id + 1 };
	ranges->n++;
}

/* The mapping of podman's own namespace, which has all ids of the user. */
static int make_rootless(struct map *map, const struct kind *kind)
{
	struct map_ranges all = map->mapping.held[kind->group];
	const struct idmap none = { .n = 0 };

	prepend_own(map, kind, &all);
	return make(map, kind, &all, &none, &map->mapping.rootless[kind->group]);
}

/* Makes the mapping in which container root is the user, who is not passed through. */
static int make_usual(struct map *map, const struct kind *kind,
		      const struct map_ranges *mapped)
{
	struct mapping *mapping = &map->mapping;
	struct map_ranges ranges = *mapped;

	if (!map_is_through(mapping, kind,
			    kind->group ? mapping->user.gid : mapping->user.uid))
		prepend_own(map, kind, &ranges);
	return make(map, kind, &ranges, &mapping->fixed[kind->group],
		    &mapping->usual[kind->group]);
}

static int lay_out(struct map *map, const struct kind *kind)
{
	struct mapping *mapping = &map->mapping;
	const struct runtime *runtime = map->runtime;
	/* podman of root maps ids of the host. */
	bool rootful = runtime && runtime->rootless && mapping->user.uid == 0;
	bool as_user = (!runtime || runtime->as_user) && !rootful;
	bool chooses = runtime || map_has_through(mapping);
	struct map_ranges chosen = { .n = 0 };
	int r = map_check_delegated(map, kind);

	if (r == 0)
		r = check_clash(map, kind, &mapping->held[kind->group]);
	if (r == 0)
		r = map_choose_ranges(map, kind, chooses, &chosen);
	if (r == 0 && chosen.n == 0 && runtime && (!as_user || !runtime->holes))
		r = map_refuse_passed(map, kind);
	if (r == 0)
		r = make(map, kind, &chosen, &mapping->fixed[kind->group],
			 &mapping->delegated[kind->group]);
	if (r == 0 && as_user)
		r = make_usual(map, kind,
			       chooses ? &chosen : &mapping->held[kind->group]);
	if (r == 0 && runtime && runtime->rootless && !rootful)
		r = make_rootless(map, kind);
	return r;
}

/* Makes all mappings. Returns 0, or an exit status with the reason reported. */
int map_lay_out(struct map *map)
{
	int r = lay_out(map, &kind_uid);

	return r ? r : lay_out(map, &kind_gid);
}
