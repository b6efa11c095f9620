// SPDX-License-Identifier: BSD-3-Clause
/*
 * whois-rows: shows the owners of an id. The line or plugin that names an owner counts
 * only if its source is the first one that grants that owner anything.
 */
#include <inttypes.h>
#include <stdio.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/reserved.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/whois.h"

enum {
	COLUMN_ID,
	COLUMN_KIND,
	COLUMN_STATE,
	COLUMN_OWNER,
	COLUMN_UID,
	COLUMN_INSIDE,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_WHERE,
	COLUMN_FILE,
	COLUMN_LINE,
	COLUMN_ACCOUNT,
	COLUMN_NOTE,
	COLUMN_FORMER,
	COLUMN_SINCE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_ID] = { .name = "ID", .type = OUTPUT_NUMBER },
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_STATE] = { .name = "STATE" },
	[COLUMN_OWNER] = { .name = "OWNER", .wrap = true },
	[COLUMN_UID] = { .name = "UID", .type = OUTPUT_NUMBER },
	[COLUMN_INSIDE] = { .name = "INSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_WHERE] = { .name = "WHERE", .wrap = true },
	[COLUMN_FILE] = { .name = "FILE", .json_only = true },
	[COLUMN_LINE] = { .name = "LINE", .type = OUTPUT_NUMBER, .json_only = true },
	[COLUMN_ACCOUNT] = { .name = "ACCOUNT", .wrap = true },
	[COLUMN_NOTE] = { .name = "NOTE", .wrap = true },
	[COLUMN_FORMER] = { .name = "FORMER" },
	[COLUMN_SINCE] = { .name = "SINCE" },
};

const struct output_columns whois_columns = { columns, N_COLUMNS };

/* Retired ids are no user's, so none is inside a container. */
static void show_former(struct whois *whois, const struct index *index,
			const struct index_range *range,
			char since[static FORMER_DATE_BYTES], const char **cells)
{
	const char *owner = cells[COLUMN_OWNER];
	struct former_owner former;

	cells[COLUMN_FORMER] = cells[COLUMN_SINCE] = NULL;
	if (!entry_owner_is_retired(owner, strlen(owner)))
		return;
	former_find(&whois->former, index->kind, range->first, owner, &former);
	cells[COLUMN_STATE] = "retired";
	cells[COLUMN_INSIDE] = NULL;
	cells[COLUMN_FORMER] = former.name;
	if (former.epoch > 0)
		cells[COLUMN_SINCE] = former_date(former.epoch, since);
}

static int show_holder(struct whois *whois, const struct index *index,
		       const struct index_range *range, const char *where, uint32_t id,
		       const char **cells)
{
	char inside[OUTPUT_NUMBER_BYTES], uid[OUTPUT_NUMBER_BYTES];
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	char line[OUTPUT_NUMBER_BYTES], path[PATH_MAX + 16], since[FORMER_DATE_BYTES];
	uint32_t within;

	cells[COLUMN_STATE] = "delegated";
	cells[COLUMN_OWNER] = index_owner(index, range);
	cells[COLUMN_UID] = range->uid == ID_NONE ? NULL : output_number(range->uid, uid);
	cells[COLUMN_INSIDE] =
		user_cache_is_sure(&whois->owners) &&
				index_inside(range, id, whois->options.from_zero,
					     &within) ?
			output_number(within, inside) :
			NULL;
	show_former(whois, index, range, since, cells);
	cells[COLUMN_FIRST] = output_number(range->first, first);
	cells[COLUMN_LAST] = output_number(range->last, last);
	cells[COLUMN_WHERE] = where;
	cells[COLUMN_FILE] = cells[COLUMN_LINE] = NULL;
	if (range->line > 0) {
		snprintf(path, sizeof(path), "%s/%s", whois->place.etc,
			 index->kind->database);
		cells[COLUMN_FILE] = path;
		cells[COLUMN_LINE] = output_number(range->line, line);
	}
	return output_row(&whois->output, cells, cells[COLUMN_ACCOUNT] ? "red" : NULL);
}

/* The result for one id of a kind. */
struct id_grants {
	bool delegated;
	bool unknown; /* some source cannot say whether it grants the id */
};

/* Shows a line, if the databases are the source that counts for its owner. */
static int whois_show_line(struct whois *whois, struct id_states *side,
			   const struct index_range *range, uint32_t id,
			   const char **cells, struct id_grants *finding)
{
	const char *owner = index_owner(&side->index, range);
	const struct source *source = &whois->sources.list.sources[0];
	char where[PATH_MAX + 32];
	struct user user;
	int r = 0;

	if (whois->sources.plugins)
		r = range->uid == ID_NONE ?
			    user_cache_user(&whois->owners, owner, &user) :
			    user_cache_user_of(&whois->owners, range->uid, &user);
	if (whois->sources.plugins && r == 0)
		r = sources_ask_first(&whois->sources, &user, side->kind, &source);
	if (r)
		return r;
	snprintf(where, sizeof(where), "%s/%s:%" PRIu32, whois->place.etc,
		 side->kind->database, range->line);
	if (source && source->type == SOURCE_FILES) {
		finding->delegated = true;
		return show_holder(whois, &side->index, range, where, id, cells);
	}
	if (source)
		report_line(
			PROGRAM,
			_("note: %s grants %s nothing, since the source '%s' answers"),
			where, owner, source->name);
	else
		report_line(PROGRAM,
			    _("note: %s grants %s nothing, since %s does not name the "
			      "files"),
			    where, owner, NSSWITCH_CONF);
	return 0;
}

/* Shows an owner that a plugin names, if the plugin is the source that counts for it. */
static int show_claim(struct whois *whois, struct id_states *side,
		      const struct source *claims, uint32_t uid, uint32_t id,
		      const char **cells, struct id_grants *finding)
{
	CLEANUP(index_cleanup) struct index index = INDEX_NONE;
	const struct index_range *range;
	const struct source *source = NULL;
	struct user user;
	int r = user_cache_user_of(&whois->owners, uid, &user);

	if (r == 0)
		r = index_load_granted(&index, &whois->sources, &user, side->kind,
				       &source);
	if (r || source != claims)
		return r;
	range = index_find(&index, id, NULL);
	if (!range)
		return 0;
	finding->delegated = true;
	return show_holder(whois, &index, range, source->name, id, cells);
}

static int show_claims(struct whois *whois, struct id_states *side,
		       const struct source *source, uint32_t id, const char **cells,
		       struct id_grants *finding)
{
	CLEANUP(cleanup_free) uid_t *uids = NULL;
	size_t n = 0;
	bool known = true;
	int r, status;

	status = sources_owners(&whois->sources, source, id, side->kind, &uids, &n,
				&known);
	finding->unknown |= !known;
	for (size_t i = 0; i < n && status != VERB_NOT_WRITTEN; i++) {
		r = show_claim(whois, side, source, uids[i], id, cells, finding);
		status = r ? r : status;
	}
	return status;
}

/* Shows all owners of an id. */
static int show_holders(struct whois *whois, struct id_states *side, uint32_t id,
			const char **cells, struct id_grants *finding)
{
	const struct source_list *list = &whois->sources.list;
	const struct index_range *range = NULL;
	int r, status = VERB_DONE;

	while (status != VERB_NOT_WRITTEN &&
	       (range = index_find(&side->index, id, range))) {
		r = whois_show_line(whois, side, range, id, cells, finding);
		status = r ? r : status;
	}
	for (size_t i = 0; i < list->n && status != VERB_NOT_WRITTEN; i++) {
		if (list->sources[i].type != SOURCE_PLUGIN)
			continue;
		r = show_claims(whois, side, &list->sources[i], id, cells, finding);
		status = r ? r : status;
	}
	return status;
}

/* Begins the rows. Returns an exit status. */
int whois_start_rows(struct whois *whois)
{
	return output_start(&whois->output, "ids", columns, N_COLUMNS,
			    &whois->options.output);
}

static const char *const state_words[] = {
	[ID_STATE_FREE] = "free",	  [ID_STATE_ACCOUNT] = "account",
	[ID_STATE_RESERVED] = "reserved", [ID_STATE_MALFORMED] = "malformed",
	[ID_STATE_UNKNOWN] = "unknown",
};

/*
 * Shows an id; sets *found unless it is free. If a source did not answer, the id is not
 * shown as free. Returns an exit status.
 */
int whois_show(struct whois *whois, struct id_states *side, uint32_t id, bool *found)
{
	const struct reserved *reserved = reserved_find(id);
	char number[OUTPUT_NUMBER_BYTES];
	const char *cells[N_COLUMNS] = {
		[COLUMN_ID] = output_number(id, number),
		[COLUMN_KIND] = side->kind->id,
		[COLUMN_ACCOUNT] = id_names_find(&side->accounts, id),
		[COLUMN_NOTE] = reserved && reserved_is_never(reserved) ?
					_(reserved->what) :
					NULL,
	};
	struct id_grants finding = { .unknown = false };
	enum id_state state;
	int r, status = VERB_DONE;

	if (id != ID_NONE)
		status = show_holders(whois, side, id, cells, &finding);
	*found |= finding.delegated;
	if (finding.delegated || status == VERB_NOT_WRITTEN)
		return status;
	state = id_state_find(side, &whois->place, id, status || finding.unknown);
	cells[COLUMN_STATE] = state_words[state];
	if (state == ID_STATE_UNKNOWN)
		status = VERB_UNREADABLE;
	if (reserved)
		cells[COLUMN_NOTE] = _(reserved->what);
	else if (!cells[COLUMN_ACCOUNT] && state == ID_STATE_ACCOUNT)
		cells[COLUMN_NOTE] = _("the primary group of a user");
	else if (state == ID_STATE_MALFORMED)
		cells[COLUMN_NOTE] =
			_("other programs read a malformed line that has it");
	*found |= state != ID_STATE_FREE;
	r = output_row(&whois->output, cells, NULL);
	return r ? r : status;
}
