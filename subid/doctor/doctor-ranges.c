// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-ranges: checks the ranges that the sources grant the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/reserved.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/userns.h"
#include "libsubid/user/owner.h"
#include "message/i18n.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/sources.h"

/* The default range of container engines. */
#define USUAL_START 100000
#define USUAL_COUNT 65536

static int put_range(struct doctor_side *side, struct range range)
{
	int r;

	if (side->n == DOCTOR_RANGES)
		return 0;
	if (ARRAY_RESERVE(side->ranges, side->n, side->allocated))
		return -ENOMEM;
	side->ranges[side->n++] = range;
	r = range_set_add(&side->held, range);
	return r > 0 ? 0 : r;
}

static int read_owner_ranges(struct owner *owner, struct doctor_side *side,
			     const struct dbfile *file)
{
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct entry entry;
	int r = 0;

	scan_start(&scan, file->fd);
	while (r == 0 && (r = owner_next_entry(owner, &scan, &entry)) > 0)
		r = put_range(side, entry.range);
	return r;
}

static struct facts_sources facts_of_sources(const struct sources *sources)
{
	if (!sources->plugins)
		return (struct facts_sources){ .nsswitch = NULL };
	return (struct facts_sources){
		.nsswitch = &sources->nsswitch,
		.files = sources->files,
		.nobody = true,
	};
}

static struct idmap map_of(struct range range)
{
	return (struct idmap){
		.extents = { { .inner = 1,
			       .outer = (uint32_t)range.start,
			       .count = (uint32_t)range_count(range) } },
		.n = 1,
	};
}

/* Returns the number of a line that has a wrong owner, or 0. */
static uint64_t find_odd(struct doctor *doctor, const struct kind *kind,
			 char text[static CURE_WORD_BYTES + 1])
{
	struct verb_place place;

	return verb_find_place(NULL, &place) ?
		       0 :
		       doctor_find_odd(doctor, kind, place.directory, text);
}

/*
 * Finds out whether the user is given a range without a choice of ids, and finds one
 * beyond the bounds of login.defs if none is free within them.
 */
static void find_grant(struct doctor *doctor, struct facts_host *host)
{
	struct free_range_wish wish = { .kinds = { true, true } };
	struct range within;

	host->no_grant = doctor_find_free(doctor, &wish, &within);
	if (host->no_grant != FACTS_GRANT_FULL)
		return;
	wish.count = USUAL_COUNT;
	wish.bounds = (struct range){ USUAL_START, INT32_MAX };
	doctor_find_free(doctor, &wish, &host->free);
}

/* Reports that nothing is delegated; malformed lines may be the cause. */
static int report_no_ranges(struct doctor *doctor, struct doctor_side *side,
			    const struct sources *sources)
{
	const struct doctor_side *other = &doctor->sides[!side->kind->group];
	char text[CURE_WORD_BYTES + 1];
	struct facts_host host = { .odd_text = text };
	struct range usual = { USUAL_START, USUAL_START + USUAL_COUNT };
	struct facts facts = doctor_facts(doctor, side->kind, &host, FACTS_RANGE, 0);
	struct idmap map;

	if (!sources->plugins)
		host.odd_line = find_odd(doctor, side->kind, text);
	if (host.odd_line) {
		facts.step = FACTS_ODD;
		return doctor_report_bad(doctor, "ranges", &facts);
	}
	if (other->n > 0)
		usual = other->ranges[0];
	map = map_of(usual);
	facts.map = &map;
	facts.missing = usual;
	facts.sources = facts_of_sources(sources);
	if (!facts.sources.nsswitch || facts.sources.files)
		facts_gather_grants(&facts);
	host.free_of_both = other->n == 0;
	doctor_find_former(doctor, side->kind, &host);
	find_grant(doctor, &host);
	return doctor_report_bad(doctor, "ranges", &facts);
}

static uint64_t count_held_ids(const struct doctor_side *side)
{
	uint64_t n = 0;

	for (size_t i = 0; i < side->held.n; i++)
		n += range_count(side->held.ranges[i]);
	return n;
}

/* Whether the own id and the delegated ones are fewer than most images need. */
static bool is_small(const struct doctor_side *side)
{
	return side->n > 0 && count_held_ids(side) + 1 < USUAL_COUNT;
}

/* Finds a range of the usual size for the user, or just what is missing. */
static void find_more(struct doctor *doctor, const struct doctor_side *side,
		      struct facts_host *host)
{
	const struct doctor_side *other = &doctor->sides[!side->kind->group];
	struct free_range_wish wish = { .count = USUAL_COUNT };
	uint64_t least = host->count;

	host->limited = userns_is_limited() > 0;
	host->free_of_both = is_small(other);
	if (host->free_of_both && count_held_ids(other) < least)
		least = count_held_ids(other);
	wish.kinds[side->kind->group] = true;
	wish.kinds[other->kind->group] = host->free_of_both;
	host->no_grant = doctor_find_free(doctor, &wish, &host->free);
	if (!host->no_grant)
		return;
	wish.count = USUAL_COUNT - 1 - least;
	doctor_find_free(doctor, &wish, &host->free);
}

static int report_enough(struct doctor *doctor, const struct doctor_side *side,
			 uint64_t count)
{
	const struct reserved *reserved = NULL;

	for (size_t i = 0; i < side->n && !reserved; i++)
		reserved = reserved_find_in(side->ranges[i]);
	if (reserved)
		return doctor_report_good(doctor, "ranges", side->kind,
					  _("%llu ids, of which other programs use some: "
					    "%s"),
					  (unsigned long long)count, _(reserved->what));
	return doctor_report_good(doctor, "ranges", side->kind, _("%llu ids"),
				  (unsigned long long)count);
}

static int judge_ranges(struct doctor *doctor, struct doctor_side *side,
			const struct sources *sources, bool silent)
{
	uint32_t own = side->kind->group ? getgid() : getuid();
	struct facts_host host = { .count = count_held_ids(side) };
	struct facts facts = doctor_facts(doctor, side->kind, &host, FACTS_COUNT, 0);

	for (size_t i = 0; i < side->n && host.own.end == 0; i++)
		if (range_contains(side->ranges[i], own))
			host.own = side->ranges[i];
	if (side->n == 0 && silent)
		return doctor_report_silence(doctor, side);
	if (side->n == 0)
		return report_no_ranges(doctor, side, sources);
	if (host.own.end != 0)
		return doctor_report_bad(doctor, "ranges", &facts);
	if (!is_small(side))
		return report_enough(doctor, side, host.count);
	find_more(doctor, side, &host);
	return doctor_report_warning(doctor, "ranges", &facts);
}

/* Reads a database. A missing one counts as empty if there are plugins. */
static int read_database(struct owner *owner, struct doctor_side *side,
			 const struct sources *sources, struct dbfile *file)
{
	int r;

	dbfile_open(side->kind->path, file);
	if (dbfile_vet(file) == 0) {
		r = read_owner_ranges(owner, side, file);
		if (r) {
			file->fault = DBFILE_UNREADABLE;
			file->error = -r;
		}
		return r;
	}
	if (!sources->plugins || file->error != ENOENT)
		return -file->error;
	file->fault = 0;
	return 0;
}

static int report_source_failure(struct doctor *doctor, const struct kind *kind,
				 const struct dbfile *file, const struct sources *sources,
				 const struct source_answer *answer)
{
	struct facts facts =
		doctor_facts(doctor, kind, NULL, FACTS_SOURCE, answer->error);

	if (file->fault) {
		facts.step = FACTS_DATABASE;
		facts.error = file->error;
		facts.file = file;
		facts_gather_file(&facts);
	} else {
		facts.helper = sources->helper;
		facts.sources = facts_of_sources(sources);
		facts.sources.nobody = false;
		facts.sources.plugin = answer->source->name;
		facts.sources.fault = answer->fault;
	}
	return doctor_report_bad(doctor, "ranges", &facts);
}

/* Reports a range that a plugin lists but the map writers would refuse. */
static int report_denied(struct doctor *doctor, struct doctor_side *side,
			 const struct sources *sources, const struct source *source,
			 struct range range)
{
	struct facts facts = doctor_facts(doctor, side->kind, NULL, FACTS_RANGE, 0);
	const struct idmap map = map_of(range);

	facts.map = &map;
	facts.missing = range;
	facts.sources = facts_of_sources(sources);
	facts.sources.nobody = false;
	facts.sources.plugin = source->name;
	facts.sources.denied = true;
	return doctor_report_bad(doctor, "ranges", &facts);
}

/* Adds the ranges granted by a plugin. */
static int take_ranges(struct doctor *doctor, struct doctor_side *side,
		       const struct sources *sources, const struct source *source,
		       const struct range_set *denied, struct range_set *set)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < denied->n; i++) {
		r = report_denied(doctor, side, sources, source, denied->ranges[i]);
		if (r == 0 && range_set_subtract(set, denied->ranges[i]))
			r = verb_fail(ENOMEM);
	}
	for (size_t i = 0; r == 0 && i < set->n; i++)
		if (put_range(side, set->ranges[i]))
			r = verb_fail(ENOMEM);
	/* If all ranges were denied, that has been reported: nothing is left to judge. */
	side->readable = denied->n == 0 || side->n > 0;
	return r;
}

static int find_side_ranges(struct doctor *doctor, struct owner *owner,
			    struct doctor_side *side, struct sources *sources)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(plugin_extents_cleanup)
	struct plugin_extents extents = { .denied = RANGE_SET(LIMIT_PLUGIN_ANSWER) };
	struct source_walk walk = source_walk(&sources->list);
	const struct source *source;
	int r;

	while ((source = source_next(&walk))) {
		if (source->type == SOURCE_FILES)
			r = read_database(owner, side, sources, &file);
		else
			r = sources_ask_plugin(sources, source, doctor->account.name,
					       side->kind, &extents, &set);
		source_take(&walk, r, side->n + set.n);
	}
	if (walk.r == SOURCE_FAILED)
		return report_source_failure(doctor, side->kind, &file, sources,
					     &walk.answer);
	return take_ranges(doctor, side, sources, walk.answer.source, &extents.denied,
			   &set);
}

static int report_nsswitch(struct doctor *doctor, int error)
{
	struct facts facts = doctor_facts(doctor, &kind_uid, NULL, FACTS_SOURCE, error);

	return doctor_report_bad(doctor, "ranges", &facts);
}

/* Lines with a former name come first: they may have the ranges that are missing. */
static int judge_both(struct doctor *doctor, const struct sources *sources,
		      const struct owner *owner, int directory, bool silent)
{
	bool renamed[2] = { false, false };
	int r = 0;

	if (!sources->plugins)
		r = doctor_renamed(doctor, owner, directory, renamed);
	for (size_t i = 0; r == 0 && i < 2; i++)
		if (doctor->sides[i].readable && !renamed[i])
			r = judge_ranges(doctor, &doctor->sides[i], sources, silent);
	return r;
}

/*
 * Checks whether the ids that are delegated to the user are enough, and the user's alone.
 * judge_as: judges the ranges of both kinds in another way, or NULL.
 */
int doctor_ranges(struct doctor *doctor, doctor_judge_fn judge_as)
{
	CLEANUP(user_cache_cleanup) struct user_cache owners = USER_CACHE_NONE;
	struct verb_place place;
	struct sources sources;
	struct owner *owner;
	int r = sources_find(&sources);

	if (r)
		return report_nsswitch(doctor, -r);
	r = verb_find_place(NULL, &place);
	if (r == 0)
		r = user_cache_start_named(&owners, &place);
	if (r)
		return r;
	place.optional = true;
	r = user_cache_account(&owners, &doctor->account, &owner);
	if (r)
		return verb_fail(-r);
	/* Read both before judging: a report about one uses the ranges of the other. */
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = find_side_ranges(doctor, owner, &doctor->sides[i], &sources);
	if (r == 0)
		r = judge_as ? judge_as(doctor, owners.silent) :
			       judge_both(doctor, &sources, owner, place.directory,
					  owners.silent);
	if (r == 0 && sources.files && doctor->sides[0].n + doctor->sides[1].n > 0)
		r = doctor_shared(doctor, owner, place.directory);
	return r;
}
