// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-request: the request is impossible, or a resource is exhausted.
 */
#include <errno.h>
#include <inttypes.h>

#include "explain/causes.h"
#include "message/i18n.h"

/* The request. */

static bool too_many_extents(const struct facts *facts)
{
	return facts->too_many;
}

static void tell_too_many_extents(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause, _("the kernel takes %d extents at the most"),
			LIMIT_EXTENTS);
	causes_cure(cause, _("join extents that follow one another, inside and outside"));
}

static bool too_many_bytes(const struct facts *facts)
{
	return facts->bytes > facts->bytes_max;
}

static void tell_too_many_bytes(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause, _("the map takes %zu bytes, and the kernel takes %zu at the most"),
		facts->bytes, facts->bytes_max);
	causes_cure(cause, _("join extents that follow one another, inside and outside"));
}

static bool overlap_inside(const struct facts *facts)
{
	return facts->clash == IDMAP_CLASH_INNER;
}

static bool overlap_outside(const struct facts *facts)
{
	return facts->clash == IDMAP_CLASH_OUTER;
}

static void cure_by_shortening(const struct facts *facts, struct cause *cause)
{
	const struct extent *a = &facts->map->extents[facts->clash_a];
	const struct extent *b = &facts->map->extents[facts->clash_b];
	bool inside = facts->clash == IDMAP_CLASH_INNER;
	uint32_t from_a = inside ? a->inner : a->outer,
		 from_b = inside ? b->inner : b->outer;
	size_t shorten = from_a <= from_b ? facts->clash_a : facts->clash_b;
	uint32_t room = from_a <= from_b ? from_b - from_a : from_a - from_b;

	if (room == 0)
		causes_cure(cause, _("leave extent %zu out"), facts->clash_b + 1);
	else
		causes_cure(cause, _("give extent %zu a count of %u at the most"),
			    shorten + 1, room);
}

static void tell_overlap_inside(const struct facts *facts, struct cause *cause)
{
	const struct extent *a = &facts->map->extents[facts->clash_a];
	const struct extent *b = &facts->map->extents[facts->clash_b];

	causes_evidence(cause,
			_("extents %zu (%u %u %u) and %zu (%u %u %u) overlap inside"),
			facts->clash_a + 1, a->inner, a->outer, a->count,
			facts->clash_b + 1, b->inner, b->outer, b->count);
	cure_by_shortening(facts, cause);
}

static void tell_overlap_outside(const struct facts *facts, struct cause *cause)
{
	const struct extent *a = &facts->map->extents[facts->clash_a];
	const struct extent *b = &facts->map->extents[facts->clash_b];

	causes_evidence(cause,
			_("extents %zu (%u %u %u) and %zu (%u %u %u) overlap outside"),
			facts->clash_a + 1, a->inner, a->outer, a->count,
			facts->clash_b + 1, b->inner, b->outer, b->count);
	cure_by_shortening(facts, cause);
}

static bool lines_overlap(const struct facts *facts)
{
	return overlap_outside(facts) && facts->twice.lines[1] != 0;
}

static bool range_within(struct range a, struct range b)
{
	return b.start <= a.start && a.end <= b.end;
}

/* The cure removes only ids that the other line grants too, so no user loses any. */
static void tell_lines_overlap(const struct facts *facts, struct cause *cause)
{
	const struct facts_twice *twice = &facts->twice;
	struct range first = twice->ranges[0], rest = twice->ranges[1];
	const char *path = facts->kind->path;

	causes_evidence(cause,
			_("lines %" PRIu64 " and %" PRIu64 " of %s both grant you %s %u, "
			  "so extents %zu and %zu overlap outside"),
			twice->lines[0], twice->lines[1], path, facts->kind->id,
			twice->id, facts->clash_a + 1, facts->clash_b + 1);
	if (range_within(rest, first) || range_within(first, rest)) {
		causes_cure(cause, "sed -i %" PRIu64 "d %s",
			    twice->lines[range_within(rest, first)], path);
		return;
	}
	if (rest.start < first.start)
		rest.end = first.start;
	else
		rest.start = first.end;
	causes_cure(cause, "sed -i '%" PRIu64 "s/:.*/:%" PRIu64 ":%" PRIu64 "/' %s",
		    twice->lines[1], rest.start, range_count(rest), path);
}

static bool extent_empty(const struct facts *facts)
{
	return facts->step == FACTS_RANGE &&
	       facts->map->extents[facts->refused].count == 0;
}

static void tell_extent_empty(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("extent %zu has a count of 0"), facts->refused + 1);
	causes_cure(cause, _("give it a count, or leave it out"));
}

/* Resources. */

static bool no_descriptors(const struct facts *facts)
{
	return facts->error == EMFILE || facts->error == ENFILE;
}

static void tell_no_descriptors(const struct facts *facts, struct cause *cause)
{
	if (facts->error == ENFILE) {
		causes_evidence(cause, _("the system has no file descriptor left"));
		causes_cure(cause, "sysctl -w fs.file-max=1000000");
		return;
	}
	causes_evidence(cause, _("the limit of open files leaves %s no descriptor"),
			facts->kind->mapper);
	causes_cure(cause, "ulimit -S -n 256");
}

static bool no_memory(const struct facts *facts)
{
	return facts->error == ENOMEM;
}

static void tell_no_memory(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("the limit of memory leaves %s too little"),
			facts->kind->mapper);
	causes_cure(cause, "ulimit -S -v unlimited");
}

const struct causes_rule causes_of_request[] = {
	{ CAUSE_TOO_MANY_EXTENTS, too_many_extents, tell_too_many_extents },
	{ CAUSE_TOO_MANY_BYTES, too_many_bytes, tell_too_many_bytes },
	{ CAUSE_OVERLAP_INSIDE, overlap_inside, tell_overlap_inside },
	{ CAUSE_LINES_OVERLAP, lines_overlap, tell_lines_overlap },
	{ CAUSE_OVERLAP_OUTSIDE, overlap_outside, tell_overlap_outside },
	{ CAUSE_EXTENT_EMPTY, extent_empty, tell_extent_empty },
	{ CAUSE_NO_DESCRIPTORS, no_descriptors, tell_no_descriptors },
	{ CAUSE_NO_MEMORY, no_memory, tell_no_memory },
	{ 0 },
};
