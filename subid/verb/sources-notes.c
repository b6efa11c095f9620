// SPDX-License-Identifier: BSD-3-Clause
/*
 * sources-notes: messages about sources, each printed once.
 */
#include <inttypes.h>

#include "explain/causes.h"
#include "message/i18n.h"
#include "message/report.h"
#include "libsubid/sys/paths.h"
#include "subid/verb/sources.h"

/* Reports once why a source does not answer, and the fix. Returns VERB_UNREADABLE. */
int sources_note_failure(struct sources *sources, const struct kind *kind,
			 const struct source_answer *answer)
{
	bool *told = &sources->told[answer->source - sources->list.sources];
	const struct facts facts = {
		.kind = kind,
		.step = FACTS_SOURCE,
		.error = answer->error,
		.sources = { .nsswitch = &sources->nsswitch,
			     .plugin = answer->source->name,
			     .fault = answer->fault },
	};
	struct cause cause = { .id = 0 };
	enum cause_id id;

	if (!*told && causes_find(&facts, &id, 1) > 0) {
		causes_describe(&facts, id, &cause);
		report_line(PROGRAM, "%s", cause.evidence);
		if (cause.cure[0] != '\0')
			report_line(PROGRAM, _("to fix it: %s"), cause.cure);
	}
	*told = true;
	return VERB_UNREADABLE;
}

/* Reports a range that a source lists for a user but does not grant as an extent. */
void sources_note_denied(const struct user *user, const struct kind *kind,
			 const struct source *source, struct range range)
{
	report_line(PROGRAM,
		    _("note: the source '%s' lists the %ss %" PRIu64 "-%" PRIu64
		      " for %s and says no to them as an extent, so %s refuses them"),
		    source->name, kind->id, range.start, range.end - 1, user->name,
		    kind->mapper);
}

/* Reports once that a source such as SSSD lists an owner's ids but cannot find owners. */
void sources_note_mute(struct sources *sources, const struct source *source)
{
	bool *muted = &sources->muted[source - sources->list.sources];

	if (!*muted)
		report_line(PROGRAM,
			    _("note: the source '%s' does not say who has an id; what an "
			      "owner has there, '%s list OWNER' tells"),
			    source->name, PROGRAM);
	*muted = true;
}

/* Reports @n lines of a user that grant nothing; see sources_tell_void(). */
void sources_note_void(const struct sources *sources, const struct user *user,
		       const struct kind *kind, const struct source *source, uint64_t n)
{
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

/* For verbs that read whole databases: reports the sources they leave out. */
void sources_note_unasked(const struct sources *sources)
{
	for (size_t i = 0; i < sources->list.n; i++)
		if (sources->list.sources[i].type == SOURCE_PLUGIN)
			report_line(
				PROGRAM,
				_("note: %s names the source '%s', which cannot tell "
				  "all that it grants; it is asked by '%s list OWNER' "
				  "and '%s whois ID'"),
				NSSWITCH_CONF, sources->list.sources[i].name, PROGRAM,
				PROGRAM);
	if (sources->files && sources->list.sources[0].type == SOURCE_PLUGIN)
		report_line(PROGRAM,
			    _("note: %s has '%s' asked before the files: they count only "
			      "for users for whom it has nothing"),
			    NSSWITCH_CONF, sources->list.sources[0].name);
}
