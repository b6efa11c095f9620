// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-request: what was asked for cannot be had, or not by this process.
 */
#include <errno.h>

#include "common/causes-rules.h"
#include "common/i18n.h"

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

static void tell_overlap(const struct facts *facts, struct cause *cause)
{
	const struct extent *a = &facts->map->extents[facts->clash_a];
	const struct extent *b = &facts->map->extents[facts->clash_b];
	bool inside = facts->clash == IDMAP_CLASH_INNER;
	uint32_t from_a = inside ? a->inner : a->outer,
		 from_b = inside ? b->inner : b->outer;
	size_t shorten = from_a <= from_b ? facts->clash_a : facts->clash_b;
	uint32_t room = from_a <= from_b ? from_b - from_a : from_a - from_b;

	causes_evidence(
		cause,
		inside ? _("extents %zu (%u %u %u) and %zu (%u %u %u) overlap inside") :
			 _("extents %zu (%u %u %u) and %zu (%u %u %u) overlap outside"),
		facts->clash_a + 1, a->inner, a->outer, a->count, facts->clash_b + 1,
		b->inner, b->outer, b->count);
	if (room == 0)
		causes_cure(cause, _("leave extent %zu out"), facts->clash_b + 1);
	else
		causes_cure(cause, _("give extent %zu a count of %u at the most"),
			    shorten + 1, room);
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

/* The surroundings. */

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
	{ CAUSE_OVERLAP_INSIDE, overlap_inside, tell_overlap },
	{ CAUSE_OVERLAP_OUTSIDE, overlap_outside, tell_overlap },
	{ CAUSE_EXTENT_EMPTY, extent_empty, tell_extent_empty },
	{ CAUSE_NO_DESCRIPTORS, no_descriptors, tell_no_descriptors },
	{ CAUSE_NO_MEMORY, no_memory, tell_no_memory },
	{ 0 },
};
