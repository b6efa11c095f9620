// SPDX-License-Identifier: BSD-3-Clause
/*
 * files: shows files of containers with the owners and inside ids of their uids and gids.
 * Only directories are opened; symbolic links below the arguments are not followed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command/policy-report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/printable.h"
#include "libsubid/sys/walk.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/files/files.h"
#include "subid/verb/progress.h"

static void files_cleanup(struct files *files)
{
	output_cleanup(&files->output);
	orphan_ids_cleanup(&files->ids);
	user_cache_cleanup(&files->owners);
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

/* Adds a file to the group of an orphan. */
static void count_orphan(struct orphan_side *side, uint32_t number,
			 const struct stat *status)
{
	struct orphan_group *group = orphan_ids_group(side, number);

	group->files++;
	group->bytes += (uint64_t)status->st_blocks * S_BLKSIZE;
	if (status->st_ctime > group->newest)
		group->newest = status->st_ctime;
}

/* Takes a file. Returns 0 or an exit status. */
static int take_found_file(struct files *files, const struct stat *status,
			   const char *path)
{
	struct orphan_ids *ids = &files->ids;
	struct files_groups groups;
	bool orphan;

	if (orphan_ids_find(ids, 0, status->st_uid, &groups.of[0]) ||
	    orphan_ids_find(ids, 1, status->st_gid, &groups.of[1]))
		return verb_fail(ENOMEM);
	orphan = files_have_orphan(groups);
	files->n_orphans += orphan;
	files->n_unknown += !orphan && (groups.of[0] == ORPHAN_UNKNOWN ||
					groups.of[1] == ORPHAN_UNKNOWN);
	for (size_t i = 0; i < 2 && files->summary; i++)
		if (orphan_is_group(groups.of[i]))
			count_orphan(&ids->sides[i], groups.of[i], status);
	if (files->summary || (files->orphans && !orphan))
		return 0;
	return files_show(files, status, path, groups);
}

static int files_take(void *context, const struct walk_entry *entry)
{
	struct files *files = context;

	progress_show(entry->path, ++files->n, 0);
	if (entry->status)
		return take_found_file(files, entry->status, entry->path);
	report_path(files, entry->path, entry->error);
	return 0;
}

/* Returns an exit status. */
static int files_walk(struct files *files)
{
	const struct walk_options options = {
		.follow_first = true,
		.one_file_system = files->one_file_system,
	};

	for (char *const *at = files->directories; *at; at++) {
		int r = walk_below(*at, &options, files_take, files);

		if (r)
			return r < 0 ? verb_fail(-r) : r;
	}
	return 0;
}

/* Reports orphans that are not shown. */
static void note_orphans(const struct files *files)
{
	if (files->n_orphans > 0)
		report_line(PROGRAM,
			    _("note: files whose ids have no owner: "
			      "%" PRIu64 "; '%s files --orphans' shows them"),
			    files->n_orphans, PROGRAM);
}

/* Reports how to find the orphans again; JSON has the command itself. */
static void report_command(const struct files *files, const char *command)
{
	if (files->n_unknown > 0)
		report_line(PROGRAM,
			    _("note: files left out, as the owners of their ids are not "
			      "known: %" PRIu64 "; '%s whois FILE' shows why"),
			    files->n_unknown, PROGRAM);
	if (files->n_orphans == 0 || files->output.json)
		return;
	if (command)
		/* A message would be cut off. */
		fprintf(stderr, "%s: %s %s\n", PROGRAM, _("to find these files:"),
			command);
	else
		report_line(PROGRAM,
			    _("note: one command of find(1) cannot find all of them; "
			      "'%s files --orphans --summary -o +COMMAND' has more"),
			    PROGRAM);
}

static void print_command(struct json *json, void *context)
{
	json_text(json, "command", context);
}

/* Ends the rows of orphans. Returns an exit status. */
static int end_orphans(struct files *files, int r)
{
	CLEANUP(cleanup_free) char *command = NULL;

	orphan_ids_sort(&files->ids);
	if (r == 0 && files_find_command(files, 0, 0, &command))
		r = verb_fail(ENOMEM);
	if (r == 0 && files->summary)
		r = files_show_summary(files);
	files->output.print_more = print_command;
	files->output.more_context = command;
	if (r == 0 && files->status == 0)
		r = files->n_unknown > 0 ? VERB_UNREADABLE :
		    files->n_orphans > 0 ? VERB_FINDINGS :
					   VERB_DONE;
	r = output_end(&files->output, r ? r : files->status);
	if (r != VERB_NOT_WRITTEN)
		report_command(files, command);
	return r;
}

/* Ends the rows. Returns an exit status. */
static int files_end(struct files *files, int r)
{
	const struct output_count summary[] = {
		{ "orphans", files->n_orphans },
		{ "unknown", files->n_unknown },
		{ .name = NULL },
	};

	files->output.summary = summary;
	if (files->orphans)
		return end_orphans(files, r);
	r = output_end(&files->output, r ? r : files->status);
	note_orphans(files);
	return r;
}

/* Reads what is needed to explain ids. Returns 0 or an exit status. */
static int files_load(struct files *files)
{
	struct orphan_ids *ids = &files->ids;
	int r = user_cache_start(&files->owners, &files->place);

	if (r == 0)
		r = sources_start(&files->sources, &files->place, &files->owners);
	if (r)
		return r;
	ids->ask_sources = files->orphans;
	if (files->orphans) {
		/* There may be many ids, and a service that answers is waited for. */
		files->owners.asker.each = HELPER_SECONDS_LOOK * 1000LL;
		files->owners.asker.left = INT64_MAX;
	} else {
		sources_note_unasked(&files->sources);
	}
	r = orphan_ids_start(ids, &files->owners, &files->sources, files->options.root);
	if (r < 0)
		return verb_fail(-r);
	files->status = r ? r : user_cache_status(&files->owners);
	if (files->orphans && policy_files_are_wrong(&ids->policy)) {
		policy_report(PROGRAM, files->options.root, &ids->policy);
		files->status = VERB_UNREADABLE;
	}
	return 0;
}

static int files_parse(int argc, char **argv, struct files *files)
{
	int r = verb_parse(&verb_files, argc, argv, files);

	if (r)
		return r;
	files->directories = argv + optind;
	if (files->summary && !files->orphans)
		report_line(PROGRAM, _("--summary needs --orphans"));
	else if (files->all && files->orphans)
		report_line(PROGRAM, _("--all and --orphans exclude each other"));
	else if (optind == argc)
		report_line(PROGRAM, _("a directory is missing"));
	else
		return 0;
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
	r = files.summary ? files_start_summary(&files) : files_start_rows(&files);
	return r ? r : files_end(&files, files_walk(&files));
}

static const struct option_row files_rows[] = {
	{ 'a', "all", NULL, N_("those of the host, too"),
	  OPTION_INTO(struct files, all) },
	{ 0, "orphans", NULL, N_("only those whose ids have no owner"),
	  OPTION_INTO(struct files, orphans) },
	{ 0, "summary", NULL, N_("with --orphans: how many, for each range"),
	  OPTION_INTO(struct files, summary) },
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
	{ "subid files --orphans -x /home", N_("what removed users have left") },
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
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_FINDINGS),
		.page = "subid-list(1)",
	},
	.run = files_run,
	.columns = { &files_columns, &files_summary_columns },
	.other_rows = offsetof(struct files, summary),
};
