// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-links: checks the account, the kernel, the map writers and the ranges.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/reserved.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/userns.h"
#include "libsubid/user/owner.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/sources.h"

/* The default range of container engines. */
#define USUAL_START 100000
#define USUAL_COUNT 65536

/* Looks up the user. */
int doctor_account(struct doctor *doctor)
{
	struct facts facts;
	int r = nss_client_uid(&doctor->asker, getuid(), &doctor->account);

	if (r == 0)
		return doctor_report_good(doctor, "account", NULL,
					  _("%s, uid %u, gid %u"), doctor->account.name,
					  doctor->account.uid, doctor->account.gid);
	facts = doctor_facts(doctor, &kind_uid, NULL, FACTS_CALLER, r < 0 ? -r : 0);
	facts.account = NULL;
	return doctor_report_bad(doctor, "account", &facts);
}

static int kernel_refuses(struct doctor *doctor, int error)
{
	CLEANUP(fd_cleanup) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct facts_host host = { .max_namespaces = -1 };
	struct facts facts;

	facts_gather_settings(proc, &host);
	facts = doctor_facts(doctor, &kind_uid, &host, FACTS_UNSHARE, error);
	facts_gather_program(&facts);
	return doctor_report_bad(doctor, "kernel", &facts);
}

/* Checks whether the user can create a user namespace. */
int doctor_kernel(struct doctor *doctor)
{
	struct child child = { 0 };
	int error = 0, r;

	r = doctor_child_start(&child, true, &error);
	child_end(&child);
	if (r == -EMFILE || r == -ENFILE)
		return kernel_refuses(doctor, -r);
	if (r)
		return verb_fail(-r);
	if (error)
		return kernel_refuses(doctor, error);
	return doctor_report_good(doctor, "kernel", NULL,
				  _("makes a user namespace and maps the own ids"));
}

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       access(path, X_OK) == 0;
}

/* Finds a program as execvp(3) does. Returns false if there is none. */
static bool find_in_path(const char *path, const char *name, char out[static PATH_MAX])
{
	while (path) {
		const char *colon = strchrnul(path, ':');
		int n = snprintf(out, PATH_MAX, "%.*s%s%s", (int)(colon - path), path,
				 colon == path ? "" : "/", name);

		if (n > 0 && n < PATH_MAX && is_program(out))
			return true;
		path = *colon ? colon + 1 : NULL;
	}
	return false;
}

/* Returns 1, 0 (not root's, or no such file) or -errno. */
static int is_roots(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return status.st_uid == 0 ? 1 : userns_is_outside_owner(status.st_uid);
}

static bool paths_are_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int check_mapper(struct doctor *doctor, struct doctor_side *side)
{
	char ours[PATH_MAX];
	struct facts_host host = { .path = doctor->path };
	struct facts facts = doctor_facts(doctor, side->kind, &host, FACTS_PROGRAM, 0);
	int r;

	snprintf(ours, sizeof(ours), "%s/%s", BINDIR, side->kind->mapper);
	if (!find_in_path(doctor->path, side->kind->mapper, side->mapper)) {
		side->mapper[0] = '\0';
		return doctor_report_bad(doctor, "programs", &facts);
	}
	host.found = side->mapper;
	r = is_roots(side->mapper);
	if (r < 0)
		return doctor_report_unknown(
			doctor, "programs", side->kind,
			_("%s: whether it is root's cannot be found out: %s"),
			side->mapper, report_error(-r));
	/* Not root's: no cure may make it privileged. */
	if (r == 0)
		return doctor_report_bad(doctor, "programs", &facts);
	/* If the user cannot stat ours, it is not a better choice. */
	if (is_roots(ours) > 0 && !paths_are_same(ours, side->mapper)) {
		host.wanted = ours;
		return doctor_report_warning(doctor, "programs", &facts);
	}
	return doctor_report_good(doctor, "programs", side->kind, "%s", side->mapper);
}

/* Checks the map writers that PATH leads to. */
int doctor_programs(struct doctor *doctor)
{
	int r = check_mapper(doctor, &doctor->sides[0]);

	return r ? r : check_mapper(doctor, &doctor->sides[1]);
}

static int put_range(struct doctor_side *side, struct range range)
{
	struct range *ranges;
	int r;

	if (side->n == DOCTOR_RANGES)
		return 0;
	ranges = reallocarray(side->ranges, side->n + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	side->ranges = ranges;
	ranges[side->n++] = range;
	r = range_set_add(&side->held, range);
	return r > 0 ? 0 : r;
}

static int read_owner_ranges(struct owner *owner, struct doctor_side *side,
			     const struct dbfile *file)
{
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct entry entry;
	int r;

	r = scan_start(&scan, file->fd);
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

/* Reports that nothing is delegated; malformed lines may be the cause. */
static int report_no_ranges(struct doctor *doctor, struct doctor_side *side,
			    const struct sources *sources)
{
	const struct doctor_side *other = &doctor->sides[!side->kind->group];
	const struct facts_host host = { .count = 0 };
	struct range usual = { USUAL_START, USUAL_START + USUAL_COUNT };
	struct facts facts = doctor_facts(doctor, side->kind, &host, FACTS_RANGE, 0);
	struct idmap map;

	if (other->n > 0)
		usual = other->ranges[0];
	map = map_of(usual);
	facts.map = &map;
	facts.missing = usual;
	facts.sources = facts_of_sources(sources);
	if (!facts.sources.nsswitch || facts.sources.files)
		facts_gather_grants(&facts);
	return doctor_report_bad(doctor, "ranges", &facts);
}

static int judge_ranges(struct doctor *doctor, struct doctor_side *side,
			const struct sources *sources, bool silent)
{
	uint32_t own = side->kind->group ? getgid() : getuid();
	const struct reserved *reserved = NULL;
	struct facts_host host = { .count = 0 };
	struct facts facts = doctor_facts(doctor, side->kind, &host, FACTS_COUNT, 0);

	for (size_t i = 0; i < side->held.n; i++)
		host.count += range_count(side->held.ranges[i]);
	for (size_t i = 0; i < side->n && host.own.end == 0; i++)
		if (range_contains(side->ranges[i], own))
			host.own = side->ranges[i];
	/* A line may have a name of the user that only the name service knows. */
	if (side->n == 0 && silent)
		return doctor_report_unknown(
			doctor, "ranges", side->kind,
			_("it is not known whether %s has subordinate %ss"),
			doctor->account.name, side->kind->id);
	if (side->n == 0)
		return report_no_ranges(doctor, side, sources);
	if (host.own.end != 0 || host.count < USUAL_COUNT)
		return doctor_report_bad(doctor, "ranges", &facts);
	for (size_t i = 0; i < side->n && !reserved; i++)
		reserved = reserved_find_in(side->ranges[i]);
	if (reserved)
		return doctor_report_good(doctor, "ranges", side->kind,
					  _("%llu ids, of which other programs use some: "
					    "%s"),
					  (unsigned long long)host.count,
					  _(reserved->what));
	return doctor_report_good(doctor, "ranges", side->kind, _("%llu ids"),
				  (unsigned long long)host.count);
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
	} else {
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

/* Checks whether enough ids are delegated to the user. */
int doctor_ranges(struct doctor *doctor)
{
	CLEANUP(user_cache_cleanup) struct user_cache owners = USER_CACHE_NONE;
	struct verb_place place;
	struct sources sources;
	struct owner *owner;
	int r = sources_find(&sources);

	if (r)
		return report_nsswitch(doctor, -r);
	r = verb_find_place(NULL, &place);
	if (r == VERB_GO)
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
	for (size_t i = 0; r == 0 && i < 2; i++)
		if (doctor->sides[i].readable)
			r = judge_ranges(doctor, &doctor->sides[i], &sources,
					 owners.silent);
	return r;
}
