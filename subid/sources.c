// SPDX-License-Identifier: BSD-3-Clause
/*
 * sources: the first source that has anything for an owner answers alone, as for the map
 * writers. A plugin is asked about an owner or an id; none can tell all that it grants.
 *
 * MUST: a plugin runs in a process that has given up everything, and for a time.
 */
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/apart.h"
#include "common/identity.h"
#include "common/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/paths.h"
#include "libsubid/sys/plugin.h"
#include "libsubid/sys/wait.h"
#include "subid/sources.h"

static int disarm(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return identity_become(getuid(), getgid());
}

/* How a source is asked, until its time is over; after that it is not asked any more. */
static bool may_ask(const struct sources *sources, const struct source *source,
		    int64_t now, struct apart *ret_apart)
{
	int64_t left =
		SOURCES_SECONDS * 1000 - sources->waited[source - sources->list.sources];

	*ret_apart = (struct apart){
		.folder = sources->list.plugin_folder,
		.name = source->name,
		.disarm = disarm,
		.end = now + left,
	};
	return left > 0;
}

static int ask_ranges(const struct source_list *list, const struct source *source,
		      const char *owner, const struct kind *kind, struct range_set *set)
{
	struct sources *sources = list->asker;
	int64_t now = wait_clock();
	struct apart apart;
	int r;

	if (!may_ask(sources, source, now, &apart))
		return PLUGIN_SLOW;
	r = apart_ask_ranges(&apart, owner, kind, set);
	sources->waited[source - list->sources] += wait_clock() - now;
	return r;
}

static void set_list(struct sources *sources)
{
	source_find(&sources->nsswitch, PLUGINDIR, &sources->list);
	sources->list.ask_ranges = ask_ranges;
	sources->list.asker = sources;
	sources->plugins = source_has(&sources->list, SOURCE_PLUGIN);
	sources->files = source_has(&sources->list, SOURCE_FILES);
}

/*
 * Finds the sources of the running system, for source_ranges() with the list; it stays
 * where it is. Returns 0 or -errno.
 */
int sources_find(struct sources *sources)
{
	int r;

	*sources = (struct sources){ .place = NULL };
	r = nsswitch_read(NSSWITCH_CONF, &sources->nsswitch);
	if (r == 0)
		set_list(sources);
	return r;
}

/*
 * Finds the sources of the system at @place, of which @owners are; all three stay where
 * they are. Where there are others, a database need not be there from now on.
 * Returns 0, or an exit status with the reason told.
 */
int sources_start(struct sources *sources, struct verb_place *place,
		  const struct owners *owners)
{
	int r = 0;

	*sources = (struct sources){ .place = place, .owners = owners };
	if (!place->image)
		r = nsswitch_read(NSSWITCH_CONF, &sources->nsswitch);
	if (r) {
		report_line(PROGRAM, "%s: %s", NSSWITCH_CONF, report_error(-r));
		return VERB_UNREADABLE;
	}
	set_list(sources);
	place->optional = sources->plugins;
	return 0;
}

/* The databases, as one of the sources; and what they were found to say. */
struct files {
	struct sources *sources;
	const struct user *user;
	const struct kind *kind;
	lines_take_fn take;
	void *context;
	bool known; /* there is a line, without looking */
	uint64_t n;
	int status;
};

static int take_own(const struct line *line, void *context)
{
	struct files *files = context;

	if (!owners_is(files->user, &line->entry))
		return 0;
	files->n++;
	return files->take ? files->take(line, files->context) : 0;
}

/* What is strange about a database is told when it is first looked at. */
static int read_lines(struct files *files)
{
	bool *looked = &files->sources->looked[files->kind->group];

	files->status =
		lines_each(files->sources->place, files->kind, !*looked, take_own, files);
	*looked = true;
	return files->status;
}

/* Why there is no answer has been told, and is in the status. */
static int ask_files(void *context)
{
	struct files *files = context;

	if (files->known)
		return 0;
	if (read_lines(files))
		return -EIO;
	return files->n > 0 ? 0 : SOURCE_NONE;
}

static int ask(struct files *files, struct range_set *set,
	       const struct source **ret_source)
{
	struct sources *sources = files->sources;
	struct source_answer answer = { .source = NULL };
	int r = source_ranges(&sources->list, files->user->name, files->kind, ask_files,
			      files, set, &answer);

	if (r == SOURCE_FAILED)
		return answer.source->type == SOURCE_FILES ?
			       files->status :
			       sources_note_failure(sources, files->kind, &answer);
	*ret_source = r == 0 ? answer.source : NULL;
	return 0;
}

/*
 * Asks who grants a user ids.
 *
 * take, context: gets the user's lines, if it is the databases' turn; they are the answer
 * unless there are none.
 * set: empty, with room for LIMIT_PLUGIN_ANSWER; what a plugin grants.
 * ret_source: whose answer it is; NULL: nobody has anything.
 * Returns 0, or an exit status with the reason told.
 */
int sources_ask(struct sources *sources, const struct user *user, const struct kind *kind,
		lines_take_fn take, void *context, struct range_set *set,
		const struct source **ret_source)
{
	struct files files = {
		.sources = sources,
		.user = user,
		.kind = kind,
		.take = take,
		.context = context,
	};

	return ask(&files, set, ret_source);
}

/*
 * Asks who grants ids to a user of whom the database is known to have a line. As
 * sources_ask().
 */
int sources_ask_first(struct sources *sources, const struct user *user,
		      const struct kind *kind, const struct source **ret_source)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	struct files files = {
		.sources = sources,
		.user = user,
		.kind = kind,
		.known = true,
	};

	return ask(&files, &set, ret_source);
}

/*
 * Asks a plugin who has an id; whether that counts, sources_ask() tells.
 *
 * ret_uids: to be freed.
 * ret_known: false, and a note, where the plugin does not say.
 * Returns 0, or an exit status with the reason told.
 */
int sources_owners(struct sources *sources, const struct source *source, uint32_t id,
		   const struct kind *kind, uid_t **ret_uids, size_t *ret_n,
		   bool *ret_known)
{
	int64_t now = wait_clock();
	struct apart apart;
	int r = PLUGIN_SLOW;

	if (may_ask(sources, source, now, &apart))
		r = apart_ask_owners(&apart, id, kind, ret_uids, ret_n);
	sources->waited[source - sources->list.sources] += wait_clock() - now;
	if (r == 0 || r == PLUGIN_MUTE) {
		*ret_known = r == 0;
		if (r)
			sources_note_mute(sources, source);
		return 0;
	}
	return sources_note_failure(sources, kind,
				    &(struct source_answer){ .source = source,
							     .fault = r > 0 ? r : 0,
							     .error = r < 0 ? -r : 0 });
}

/*
 * Tells of a user's lines that grant nothing, because @source has answered before the
 * databases, or nobody has and they are not asked. Returns 0, or an exit status with the
 * reason told.
 */
int sources_tell_void(struct sources *sources, const struct user *user,
		      const struct kind *kind, const struct source *source)
{
	struct files files = { .sources = sources, .user = user, .kind = kind };
	int r;

	/* They have been asked, and there are none. */
	if (!source && sources->files)
		return 0;
	r = read_lines(&files);
	if (r == 0 && files.n > 0)
		sources_note_void(sources, user, kind, source, files.n);
	return r;
}
