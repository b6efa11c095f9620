// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-report: creates findings and prints them as sentences or rows.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/array.h"
#include "libsubid/core/printable.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"
#include "subid/verb/progress.h"
#include "subid/verb/terminal.h"

enum {
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
	COLUMN_CURE_COMMAND,
	COLUMN_CURE_TEXT,
	COLUMN_AS_ROOT,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_SEVERITY] = { .name = "SEVERITY" },
	[COLUMN_CODE] = { .name = "CODE" },
	[COLUMN_KIND] = { .name = "KIND", .hidden = true },
	[COLUMN_FILE] = { .name = "FILE", .wrap = true },
	[COLUMN_LINE] = { .name = "LINE", .type = OUTPUT_NUMBER },
	[COLUMN_OWNER] = { .name = "OWNER", .wrap = true },
	[COLUMN_FIRST] = { .name = "FIRST", .type = OUTPUT_NUMBER, .hidden = true },
	[COLUMN_LAST] = { .name = "LAST", .type = OUTPUT_NUMBER, .hidden = true },
	[COLUMN_OTHER] = { .name = "OTHER", .wrap = true, .hidden = true },
	[COLUMN_OTHER_LINE] = { .name = "OTHERLINE",
				.also = "other_line",
				.type = OUTPUT_NUMBER,
				.hidden = true },
	[COLUMN_FIXED] = { .name = "FIXED", .type = OUTPUT_BOOLEAN, .hidden = true },
	[COLUMN_MESSAGE] = { .name = "MESSAGE", .wrap = true },
	[COLUMN_CURE] = { .name = "CURE", .wrap = true, .hidden = true },
	[COLUMN_CURE_COMMAND] = { .name = "CURE_COMMAND", .json_only = true },
	[COLUMN_CURE_TEXT] = { .name = "CURE_TEXT", .json_only = true },
	[COLUMN_AS_ROOT] = { .name = "AS_ROOT", .type = OUTPUT_BOOLEAN, .hidden = true },
};

const struct output_columns check_columns = { columns, N_COLUMNS };

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
	[CHECK_HELPER_UNUSABLE] = { "helper-unusable", FINDING_WARNING },
	[CHECK_COMMENT] = { "comment", FINDING_NOTE },
	[CHECK_NSSWITCH_KEY] = { "nsswitch-key", FINDING_WARNING },
	[CHECK_NSSWITCH_PLUGIN] = { "nsswitch-plugin", FINDING_NOTE },
	[CHECK_NOT_AS_ASSIGNED] = { "not-as-assigned", FINDING_WARNING },
};

/* The codes of all findings: those about files, then those about lines. */
const char *check_code_word(const struct command *command, size_t i)
{
	(void)command;
	if (i < CHECK_CODES)
		return codes[i].name;
	i = i - CHECK_CODES + 1;
	return i < FINDING_CODES_END ? finding_code_name((enum finding_code)i) : NULL;
}

/* Creates a finding about a file or a program; the caller sets message and cure. */
struct problem problem_of(enum check_code code, const struct kind *kind, const char *path)
{
	return (struct problem){
		.severity = codes[code].severity,
		.code = codes[code].name,
		.kind = kind,
		.path = path,
	};
}

static const char *severity_colour(const struct problem *problem)
{
	if (problem->fixed)
		return "green";
	return problem->severity == FINDING_ERROR   ? "red" :
	       problem->severity == FINDING_WARNING ? "yellow" :
						      NULL;
}

/* Prints `FILE:LINE: SEVERITY: MESSAGE [CODE]`, and the cure below. */
static int print_problem(const struct problem *problem)
{
	enum printable_charset charset = report_charset();
	const struct cause *cause = &problem->cause;

	progress_rows();
	report_put(problem->path, strlen(problem->path), charset);
	if (problem->line)
		printf(":%" PRIu64, problem->line);
	fputs(": ", stdout);
	terminal_put_word(problem->fixed ? _("fixed") :
					   finding_severity_name(problem->severity),
			  severity_colour(problem));
	fputs(": ", stdout);
	report_put(cause->evidence, strlen(cause->evidence), charset);
	printf(" [%s]\n", problem->code);
	if (cause->cure[0] != '\0' && !problem->fixed)
		verb_print_cure(cause->cure, cause->as_root);
	return output_printed();
}

static int print_problem_row(struct check *check, const struct problem *problem)
{
	char line[OUTPUT_NUMBER_BYTES], other_line[OUTPUT_NUMBER_BYTES];
	char first[OUTPUT_NUMBER_BYTES], last[OUTPUT_NUMBER_BYTES];
	const struct cause *cause = &problem->cause;
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
		[COLUMN_MESSAGE] = cause->evidence,
		[COLUMN_CURE] = cause->cure[0] ? cause->cure : NULL,
		[COLUMN_CURE_COMMAND] = cause->is_command ? cause->cure : NULL,
		[COLUMN_CURE_TEXT] =
			cause->cure[0] && !cause->is_command ? cause->cure : NULL,
		[COLUMN_AS_ROOT] = cause->as_root ? "yes" : "no",
	};

	return output_row(&check->output, cells, severity_colour(problem));
}

/* The path of a finding may be the caller's own; that of a database is constant. */
static int keep_problem(struct check *check, const struct problem *problem)
{
	int r = ARRAY_RESERVE(check->noted, check->n_noted, check->allocated_noted);
	struct problem *kept;

	if (r)
		return verb_fail(-r);
	kept = &check->noted[check->n_noted];
	*kept = *problem;
	if (problem->path != check->sides[problem->kind->group].path) {
		kept->path = kept->own_path = strdup(problem->path);
		if (!kept->path)
			return verb_fail(ENOMEM);
	}
	check->n_noted++;
	return 0;
}

/* Keeps a finding about a line, or about a database that the map writers refuse. */
static int note_problem(struct check *check, const struct problem *problem)
{
	bool is_file = problem->line == 0 && strncmp(problem->code, "file-", 5) == 0;

	if (is_file && problem->severity == FINDING_ERROR)
		check->refused[problem->kind->group] = *problem;
	return problem->line == 0 ? 0 : keep_problem(check, problem);
}

/* Prints and counts a finding. Returns 0, or an exit status that ends the verb. */
int check_print(struct check *check, const struct problem *problem)
{
	check->counts[problem->fixed ? CHECK_FIXED : problem->severity]++;
	if (check->quiet)
		return 0;
	return check->table ? print_problem_row(check, problem) : print_problem(problem);
}

/*
 * Takes a finding: a repair is printed at once, others are kept for
 * check_print_findings(). Returns 0, or an exit status that ends the verb.
 */
int check_report(struct check *check, const struct problem *problem)
{
	if (check->before_switch)
		return note_problem(check, problem);
	if (!check_wants_problem(check, problem))
		return 0;
	return problem->fixed ? check_print(check, problem) :
				keep_problem(check, problem);
}

/* Ends the rows; JSON also has the numbers of findings. Returns an exit status. */
int check_end_rows(struct check *check, int status)
{
	const struct output_count summary[] = {
		{ "errors", check->counts[FINDING_ERROR] },
		{ "warnings", check->counts[FINDING_WARNING] },
		{ "notes", check->counts[FINDING_NOTE] },
		{ "fixed", check->counts[CHECK_FIXED] },
		{ .name = NULL },
	};

	if (!check->before_switch)
		check->output.summary = summary;
	return output_end(&check->output, status);
}

/* Starts the rows of findings. Returns 0 or an exit status. */
int check_start_rows(struct check *check)
{
	return output_start(&check->output, "findings", columns, N_COLUMNS,
			    &check->options.output);
}

/* Sets a command of root as the cure; replaces each PATH in it by the quoted path. */
void problem_command(struct problem *problem, const char *command)
{
	struct cause *cause = &problem->cause;
	char path[CURE_QUOTED_BYTES];
	size_t n = 0;

	if (!cure_quote(problem->path, path))
		return;
	for (const char *at = command; *at && n < sizeof(cause->cure) - 1;) {
		if (strncmp(at, "PATH", 4) == 0) {
			n += (size_t)snprintf(cause->cure + n, sizeof(cause->cure) - n,
					      "%s", path);
			at += 4;
		} else {
			cause->cure[n++] = *at++;
		}
	}
	if (n >= sizeof(cause->cure) - 1)
		n = 0;
	cause->cure[n] = '\0';
	cause->as_root = cause->is_command = n > 0;
}

/* Copies a name from a file, escapes NUL bytes and truncates it if it is too long. */
void problem_copy_name(const char *name, size_t len, char out[static CHECK_NAME_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + PRINTABLE_ESCAPE_BYTES < CHECK_NAME_BYTES;
	     i++) {
		if (name[i] != '\0') {
			out[n++] = name[i];
		} else {
			printable_escape(name[i], out + n);
			n += PRINTABLE_ESCAPE_BYTES;
		}
	}
	out[n] = '\0';
}
