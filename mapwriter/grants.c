// SPDX-License-Identifier: BSD-3-Clause
/*
 * grants: files and plugins, in the order of nsswitch.conf.
 *
 * MUST: one source decides about the whole map: the first with a range for the caller.
 * MUST: an extent that a plugin denies is refused, even within a range that it lists.
 * MUST: the database is closed before a plugin runs. So the files, if they are a source,
 * are read first, and their answer is used when their turn comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "helper/plugin-client.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/owner.h"
#include "mapwriter/grants.h"

/* The answer of the files; @has: they have a range for the caller: 1, 0 or -errno. */
struct file_answer {
	int verdict; /* of decide() */
	struct decision decision;
	int has;
};

/*
 * Looks for a line of the caller, by all names that the local files have for the uid.
 * Returns 1, 0 or -errno.
 */
static int find_caller_line(const struct account *account, const struct dbfile *file)
{
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct entry entry;
	int r;

	if (lseek(file->fd, 0, SEEK_SET) < 0)
		return -errno;
	r = owner_init(&owner, account, AT_FDCWD);
	scan_start(&scan, file->fd);
	return r ? r : owner_next_entry(&owner, &scan, &entry);
}

/*
 * A missing database counts as a source that is not installed. One that cannot be used is
 * an error, and the next source is not asked instead. Returns as find_caller_line().
 */
static int has_line(const struct file_answer *answer, const struct account *account,
		    const struct dbfile *file)
{
	if (answer->verdict < 0)
		return answer->verdict;
	if (file->fault)
		return file->error == ENOENT ? 0 : -file->error;
	if (answer->decision.owns)
		return 1;
	if (answer->decision.name_service)
		return -answer->decision.name_service;
	return find_caller_line(account, file);
}

/* Decides without any grant; returns @reason instead of a refusal. */
static int decide_with_no_grant(const struct kind *kind, const struct idmap *map,
				uint32_t own_id, int reason,
				struct decision *ret_decision)
{
	const struct range_set nothing = RANGE_SET(0);
	int r = decide_granted(kind, map, own_id, &nothing, &nothing, ret_decision);

	return r == DECIDE_REFUSED ? reason : r;
}

/* Returns which source failed; if these are the files, the error is in @file. */
static int failed_source(const struct source_answer *answer, struct dbfile *file)
{
	if (answer->source->type != SOURCE_FILES)
		return DECIDE_NO_SOURCE;
	if (!file->fault) {
		file->fault = DBFILE_UNREADABLE;
		file->error = answer->error;
	}
	return DECIDE_NO_DATABASE;
}

static int ask_source_plugin(struct grants *grants, const char *name, const char *owner,
			     const struct kind *kind, struct plugin_extents *extents)
{
	const struct plugin_client plugin = {
		.helper = grants->helper,
		.directory = grants->sources.plugin_directory,
		.name = name,
	};

	return plugin_client_ranges(&plugin, owner, kind, extents, &grants->ranges);
}

/*
 * Asks the sources in their order, and plugins about the extents of the map too. Returns
 * the result of struct source_walk.
 */
static int ask_sources(struct grants *grants, const struct account *account,
		       const struct kind *kind, const struct file_answer *files,
		       struct plugin_extents *extents)
{
	struct source_walk walk = source_walk(&grants->sources);
	const struct source *source;
	int r;

	while ((source = source_next(&walk)))
		if (source->type == SOURCE_FILES) {
			r = files->has < 0 ? files->has : 0;
			source_take(&walk, r, files->has > 0);
		} else {
			r = ask_source_plugin(grants, source->name, account->name, kind,
					      extents);
			source_take(&walk, r, grants->ranges.n);
		}
	grants->answer = walk.answer;
	return walk.r;
}

/*
 * Decides as decide() does, but by the sources in @grants, with privileges cut.
 *
 * file: opened, not checked yet. It is closed.
 * grants: the helper, and what source_find() found; receives the answer. Free it with
 * grants_cleanup(). Returns as decide(), or DECIDE_NO_SOURCE: see grants->answer;
 * *ret_decision is written then, too.
 */
int grants_decide(const struct kind *kind, const struct idmap *map,
		  const struct lookup *lookup, const struct account *account,
		  uint32_t own_id, struct dbfile *file, struct grants *grants,
		  struct decision *ret_decision)
{
	struct file_answer files = { .has = 0 };
	struct range asked[LIMIT_EXTENTS];
	struct plugin_extents extents = {
		.extents = asked,
		.n = idmap_asked(map, own_id, kind->group, asked),
		.denied = RANGE_SET(LIMIT_EXTENTS),
	};
	int r;

	/* A map of the own gid alone also needs the sources, see setgroups.c. */
	r = decide_with_no_grant(kind, map, own_id, DECIDE_REFUSED, ret_decision);
	if (r <= 0 && !(kind->group && idmap_is_own(map, own_id))) {
		dbfile_cleanup(file);
		return r;
	}
	if (source_has(&grants->sources, SOURCE_FILES)) {
		files.verdict =
			decide(kind, map, lookup, account, own_id, file, &files.decision);
		files.has = has_line(&files, account, file);
	}
	dbfile_cleanup(file);

	grants->ranges = (struct range_set)RANGE_SET(LIMIT_PLUGIN_ANSWER);
	r = ask_sources(grants, account, kind, &files, &extents);
	grants->denied = extents.denied;
	if (r == SOURCE_FAILED)
		return decide_with_no_grant(kind, map, own_id,
					    failed_source(&grants->answer, file),
					    ret_decision);
	if (r == 0 && grants->answer.source->type == SOURCE_FILES) {
		*ret_decision = files.decision;
		return files.verdict;
	}
	return decide_granted(kind, map, own_id, &grants->ranges, &grants->denied,
			      ret_decision);
}

/* Frees the answer of a plugin. */
void grants_cleanup(struct grants *grants)
{
	range_set_clear(&grants->ranges);
	range_set_clear(&grants->denied);
}
