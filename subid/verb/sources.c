// SPDX-License-Identifier: BSD-3-Clause
/*
 * sources: only the first source that grants an owner anything counts, as for the map
 * writers. A plugin can be asked for an owner or an id; none can list all its grants.
 *
 * MUST: a plugin is asked by the helper, for a limited time.
 */
#include <errno.h>
#include <inttypes.h>

#include "explain/causes.h"
#include "helper/plugin-client.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/wait.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/sources.h"

/* A helper with the time that the source has left; false: it has used up all of it. */
static bool may_ask(const struct sources *sources, const struct source *source,
		    struct helper *ret_helper)
{
	*ret_helper = (struct helper)HELPER_LOOK;
	ret_helper->left =
		SOURCES_SECONDS * 1000 - sources->waited[source - sources->list.sources];
	return ret_helper->left > 0;
}

static struct plugin_client plugin_of(const struct sources *sources,
				      const struct source *source, struct helper *helper)
{
	return (struct plugin_client){ .helper = helper,
				       .directory = sources->list.plugin_directory,
				       .name = source->name };
}

/* As plugin_client_ranges(), within the time that the source has left. */
int sources_ask_plugin(struct sources *sources, const struct source *source,
		       const char *owner, const struct kind *kind,
		       struct plugin_extents *extents, struct range_set *set)
{
	CLEANUP(helper_end) struct helper helper;
	int64_t now = wait_clock();
	struct plugin_client plugin;
	int r;

	if (!may_ask(sources, source, &helper))
		return PLUGIN_SLOW;
	plugin = plugin_of(sources, source, &helper);
	r = plugin_client_ranges(&plugin, owner, kind, extents, set);
	sources->helper = helper.fault;
	sources->waited[source - sources->list.sources] += wait_clock() - now;
	return r;
}

/* Reports once why a source does not answer, and the fix. Returns VERB_UNREADABLE. */
static int note_failure(struct sources *sources, const struct kind *kind,
			const struct source_answer *answer)
{
	bool *reported = &sources->reported[answer->source - sources->list.sources];
	const struct facts facts = {
		.kind = kind,
		.step = FACTS_SOURCE,
		.error = answer->error,
		.helper = sources->helper,
		.sources = { .nsswitch = &sources->nsswitch,
			     .plugin = answer->source->name,
			     .fault = answer->fault },
	};
	char line[CAUSE_LINE_BYTES];
	struct cause cause;
	enum cause_id id;

	if (!*reported && causes_find(&facts, &id, 1) > 0) {
		causes_describe(&facts, id, &cause);
		report_line(PROGRAM, "%s", cause.evidence);
		causes_cure_line(&cause, line);
		if (line[0] != '\0')
			report_line(PROGRAM, "%s", line);
	}
	*reported = true;
	if (sources->place && sources->place->gaps)
		sources->place->gaps->unanswered |= OUTPUT_SUBID;
	return VERB_UNREADABLE;
}

/* Reports a range that a source lists for a user but does not grant as an extent. */
static void note_denied(const struct user *user, const struct kind *kind,
			const struct source *source, struct range range)
{
	report_line(PROGRAM,
		    _("note: the source '%s' lists the %ss %" PRIu64 "-%" PRIu64
		      " for %s and says no to them as an extent, so %s refuses them"),
		    source->name, kind->id, range.start, range.end - 1, user->name,
		    kind->mapper);
}

/* Reports once that a source such as SSSD lists an owner's ids but cannot find owners. */
static void note_mute(struct sources *sources, const struct source *source)
{
	bool *muted = &sources->muted[source - sources->list.sources];

	if (!*muted)
		report_line(PROGRAM,
			    _("note: the source '%s' cannot find the owner of an id; "
			      "'%s list OWNER' shows the ids of an owner"),
			    source->name, PROGRAM);
	*muted = true;
}

/* Reports @n lines of a user that grant nothing; see sources_tell_void(). */
static void note_void(const struct sources *sources, const struct user *user,
		      const struct kind *kind, const struct source *source, uint64_t n)
{
	lines_note_skipped(sources->place, kind, n);
	if (source)
		report_line(PROGRAM,
			    _("note: %s/%s: lines of %s that grant nothing, since the "
			      "source '%s' answers: %" PRIu64),
			    sources->place->etc, kind->database, user->name, source->name,
			    n);
	else
		report_line(
			PROGRAM,
			_("note: %s/%s: lines of %s that grant nothing, since %s does "
			  "not name the files: %" PRIu64),
			sources->place->etc, kind->database, user->name, NSSWITCH_CONF,
			n);
}

static void set_list(struct sources *sources)
{
	source_find(&sources->nsswitch, PLUGINDIR, &sources->list);
	sources->plugins = source_has(&sources->list, SOURCE_PLUGIN);
	sources->files = source_has(&sources->list, SOURCE_FILES);
}

/*
 * Finds the sources of the running system, for a source_walk() of the list. @sources must
 * not be moved afterwards. Returns 0 or -errno.
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
 * Finds the sources of the system at @place, whose users @owners caches. None of the
 * three may be moved afterwards. If there are plugins, databases become optional. Returns
 * 0, or an exit status with the reason reported.
 */
int sources_start(struct sources *sources, struct verb_place *place,
		  const struct user_cache *owners)
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

/* Filters the lines of one user. */
struct user_lines {
	const struct user *user;
	lines_take_fn take; /* NULL: only count the lines */
	void *context;
	uint64_t n;
};

static int take_own(const struct line *line, void *context)
{
	struct user_lines *lines = context;

	if (!user_cache_is(lines->user, &line->entry))
		return 0;
	lines->n++;
	return lines->take ? lines->take(line, lines->context) : 0;
}

/* Problems of a database are reported the first time it is read. */
static int read_user_lines(struct sources *sources, const struct kind *kind,
			   struct user_lines *lines)
{
	bool *looked = &sources->looked[kind->group];
	int r = lines_each(sources->place, kind, !*looked, take_own, lines);

	*looked = true;
	return r;
}

/* Removes and reports the ranges that the map writers would refuse. */
static int subtract_denied(const struct user *user, const struct kind *kind,
			   const struct source *source, const struct range_set *denied,
			   struct range_set *set)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < denied->n; i++) {
		note_denied(user, kind, source, denied->ranges[i]);
		r = range_set_subtract(set, denied->ranges[i]);
	}
	return r ? verb_fail(ENOMEM) : 0;
}

/* As sources_ask(). lines: NULL if the user is known to have lines. */
static int ask_user_sources(struct sources *sources, const struct user *user,
			    const struct kind *kind, struct user_lines *lines,
			    struct range_set *set, const struct source **ret_source)
{
	CLEANUP(plugin_extents_cleanup)
	struct plugin_extents extents = { .denied = RANGE_SET(LIMIT_PLUGIN_ANSWER) };
	struct source_walk walk = source_walk(&sources->list);
	const struct source *source;
	int r;

	while ((source = source_next(&walk)))
		if (source->type == SOURCE_FILES) {
			r = lines ? read_user_lines(sources, kind, lines) : 0;
			if (r)
				return r;
			source_take(&walk, 0, !lines || lines->n > 0);
		} else {
			r = sources_ask_plugin(sources, source, user->name, kind,
					       sources->extents ? &extents : NULL, set);
			source_take(&walk, r, set->n);
		}
	if (walk.r == SOURCE_FAILED)
		return note_failure(sources, kind, &walk.answer);
	*ret_source = walk.answer.source;
	return subtract_denied(user, kind, walk.answer.source, &extents.denied, set);
}

/*
 * Asks the sources in order until one grants the user ids.
 *
 * take: called for the user's lines if the databases are reached; they are the answer if
 * there are any.
 * set: empty, with room for LIMIT_PLUGIN_ANSWER; receives what a plugin grants.
 * ret_source: the source that answered; NULL: no source grants anything.
 * Returns 0, or an exit status with the reason reported.
 */
int sources_ask(struct sources *sources, const struct user *user, const struct kind *kind,
		lines_take_fn take, void *context, struct range_set *set,
		const struct source **ret_source)
{
	struct user_lines lines = { .user = user, .take = take, .context = context };

	return ask_user_sources(sources, user, kind, &lines, set, ret_source);
}

/* As sources_ask(), for a user who is known to have lines in the database. */
int sources_ask_first(struct sources *sources, const struct user *user,
		      const struct kind *kind, const struct source **ret_source)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	return ask_user_sources(sources, user, kind, NULL, &set, ret_source);
}

/*
 * Asks a plugin for the owners of an id; sources_ask() finds whether its answer counts.
 *
 * ret_uids: freed by the caller.
 * ret_known: false if the plugin cannot answer, which is reported.
 * Returns 0, or an exit status with the reason reported.
 */
int sources_owners(struct sources *sources, const struct source *source, uint32_t id,
		   const struct kind *kind, uid_t **ret_uids, size_t *ret_n,
		   bool *ret_known)
{
	CLEANUP(helper_end) struct helper helper;
	int64_t now = wait_clock();
	struct plugin_client plugin;
	int r = PLUGIN_SLOW;

	plugin = plugin_of(sources, source, &helper);
	if (may_ask(sources, source, &helper))
		r = plugin_client_owners(&plugin, id, kind, ret_uids, ret_n);
	sources->helper = helper.fault;
	sources->waited[source - sources->list.sources] += wait_clock() - now;
	if (r == 0 || r == PLUGIN_MUTE) {
		*ret_known = r == 0;
		if (r)
			note_mute(sources, source);
		return 0;
	}
	return note_failure(sources, kind,
			    &(struct source_answer){ .source = source,
						     .fault = r > 0 ? r : 0,
						     .error = r < 0 ? -r : 0 });
}

/*
 * Reports a user's lines that grant nothing, because @source answered before the
 * databases, or no source did and the databases are not a source. Returns 0, or an exit
 * status with the reason reported.
 */
int sources_tell_void(struct sources *sources, const struct user *user,
		      const struct kind *kind, const struct source *source)
{
	struct user_lines lines = { .user = user };
	int r;

	/* The databases were asked and have no lines of the user. */
	if (!source && sources->files)
		return 0;
	r = read_user_lines(sources, kind, &lines);
	if (r == 0 && lines.n > 0)
		note_void(sources, user, kind, source, lines.n);
	return r;
}

/* For verbs that read whole databases: reports the sources they leave out. */
void sources_note_unasked(const struct sources *sources)
{
	for (size_t i = 0; i < sources->list.n; i++)
		if (sources->list.sources[i].type == SOURCE_PLUGIN)
			report_line(PROGRAM,
				    _("note: %s names the source '%s', which cannot list "
				      "all that it grants; '%s list OWNER' and '%s whois "
				      "ID' ask it"),
				    NSSWITCH_CONF, sources->list.sources[i].name, PROGRAM,
				    PROGRAM);
	if (sources->files && sources->list.sources[0].type == SOURCE_PLUGIN)
		report_line(PROGRAM,
			    _("note: %s names '%s' before the files: their lines "
			      "count only for users without ranges there"),
			    NSSWITCH_CONF, sources->list.sources[0].name);
}
