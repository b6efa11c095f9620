// SPDX-License-Identifier: BSD-3-Clause
/*
 * check: everything that is wrong with the databases, as pwck(8) does for passwd.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/auth.h"
#include "explain/causes-rules.h"
#include "command/edit.h"
#include "message/i18n.h"
#include "command/identity.h"
#include "message/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "subid/check/check.h"
#include "subid/verb/progress.h"

enum column {
	COLUMN_SEVERITY,
	COLUMN_CODE,
	COLUMN_KIND,
	COLUMN_FILE,
	COLUMN_LINE,
	COLUMN_OWNER,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_OTHER,
	COLUMN_OTHER_LINE,
	COLUMN_FIXED,
	COLUMN_MESSAGE,
	COLUMN_CURE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_SEVERITY] = { .name = "SEVERITY" },
	[COLUMN_CODE] = { .name = "CODE" },
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_FILE] = { .name = "FILE" },
	[COLUMN_LINE] = { .name = "LINE", .type = OUTPUT_NUMBER },
	[COLUMN_OWNER] = { .name = "OWNER" },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER },
	[COLUMN_OTHER] = { .name = "OTHER" },
	[COLUMN_OTHER_LINE] = { .name = "OTHERLINE", .type = OUTPUT_NUMBER },
	[COLUMN_FIXED] = { .name = "FIXED", .type = OUTPUT_BOOLEAN },
	[COLUMN_MESSAGE] = { .name = "MESSAGE" },
	[COLUMN_CURE] = { .name = "CURE" },
};

static const struct {
	const char *name;
	enum finding_severity severity;
} codes[CHECK_CODES] = {
	[CHECK_FILE_SYMLINK] = { "file-symlink", FINDING_ERROR },
	[CHECK_FILE_NOT_REGULAR] = { "file-not-regular", FINDING_ERROR },
	[CHECK_FILE_HUGE] = { "file-huge", FINDING_ERROR },
	[CHECK_FILE_WRITABLE] = { "file-writable", FINDING_ERROR },
	[CHECK_FILE_FOREIGN] = { "file-foreign", FINDING_ERROR },
	[CHECK_FILE_GROUP_WRITABLE] = { "file-group-writable", FINDING_WARNING },
	[CHECK_FILE_UNREADABLE] = { "file-unreadable", FINDING_NOTE },
	[CHECK_BACKUP_LINKED] = { "backup-linked", FINDING_ERROR },
	[CHECK_BACKUP_WRITABLE] = { "backup-writable", FINDING_ERROR },
	[CHECK_LOCK_LEFT] = { "lock-left", FINDING_WARNING },
	[CHECK_TEMPORARY_LEFT] = { "temporary-left", FINDING_WARNING },
	[CHECK_MAPPER_MISSING] = { "mapper-missing", FINDING_WARNING },
	[CHECK_MAPPER_NO_PRIVILEGE] = { "mapper-no-privilege", FINDING_WARNING },
	[CHECK_MAPPER_NOSUID] = { "mapper-nosuid", FINDING_WARNING },
	[CHECK_MAPPER_WRITABLE] = { "mapper-writable", FINDING_ERROR },
};

/* A finding about a file or a program; message and cure are left to the caller. */
struct problem problem_of(enum check_code code, const struct kind *kind, const char *path)
{
	return (struct problem){
		.severity = codes[code].severity,
		.code = codes[code].name,
		.kind = kind,
		.path = path,
	};
}

/* `FILE:LINE: SEVERITY: MESSAGE [CODE]`, and the cure below it. */
static int say(const struct problem *problem)
{
	enum printable_charset charset = report_charset();

	progress_rows();
	report_put(problem->path, strlen(problem->path), charset);
	if (problem->line)
		printf(":%" PRIu64, problem->line);
	printf(": %s: ",
	       problem->fixed ? _("mended") : finding_severity_name(problem->severity));
	report_put(problem->message, strlen(problem->message), charset);
	printf(" [%s]\n", problem->code);
	if (problem->cure[0] != '\0' && !problem->fixed) {
		fputs("    ", stdout);
		report_put(problem->cure, strlen(problem->cure), charset);
		putchar('\n');
	}
	if (!ferror(stdout))
		return 0;
	report_line(PROGRAM, _("standard output: %s"), report_error(errno));
	clearerr(stdout);
	return VERB_NOT_WRITTEN;
}

static const char *colour_of(const struct problem *problem)
{
	if (problem->fixed)
		return "green";
	return problem->severity == FINDING_ERROR   ? "red" :
	       problem->severity == FINDING_WARNING ? "yellow" :
						      NULL;
}

static int put_row(struct check *check, const struct problem *problem)
{
	char line[OUTPUT_NUMBER_BYTES], other_line[OUTPUT_NUMBER_BYTES];
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	bool ids = problem->ids.end != 0;
	const char *cells[N_COLUMNS] = {
		[COLUMN_SEVERITY] = finding_severity_name(problem->severity),
		[COLUMN_CODE] = problem->code,
		[COLUMN_KIND] = problem->kind->id,
		[COLUMN_FILE] = problem->path,
		[COLUMN_LINE] = problem->line ? output_number(problem->line, line) : NULL,
		[COLUMN_OWNER] = problem->owner[0] ? problem->owner : NULL,
		[COLUMN_FIRST] = ids ? output_number(problem->ids.start, first) : NULL,
		[COLUMN_LAST] = ids ? output_number(problem->ids.end - 1, last) : NULL,
		[COLUMN_OTHER] = problem->other[0] ? problem->other : NULL,
		[COLUMN_OTHER_LINE] =
			problem->other_line ?
				output_number(problem->other_line, other_line) :
				NULL,
		[COLUMN_FIXED] = problem->fixed ? "yes" : "no",
		[COLUMN_MESSAGE] = problem->message,
		[COLUMN_CURE] = problem->cure[0] ? problem->cure : NULL,
	};

	return output_row(&check->output, cells, colour_of(problem));
}

/* Puts a finding out and counts it. Returns 0, or an exit status: then no more. */
int check_tell(struct check *check, const struct problem *problem)
{
	if (!problem->fixed && problem->severity >= FINDING_WARNING)
		check->n_wrong++;
	return check->table ? put_row(check, problem) : say(problem);
}

static void check_cleanup(struct check *check)
{
	for (size_t i = 0; i < 2; i++) {
		table_clear(&check->sides[i].table);
		range_set_clear(&check->taken[i]);
	}
	accounts_cleanup(&check->users);
	accounts_cleanup(&check->groups);
	accounts_cleanup(&check->primary);
	accounts_cleanup(&check->spellings);
	accounts_cleanup(&check->unknown);
	output_cleanup(&check->output);
}

static int parse(int argc, char **argv, struct check *check)
{
	enum { OPTION_ALL = 256, OPTION_FIX, OPTION_VERBOSE };
	static const struct option long_options[] = {
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "fix", no_argument, NULL, OPTION_FIX },
		{ "verbose", no_argument, NULL, OPTION_VERBOSE },
		VERB_LONG_OUTPUT,
		VERB_LONG_ROOT,
		VERB_LONG_HELP,
		VERB_LONG_END,
	};
	static const char short_options[] =
		VERB_SHORT_OUTPUT VERB_SHORT_ROOT VERB_SHORT_HELP;
	int option, r;

	while ((option = arguments_next(argc, argv, short_options, long_options)) >= 0) {
		if (option >= OPTION_ALL && option <= OPTION_VERBOSE) {
			check->all |= option == OPTION_ALL;
			check->fix |= option == OPTION_FIX;
			check->verbose |= option == OPTION_VERBOSE;
			continue;
		}
		r = verb_take(&verb_check, &check->options, option);
		if (r != VERB_GO)
			return r;
	}
	if (optind == argc)
		return VERB_GO;
	report_line(PROGRAM, _("too many arguments: %s"), argv[optind]);
	return verb_misuse(&verb_check);
}

/* Commands that are told for an image name it. */
static int prepare_prefix(struct check *check)
{
	char word[CAUSES_QUOTED_BYTES];
	int n;

	if (!check->options.root)
		return VERB_GO;
	n = causes_quote(check->options.root, word) ?
		    snprintf(check->prefix, sizeof(check->prefix), "-R %s ", word) :
		    -1;
	if (n >= 0 && (size_t)n < sizeof(check->prefix))
		return VERB_GO;
	report_line(PROGRAM, "%s: %s", check->options.root, report_error(ENAMETOOLONG));
	return VERB_USAGE;
}

/*
 * Who mends the running system changes it, so PAM is asked as it is about a grant. All
 * else is done as the caller.
 */
static int authorise(const struct check *check)
{
	if (check->fix && !check->options.root) {
		if (auth_check(PROGRAM) == 0)
			return VERB_GO;
		edit_log(PROGRAM, NULL, "fix", false);
		return VERB_NOT_PERMITTED;
	}
	return identity_drop() ? VERB_NOT_PERMITTED : VERB_GO;
}

static int load_accounts(struct check *check)
{
	const struct kind *kind = &kind_uid;
	int r = passwd_file_load(check->place.folder, kind, &check->users);

	if (r == 0) {
		kind = &kind_gid;
		r = passwd_file_load(check->place.folder, kind, &check->groups);
	}
	if (r == 0)
		return VERB_GO;
	report_line(PROGRAM, "%s/%s: %s", check->place.etc, kind->accounts,
		    report_error(-r));
	return VERB_UNREADABLE;
}

static int prepare(struct check *check)
{
	const struct output_format *format = &check->options.output;
	int r;

	r = verb_find_place(check->options.root, &check->place);
	if (r == VERB_GO)
		r = prepare_prefix(check);
	if (r != VERB_GO)
		return r;
	for (size_t i = 0; i < 2; i++) {
		struct check_side *side = &check->sides[i];

		side->kind = i ? &kind_gid : &kind_uid;
		snprintf(side->path, sizeof(side->path), "%s/%s", check->place.etc,
			 side->kind->database);
	}
	check->table =
		format->json || format->raw || format->columns || format->no_headings;
	return load_accounts(check);
}

static int look(struct check *check)
{
	int r = 0;

	if (check->fix)
		r = check_repair(check);
	if (r == 0)
		r = check_files(check);
	if (r == 0)
		r = check_lines(check);
	if (r == 0)
		r = check_leftovers(check);
	return r ? r : check_mappers(check);
}

/* What matters more comes first: that not all could be done, then what was found. */
static int status_of(const struct check *check)
{
	if (check->not_written)
		return VERB_NOT_WRITTEN;
	if (check->locked)
		return VERB_LOCKED;
	if (check->unreadable || check->silent)
		return VERB_UNREADABLE;
	return check->n_wrong ? VERB_FINDINGS : VERB_DONE;
}

static int run(int argc, char **argv)
{
	CLEANUP(check_cleanup) struct check check = { .n_wrong = 0 };
	int r, end = 0;

	r = parse(argc, argv, &check);
	if (check.fix)
		edit_keep_going();
	if (r == VERB_GO)
		r = authorise(&check);
	if (r == VERB_GO)
		r = prepare(&check);
	if (r != VERB_GO)
		return r;
	if (check.table) {
		r = output_start(&check.output, "findings", columns, N_COLUMNS,
				 &check.options.output);
		if (r)
			return r;
	}
	r = look(&check);
	if (check.table)
		end = output_end(&check.output);
	return r ? r : end ? end : status_of(&check);
}

const struct verb verb_check = {
	.name = "check",
	.run = run,
	.synopsis = N_("[OPTION]..."),
	.help = N_("find what is wrong with the databases"),
	.options = N_(
		"      --all             show all findings of a kind, not the first 1000\n"
		"      --fix             fix what gives and takes no id\n"
		"      --verbose         report how many ids the name service was asked "
		"about\n"),
	.shared = VERB_SHARES_OUTPUT | VERB_SHARES_ROOT,
	.writes = true,
};
