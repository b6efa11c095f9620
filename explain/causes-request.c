// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-request: the request is impossible, or a resource is exhausted.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

/*
 * Extents that overlap. Two of the rules ask whether the ranges are lines of a database:
 * engines map each line, so not the caller but root can change the request.
 */

static bool overlap_inside(const struct facts *facts)
{
	return facts->clash == IDMAP_CLASH_INNER;
}

static bool overlap_outside(const struct facts *facts)
{
	return facts->clash == IDMAP_CLASH_OUTER;
}

static struct range clash_range(const struct facts *facts, size_t extent)
{
	const struct extent *found = &facts->map->extents[extent];

	return facts->clash == IDMAP_CLASH_INNER ? extent_inner(found) :
						   extent_outer(found);
}

static bool range_within(struct range a, struct range b)
{
	return b.start <= a.start && a.end <= b.end;
}

/* What is left of the extent when the ids of @hole are mapped by another one. */
static void cut_hole(const struct extent *extent, struct range around, struct range hole,
		     struct idmap *ret_pieces)
{
	uint32_t before = (uint32_t)(hole.start - around.start);
	uint32_t behind = (uint32_t)(hole.end - around.start);

	*ret_pieces = (struct idmap){ .n = 0 };
	if (before > 0)
		ret_pieces->extents[ret_pieces->n++] =
			(struct extent){ extent->inner, extent->outer, before };
	if (behind < extent->count)
		ret_pieces->extents[ret_pieces->n++] = (struct extent){
			extent->inner + behind,
			extent->outer + behind,
			extent->count - behind,
		};
}

/* The ids of an extent that lies within the other stay with it. */
static void cure_by_splitting(const struct facts *facts, struct cause *cause)
{
	struct range a = clash_range(facts, facts->clash_a),
		     b = clash_range(facts, facts->clash_b);
	bool a_splits = range_within(b, a);
	size_t whole = a_splits ? facts->clash_a : facts->clash_b;
	bool a_first = a.start <= b.start;
	char text[CAUSE_EXTENTS_BYTES];
	struct idmap pieces;

	if (range_within(a, b) && a_splits) {
		causes_cure(cause, _("leave extent %zu out"), facts->clash_b + 1);
	} else if (range_within(a, b) || a_splits) {
		cut_hole(&facts->map->extents[whole], a_splits ? a : b, a_splits ? b : a,
			 &pieces);
		causes_extents(&pieces, text);
		causes_cure(cause, _("pass in place of extent %zu: %s"), whole + 1, text);
	} else {
		causes_cure(cause, _("give extent %zu a count of %u at the most"),
			    (a_first ? facts->clash_a : facts->clash_b) + 1,
			    (uint32_t)(a_first ? b.start - a.start : a.start - b.start));
	}
}

static void tell_overlap_inside(const struct facts *facts, struct cause *cause)
{
	const struct extent *a = &facts->map->extents[facts->clash_a];
	const struct extent *b = &facts->map->extents[facts->clash_b];

	causes_evidence(cause,
			_("extents %zu (%u %u %u) and %zu (%u %u %u) overlap inside"),
			facts->clash_a + 1, a->inner, a->outer, a->count,
			facts->clash_b + 1, b->inner, b->outer, b->count);
	cure_by_splitting(facts, cause);
}

static void tell_overlap_outside(const struct facts *facts, struct cause *cause)
{
	const struct extent *a = &facts->map->extents[facts->clash_a];
	const struct extent *b = &facts->map->extents[facts->clash_b];

	causes_evidence(cause,
			_("extents %zu (%u %u %u) and %zu (%u %u %u) overlap outside"),
			facts->clash_a + 1, a->inner, a->outer, a->count,
			facts->clash_b + 1, b->inner, b->outer, b->count);
	cure_by_splitting(facts, cause);
}

static bool lines_overlap(const struct facts *facts)
{
	return facts->clash && facts->twice.lines[1] != 0;
}

/*
 * The line that lies within the other one, or else the second one, is written anew
 * without the ids that the other one grants too, so the user loses none.
 */
static void tell_lines_overlap(const struct facts *facts, struct cause *cause)
{
	const struct facts_twice *twice = &facts->twice;
	size_t worse = !range_within(twice->ranges[0], twice->ranges[1]) ||
		       range_within(twice->ranges[1], twice->ranges[0]);
	const char *owner = twice->owners[worse];
	char text[ENTRY_BYTES];
	const struct cure_line line = {
		facts->kind, "", text,
		entry_format(owner, strlen(owner), twice->ranges[worse], text) - 1
	};

	causes_evidence(cause,
			_("lines %" PRIu64 " and %" PRIu64 " of %s both grant you %s %u, "
			  "so extents %zu and %zu overlap outside"),
			twice->lines[0], twice->lines[1], facts->kind->path,
			facts->kind->id, twice->id, facts->clash_a + 1,
			facts->clash_b + 1);
	if (strcmp(twice->owners[0], twice->owners[1]) == 0 &&
	    range_within(twice->ranges[0], twice->ranges[1]) &&
	    range_within(twice->ranges[1], twice->ranges[0]))
		causes_cure_as_root(cause, "subid check --fix");
	else if (!cure_by_fix(&line, "", cause))
		causes_cure_as_root(cause, "subid check");
}

static uint32_t own_id(const struct facts *facts)
{
	return facts->kind->group ? facts->gid : facts->uid;
}

/* The range of the user that holds the user's own id; end 0: there is none. */
static struct range own_id_range(const struct facts *facts)
{
	const struct facts_twice *twice = &facts->twice;

	if (facts->host && facts->step == FACTS_COUNT)
		return facts->host->own;
	if (overlap_outside(facts) && twice->lines[0] != 0 && twice->lines[1] == 0 &&
	    twice->id == own_id(facts))
		return twice->ranges[0];
	return (struct range){ 0, 0 };
}

static bool own_id_inside(const struct facts *facts)
{
	return own_id_range(facts).end != 0;
}

static void tell_own_id_inside(const struct facts *facts, struct cause *cause)
{
	struct range range = own_id_range(facts);
	uint32_t own = own_id(facts);
	char login[CURE_QUOTED_BYTES];

	causes_evidence(cause,
			_("the range %" PRIu64 "-%" PRIu64
			  " of %s holds its own %s, %u, which cannot be mapped twice"),
			range.start, range.end - 1, facts->account->name, facts->kind->id,
			own);
	if (cure_quote(facts->account->name, login))
		causes_cure_as_root(cause, "subid revoke --if-held %s --range %u-%u %s",
				    causes_kind_option(facts->kind), own, own, login);
}

static bool ranges_at_zero(const struct facts *facts)
{
	return overlap_inside(facts) && facts->lines_at_zero;
}

/* The ranges but the largest are taken from the user. */
static void tell_ranges_at_zero(const struct facts *facts, struct cause *cause)
{
	const struct idmap *map = facts->map;
	size_t n = 0;
	char ranges[CAUSE_TEXT_BYTES] = "", login[CURE_QUOTED_BYTES];

	causes_evidence(
		cause,
		_("extents %zu and %zu are ranges of %s in %s, and all ranges are "
		  "asked for at id 0 inside: that works with one"),
		facts->clash_a + 1, facts->clash_b + 1, facts->account->name,
		facts->kind->path);
	if (facts->others_in_use)
		causes_evidence(
			cause,
			_("extents %zu and %zu are ranges of %s in %s, and all ranges "
			  "are asked for at id 0 inside: that works with one; "
			  "processes use the others, end them first"),
			facts->clash_a + 1, facts->clash_b + 1, facts->account->name,
			facts->kind->path);
	for (size_t i = 0; i < map->n && n < sizeof(ranges); i++)
		if (facts_is_other_at_zero(map, i))
			n += (size_t)snprintf(ranges + n, sizeof(ranges) - n,
					      "%s%u-%" PRIu64, n > 0 ? " --range " : "",
					      map->extents[i].outer,
					      extent_outer(&map->extents[i]).end - 1);
	if (n == 0)
		causes_cure(cause, _("ask for one of the ranges alone"));
	else if (n < sizeof(ranges) && cure_quote(facts->account->name, login))
		causes_cure_as_root(cause, "subid revoke --if-held %s%s --range %s %s",
				    facts->others_in_use ? "--in-use " : "",
				    causes_kind_option(facts->kind), ranges, login);
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
		causes_cure_as_root(cause, "sysctl -w fs.file-max=1000000");
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
	causes_cure(cause, "ulimit -S -v unlimited; ulimit -S -d unlimited");
}

const struct causes_rule causes_of_request[] = {
	{ CAUSE_TOO_MANY_EXTENTS, too_many_extents, tell_too_many_extents },
	{ CAUSE_TOO_MANY_BYTES, too_many_bytes, tell_too_many_bytes },
	{ CAUSE_LINES_OVERLAP, lines_overlap, tell_lines_overlap },
	{ CAUSE_OWN_ID_INSIDE, own_id_inside, tell_own_id_inside },
	{ CAUSE_RANGES_AT_ZERO, ranges_at_zero, tell_ranges_at_zero },
	{ CAUSE_OVERLAP_INSIDE, overlap_inside, tell_overlap_inside },
	{ CAUSE_OVERLAP_OUTSIDE, overlap_outside, tell_overlap_outside },
	{ CAUSE_EXTENT_EMPTY, extent_empty, tell_extent_empty },
	{ CAUSE_NO_DESCRIPTORS, no_descriptors, tell_no_descriptors },
	{ CAUSE_NO_MEMORY, no_memory, tell_no_memory },
	{ 0 },
};
