// SPDX-License-Identifier: BSD-3-Clause
/*
 * grants: files and plugins, in the order of nsswitch.conf.
 *
 * MUST: one source decides about the whole map, the first that has anything for the
 * caller.
 * MUST: a plugin's "no" to an extent counts, whatever it lists.
 * MUST: the database is closed before a plugin runs. So the files, if they are to be
 * asked at all, are read first, and what they say waits for its turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "helper/apart.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/owner.h"
#include "mapwriter/grants.h"
#include "mapwriter/privilege.h"

/* What the files say, and whether they have anything for the caller: 1, 0 or -errno. */
struct file_answer {
	int verdict; /* of decide() */
	struct decision decision;
	int has;
};

/*
 * Looks for any line of the caller's, by all names that the local accounts have.
 * Returns 1, 0 or -errno.
 */
static int find_line(const struct account *account, const struct dbfile *file)
{
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct entry entry;
	int r;

	if (lseek(file->fd, 0, SEEK_SET) < 0)
		return -errno;
	r = owner_init(&owner, account, AT_FDCWD);
	if (r == 0)
		r = scan_start(&scan, file->fd);
	return r ? r : owner_next_entry(&owner, &scan, &entry);
}

/*
 * A database that does not exist is a source that is not installed. One that cannot be
 * used is an error, and no reason to believe another source. Returns as find_line().
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
	return find_line(account, file);
}

/* What cannot be asked grants nothing; the caller's own group can be mapped without. */
static int without(const struct kind *kind, const struct idmap *map, uint32_t own_id,
		   int reason, struct decision *ret_decision)
{
	const struct range_set nothing = RANGE_SET(0);
	int r = decide_granted(kind, map, own_id, &nothing, &nothing, ret_decision);

	return r == DECIDE_REFUSED ? reason : r;
}

/* Who did not answer; where that are the files, the dbfile says why. */
static int blame(const struct source_answer *answer, struct dbfile *file)
{
	if (answer->source->type != SOURCE_FILES)
		return DECIDE_NO_SOURCE;
	if (!file->fault) {
		file->fault = DBFILE_UNREADABLE;
		file->error = answer->error;
	}
	return DECIDE_NO_DATABASE;
}

static int disarm(void)
{
	struct privilege none = { .held = 0 };

	return privilege_keep(&none, 0);
}

/* It waits for as long as the caller does. */
static int ask_plugin(struct grants *grants, const char *name, const char *owner,
		      const struct kind *kind, struct plugin_extents *extents)
{
	const struct apart apart = {
		.folder = grants->sources.plugin_folder,
		.name = name,
		.disarm = disarm,
	};

	return apart_ask_ranges(&apart, owner, kind, extents, &grants->ranges);
}

/*
 * Asks the sources in their order; plugins also for the extents of the map. Returns what
 * comes of it, see struct source_walk.
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
			r = ask_plugin(grants, source->name, account->name, kind,
				       extents);
			source_take(&walk, r, grants->ranges.n);
		}
	grants->answer = walk.answer;
	return walk.r;
}

/*
 * Decides as decide() does, but by the sources in @grants, with privileges cut.
 *
 * file: opened, not yet judged. It is closed.
 * grants: what source_find() found; the answer is written to it. End with
 * grants_cleanup().
 * Returns as decide(), or DECIDE_NO_SOURCE: see grants->answer; *ret_decision is written
 * then, too.
 */
int grants_decide(const struct kind *kind, const struct idmap *map,
		  const struct account *account, uint32_t own_id, struct dbfile *file,
		  struct grants *grants, struct decision *ret_decision)
{
	struct file_answer files = { .has = 0 };
	struct range asked[LIMIT_EXTENTS];
	struct plugin_extents extents = {
		.extents = asked,
		.n = idmap_asked(map, own_id, kind->group, asked),
		.denied = RANGE_SET(LIMIT_EXTENTS),
	};
	int r;

	/* Whether the own group is delegated matters, see setgroups.c. */
	r = without(kind, map, own_id, DECIDE_REFUSED, ret_decision);
	if (r <= 0 && !(kind->group && idmap_is_own(map, own_id))) {
		dbfile_cleanup(file);
		return r;
	}
	if (source_has(&grants->sources, SOURCE_FILES)) {
		files.verdict = decide(kind, map, account, own_id, file, &files.decision);
		files.has = has_line(&files, account, file);
	}
	dbfile_cleanup(file);

	grants->ranges = (struct range_set)RANGE_SET(LIMIT_PLUGIN_ANSWER);
	r = ask_sources(grants, account, kind, &files, &extents);
	grants->denied = extents.denied;
	if (r == SOURCE_FAILED)
		return without(kind, map, own_id, blame(&grants->answer, file),
			       ret_decision);
	if (r == 0 && grants->answer.source->type == SOURCE_FILES) {
		*ret_decision = files.decision;
		return files.verdict;
	}
	return decide_granted(kind, map, own_id, &grants->ranges, &grants->denied,
			      ret_decision);
}

/* Frees what a plugin said. */
void grants_cleanup(struct grants *grants)
{
	range_set_clear(&grants->ranges);
	range_set_clear(&grants->denied);
}
