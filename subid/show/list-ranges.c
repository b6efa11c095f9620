// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-ranges: one row for each line, in the order of the file; for owners with ids of a
 * plugin, one row for each range.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/list.h"
#include "subid/verb/lines.h"

enum {
	COLUMN_KIND,
	COLUMN_OWNER,
	COLUMN_UID,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_COUNT,
	COLUMN_WHERE,
	COLUMN_FILE,
	COLUMN_LINE,
	COLUMN_FORMER,
	COLUMN_SINCE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_OWNER] = { .name = "OWNER", .wrap = true },
	[COLUMN_UID] = { .name = "UID", .type = OUTPUT_NUMBER },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_COUNT] = { .name = "COUNT", .type = OUTPUT_NUMBER },
	[COLUMN_WHERE] = { .name = "WHERE", .wrap = true },
	[COLUMN_FILE] = { .name = "FILE", .json_only = true },
	[COLUMN_LINE] = { .name = "LINE", .type = OUTPUT_NUMBER, .json_only = true },
	[COLUMN_FORMER] = { .name = "FORMER" },
	[COLUMN_SINCE] = { .name = "SINCE" },
};

const struct output_columns list_columns = { columns, N_COLUMNS };

/* line: of a database; NULL: @where is a source. */
static int show_range(struct list *list, const struct kind *kind, const char *owner,
		      const char *uid, struct range range, const struct line *line,
		      const char *where)
{
	char number[OUTPUT_NUMBER_BYTES], first[OUTPUT_NUMBER_BYTES],
		last[OUTPUT_NUMBER_BYTES];
	char count[OUTPUT_NUMBER_BYTES], since[FORMER_DATE_BYTES];
	struct former_owner former = { .name = NULL };
	const char *cells[N_COLUMNS] = {
		[COLUMN_KIND] = kind->id,
		[COLUMN_OWNER] = owner,
		[COLUMN_UID] = uid,
		[COLUMN_FIRST] = output_number(range.start, first),
		[COLUMN_LAST] = output_number(range.end - 1, last),
		[COLUMN_COUNT] = output_number(range_count(range), count),
		[COLUMN_WHERE] = where,
		[COLUMN_FILE] = line ? line->path : NULL,
		[COLUMN_LINE] = line ? output_number(line->number, number) : NULL,
	};

	if (entry_owner_is_retired(owner, strlen(owner))) {
		former_find(&list->former, kind, range.start, owner, &former);
		cells[COLUMN_FORMER] = former.name;
		if (former.epoch > 0)
			cells[COLUMN_SINCE] = former_date(former.epoch, since);
	}
	return output_row(&list->output, cells, NULL);
}

static int list_show_line(const struct line *line, void *context)
{
	struct list *list = context;
	const struct entry *entry = &line->entry;
	char owner[LIMIT_OWNER_BYTES + 1], where[PATH_MAX + 32];
	char uid[OUTPUT_NUMBER_BYTES];
	uint32_t owner_uid;
	bool has_uid = user_cache_uid(&list->owners, entry, &owner_uid);

	memcpy(owner, entry->owner, entry->owner_len);
	owner[entry->owner_len] = '\0';
	snprintf(where, sizeof(where), "%s:%" PRIu64, line->path, line->number);
	return show_range(list, line->kind, owner,
			  has_uid ? output_number(owner_uid, uid) : NULL, entry->range,
			  line, where);
}

static int show_wanted(const struct line *line, void *context)
{
	return list_wants(context, &line->entry) ? list_show_line(line, context) : 0;
}

static int count_line(const struct line *line, void *context)
{
	(void)line;
	++*(uint64_t *)context;
	return 0;
}

/* Reports that all lines grant nothing, as the databases are not a source. */
static int report_ignored_lines(struct list *list, const struct kind *kind)
{
	uint64_t n = 0;
	int r = lines_each(&list->place, kind, true, count_line, &n);

	if (r || n == 0)
		return r;
	lines_note_skipped(&list->place, kind, n);
	report_line(PROGRAM,
		    _("note: %s/%s: lines that grant nothing, since %s does not "
		      "name the files: %" PRIu64),
		    list->place.etc, kind->database, NSSWITCH_CONF, n);
	return 0;
}

/* Shows what the first source that answers grants to a user. */
static int show_user(struct list *list, const struct kind *kind, size_t i)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	const struct user *user = &list->users[i];
	const struct source *source = NULL;
	char uid[OUTPUT_NUMBER_BYTES];
	int r = sources_ask(&list->sources, user, kind, list_show_line, list, &set,
			    &source);

	for (size_t j = 0; j < set.n && r == 0; j++)
		r = show_range(list, kind, user->name,
			       user->has_uid ? output_number(user->uid, uid) : NULL,
			       set.ranges[j], NULL, source->name);
	list->found[i] |= source && (source->type == SOURCE_FILES || set.n > 0);
	if (r || (source && source->type == SOURCE_FILES))
		return r;
	return sources_tell_void(&list->sources, user, kind, source);
}

/* Returns whether the user was already shown, perhaps for another word. */
static bool is_again(const struct list *list, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(list->users[j].name, list->users[i].name) == 0) {
			list->found[i] = list->found[j];
			return true;
		}
	return false;
}

static int list_show_kind(struct list *list, const struct kind *kind)
{
	int r, status = VERB_DONE;

	if (!list->sources.files && list->n_users == 0)
		return report_ignored_lines(list, kind);
	if (!list->sources.plugins || list->n_users == 0)
		return lines_each(&list->place, kind, true, show_wanted, list);
	for (size_t i = 0; i < list->n_users && status != VERB_NOT_WRITTEN; i++) {
		r = is_again(list, i) ? 0 : show_user(list, kind, i);
		status = r ? r : status;
	}
	return status;
}

int list_ranges(struct list *list)
{
	int r, status = VERB_DONE;

	r = output_start(&list->output, "ranges", columns, N_COLUMNS,
			 &list->options.output);
	if (r)
		return r;
	for (size_t i = 0; i < list->n_kinds && status != VERB_NOT_WRITTEN; i++) {
		r = list_show_kind(list, list->kinds[i]);
		status = r ? r : status;
	}
	return output_end(&list->output, status);
}
