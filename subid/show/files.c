// SPDX-License-Identifier: BSD-3-Clause
/*
 * files: shows files of containers with the owners and inside ids of their uids and gids.
 * Only directories are opened; symbolic links below the arguments are not followed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/printable.h"
#include "libsubid/sys/walk.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/id-names.h"
#include "subid/verb/index.h"
#include "subid/verb/progress.h"

enum {
	COLUMN_OWNER,
	COLUMN_UID,
	COLUMN_INSIDE,
	COLUMN_GOWNER,
	COLUMN_GID,
	COLUMN_GINSIDE,
	COLUMN_MODE,
	COLUMN_FILE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_OWNER] = { .name = "OWNER", .wrap = true },
	[COLUMN_UID] = { .name = "UID", .type = OUTPUT_NUMBER },
	[COLUMN_INSIDE] = { .name = "INSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_GOWNER] = { .name = "GOWNER", .wrap = true, .also = "gid_owner" },
	[COLUMN_GID] = { .name = "GID", .type = OUTPUT_NUMBER },
	[COLUMN_GINSIDE] = { .name = "GINSIDE",
			     .also = "gid_inside",
			     .type = OUTPUT_NUMBER },
	[COLUMN_MODE] = { .name = "MODE" },
	[COLUMN_FILE] = { .name = "FILE", .wrap = true },
};

static const struct output_columns files_columns = { columns, N_COLUMNS };

struct files {
	struct verb_options options;
	struct verb_place place;
	bool all;
	bool one_file_system;
	struct user_cache owners;
	struct sources sources;
	struct index indices[2];
	struct id_names accounts[2];
	struct output output;
	uint64_t n;
	int status;
};

static void files_cleanup(struct files *files)
{
	output_cleanup(&files->output);
	for (size_t i = 0; i < 2; i++) {
		id_names_cleanup(&files->accounts[i]);
		index_cleanup(&files->indices[i]);
	}
	user_cache_cleanup(&files->owners);
}

/* The three columns about an id. */
struct meaning {
	const char *owner;
	char id[OUTPUT_NUMBER_BYTES];
	char inside[OUTPUT_NUMBER_BYTES]; /* empty: no inside id */
};

/* Fills in the columns. Returns whether the id is subordinate. */
static bool explain_id(struct files *files, size_t side, uint32_t id,
		       struct meaning *ret_meaning)
{
	const struct index *index = &files->indices[side];
	const struct index_range *range = index_find(index, id, NULL);
	uint32_t inside;

	output_number(id, ret_meaning->id);
	ret_meaning->inside[0] = '\0';
	if (!range) {
		ret_meaning->owner = id_names_find(&files->accounts[side], id);
		return false;
	}
	ret_meaning->owner = index_owner(index, range);
	if (user_cache_is_sure(&files->owners) &&
	    index_inside(range, id, files->options.from_zero, &inside))
		output_number(inside, ret_meaning->inside);
	return true;
}

static int files_show(struct files *files, const struct stat *st, const char *path)
{
	struct meaning uid, gid;
	char mode[8];
	bool subordinate = explain_id(files, 0, st->st_uid, &uid);
	const char *cells[N_COLUMNS] = {
		[COLUMN_UID] = uid.id,
		[COLUMN_GID] = gid.id,
		[COLUMN_MODE] = mode,
		[COLUMN_FILE] = path,
	};

	subordinate |= explain_id(files, 1, st->st_gid, &gid);
	if (!subordinate && !files->all)
		return 0;
	snprintf(mode, sizeof(mode), "%04o", st->st_mode & 07777U);
	cells[COLUMN_OWNER] = uid.owner;
	cells[COLUMN_GOWNER] = gid.owner;
	cells[COLUMN_INSIDE] = uid.inside[0] ? uid.inside : NULL;
	cells[COLUMN_GINSIDE] = gid.inside[0] ? gid.inside : NULL;
	return output_row(&files->output, cells, NULL);
}

/* Maximum length of a path in a message, which leaves room for the reason. */
#define SHOWN_PATH_BYTES (REPORT_LINE_BYTES * 3 / 4)

/* Returns a path or, if it is too long for a message, its end, after a slash if any. */
static const char *path_end(const char *path)
{
	size_t len = strlen(path), room = SHOWN_PATH_BYTES;
	const char *end, *slash;

	if (printable_span(path, len, report_charset()) < len)
		room /= PRINTABLE_ESCAPE_BYTES;
	if (len <= room)
		return path;
	end = path + len - room;
	slash = strchr(end, '/');
	return slash ? slash : end;
}

/* Reports an unreadable path and sets the exit status; the walk continues. */
static void report_path(struct files *files, const char *path, int error)
{
	const char *end = path_end(path);

	report_line(PROGRAM, "%s%s: %s", end > path ? "..." : "", end,
		    report_error(error));
	files->status = VERB_UNREADABLE;
}

static int files_take(void *context, const struct walk_entry *entry)
{
	struct files *files = context;

	progress_show(entry->path, ++files->n, 0);
	if (entry->status)
		return files_show(files, entry->status, entry->path);
	report_path(files, entry->path, entry->error);
	return 0;
}

/* Returns an exit status. */
static int files_walk(struct files *files, char *const *directories)
{
	const struct walk_options options = {
		.follow_first = true,
		.one_file_system = files->one_file_system,
	};

	for (; *directories; directories++) {
		int r = walk_below(*directories, &options, files_take, files);

		if (r)
			return r < 0 ? verb_fail(-r) : r;
	}
	return files->status;
}

static int files_load(struct files *files)
{
	int r = user_cache_start(&files->owners, &files->place);

	if (r == 0)
		r = sources_start(&files->sources, &files->place, &files->owners);
	if (r == 0)
		sources_note_unasked(&files->sources);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		r = id_names_start(&files->accounts[i], &files->owners, kind_all[i]);
		if (r)
			break;
		r = index_load(&files->indices[i], &files->place, kind_all[i],
			       &files->owners, NULL, NULL);
		if (r == VERB_UNREADABLE) {
			files->status = r;
			r = 0;
		}
	}
	if (files->status == 0)
		files->status = user_cache_status(&files->owners);
	return r;
}

static int files_parse(int argc, char **argv, struct files *files)
{
	int r = verb_parse(&verb_files, argc, argv, files);

	if (r || optind < argc)
		return r;
	report_line(PROGRAM, _("a directory is missing"));
	return verb_misuse(&verb_files);
}

static int files_run(int argc, char **argv)
{
	CLEANUP(files_cleanup)
	struct files files = { .output = OUTPUT_NONE };
	int r;

	r = files_parse(argc, argv, &files);
	if (r == 0)
		r = verb_find_place(files.options.root, &files.place);
	if (r)
		return r;
	files.place.gaps = &files.output.gaps;
	r = files_load(&files);
	if (r)
		return r;
	r = output_start(&files.output, "files", columns, N_COLUMNS,
			 &files.options.output);
	if (r)
		return r;
	return output_end(&files.output, files_walk(&files, argv + optind));
}

static const struct option_row files_rows[] = {
	{ 'a', "all", NULL, N_("those of the host, too"),
	  OPTION_INTO(struct files, all) },
	{ 'x', "one-file-system", NULL, N_("do not go into other file systems"),
	  OPTION_INTO(struct files, one_file_system) },
	{ .name = NULL },
};

static const struct option_group files_options[] = {
	{ files_rows, 0 },
	{ verb_from_zero_rows, offsetof(struct files, options) },
	{ verb_output_rows, offsetof(struct files, options) },
	{ verb_root_rows, offsetof(struct files, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row files_examples[] = {
	{ "subid files /home/anna", N_("files of subordinate ids") },
	{ "subid files -x -J /srv", N_("in one file system, as JSON") },
	{ .term = NULL },
};

const struct verb verb_files = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " files",
		.usage = N_("[OPTION]... DIR..."),
		.summary = N_("Show files of containers, by their ids outside and inside"),
		.options = files_options,
		.arguments = { COMPLETE_DIRECTORIES, COMPLETE_DIRECTORIES },
		.examples = files_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ,
		.page = "subid-list(1)",
	},
	.run = files_run,
	.columns = { &files_columns },
};
