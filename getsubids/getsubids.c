// SPDX-License-Identifier: BSD-3-Clause
/*
 * getsubids: prints the ranges of a user, see getsubids(1).
 *
 * Programs parse the output, and the command line stays that of shadow: `-g` counts only
 * as the first of two arguments, and extra arguments are ignored. Only `--json` may come
 * before.
 */
#include <errno.h>
#include <inttypes.h>
#include <shadow/subid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/complete.h"
#include "command/help.h"
#include "helper/nss-client.h"
#include "libsubid/api/query.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/findings/entry-repair.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/scan.h"
#include "message/i18n.h"
#include "message/json.h"
#include "message/report.h"

#define PROGRAM "getsubids"

/* Programs look for these texts: they are never translated. */
#define USAGE                               \
	"Usage: getsubids [-g] user\n"      \
	"    list subuid ranges for user\n" \
	"    pass -g to list subgid ranges\n"
#define FAILURE "Error fetching ranges"

/*
 * A uid in decimal means the user who has it, as in shadow since 4.20. Before, it meant
 * only lines with that number: some programs add up the ranges by name and by uid.
 */
#define UID_IS_USER (SUBID_ABI_MAJOR > 5)

struct ranges_question {
	const char *user;
	const struct kind *kind;
	const char *file; /* that an error is about */
	struct helper client;
	struct name_service service;
	struct query query;
	struct owner owner;
	struct query_ranges ranges;
};

static void question_cleanup(struct ranges_question *question)
{
	query_ranges_cleanup(&question->ranges);
	owner_cleanup(&question->owner);
	query_cleanup(&question->query);
	helper_end(&question->client);
}

/* Returns as query_ranges() does. */
static int ask_sources_of_user(struct ranges_question *question)
{
	int r = query_open(&question->query, NULL, false);

	if (r) {
		question->file = NSSWITCH_CONF;
		return r;
	}
	/* The name service may hang, crash or print: a child asks it. */
	question->service = nss_client_service(&question->client);
	question->query.lookup.service = &question->service;
	r = owner_find(&question->owner, question->user, &question->query.lookup,
		       UID_IS_USER);
	if (r == OWNER_INVALID)
		return 0;
	if (r < 0)
		return r == -ENOMEM ? r : QUERY_UNKNOWN;
	return query_ranges(&question->query, question->kind, &question->owner,
			    &question->ranges);
}

/* Finds the user of a uid for which there were no lines; false: there is none. */
static bool find_user_of_uid(const struct ranges_question *question,
			     struct account *ret_account)
{
	return !owner_has_account(&question->owner) &&
	       question->owner.account.number_len > 0 &&
	       lookup_uid(&question->query.lookup, question->owner.account.uid,
			  ret_account) == 0;
}

/* Returns the first malformed line that names the user, and its fault; 0: none. */
static uint64_t find_malformed(const struct ranges_question *question, int *ret_fault)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct entry_repair repair;
	struct scan_line line;
	struct entry entry;

	if (!source_has(&question->query.sources, SOURCE_FILES) ||
	    query_file(&question->query, question->kind, &file))
		return 0;
	scan_start(&scan, file.fd);
	while (scan_next(&scan, &line) > 0) {
		*ret_fault = entry_parse(line.text, line.len, &entry);
		if (*ret_fault == 0 || entry_fault_is_harmless(*ret_fault))
			continue;
		entry_repair(line.text, line.len, &repair);
		if (owner_is_text(&question->owner, repair.owner, repair.owner_len))
			return line.number;
	}
	return 0;
}

/* Explains that the user has no range. */
static void explain_none(const struct ranges_question *question, struct report *report)
{
	int fault;
	uint64_t line = find_malformed(question, &fault);

	if (line)
		report_add(
			report, PROGRAM,
			_("line %" PRIu64 " of %s grants nothing: %s; see 'subid check'"),
			line, question->kind->path, _(entry_reason(fault)));
	else
		report_add(report, PROGRAM, "%s: %s", question->user,
			   owner_has_account(&question->owner) ?
				   _("no subordinate ids are delegated") :
				   _("no account and no line has this name"));
}

/* Explains an empty result, after the line that programs look for. */
static void explain_empty(const struct ranges_question *question, int r)
{
	struct report report = { .len = 0 };
	struct account account;

	report_translate();
	report_add(&report, NULL, FAILURE);
	if (r == QUERY_FAILED)
		report_add(&report, PROGRAM, "%s: %s", question->query.failed,
			   _("a source of nsswitch.conf could not answer"));
	else if (r == QUERY_UNKNOWN)
		report_add(&report, PROGRAM, "%s: %s", question->user,
			   _("the name service did not answer"));
	else if (r < 0) {
		report_add(&report, PROGRAM, "%s: %s", question->file, report_error(-r));
		if (report_file_hint(-r))
			report_add(&report, PROGRAM, "%s", report_file_hint(-r));
	} else if (find_user_of_uid(question, &account))
		report_add(
			&report, PROGRAM,
			_("no line has the owner %s; lines by name count for: %s %s%s"),
			question->user, PROGRAM, question->kind->group ? "-g " : "",
			account.name);
	else
		explain_none(question, &report);
	report_send(&report);
}

static void print_lines(const struct ranges_question *question)
{
	const struct query_ranges *ranges = &question->ranges;

	for (size_t i = 0; i < ranges->n; i++)
		printf("%zu: %s %" PRIu64 " %" PRIu64 "\n", i, question->user,
		       ranges->ranges[i].start, range_count(ranges->ranges[i]));
}

static void print_json(const struct ranges_question *question)
{
	const struct query_ranges *ranges = &question->ranges;
	struct json json;

	json_begin_document(&json);
	json_text(&json, "user", question->user);
	json_text(&json, "kind", question->kind->id);
	json_begin(&json, "ranges", '[');
	for (size_t i = 0; i < ranges->n; i++)
		json_range(&json, ranges->ranges[i]);
	json_end(&json, ']');
	json_end(&json, '}');
}

static int list(bool as_json, bool gid, const char *user)
{
	CLEANUP(question_cleanup)
	struct ranges_question question = {
		.user = user,
		.kind = kind_all[gid],
		.file = kind_all[gid]->path,
		.client = HELPER_PATIENT_IN_ALL,
		.query = QUERY_NONE,
	};
	int r = ask_sources_of_user(&question);

	if (r || question.ranges.n == 0) {
		explain_empty(&question, r);
		return EXIT_FAILURE;
	}
	if (as_json)
		print_json(&question);
	else
		print_lines(&question);
	return EXIT_SUCCESS;
}

static const struct option_row rows[] = {
	{ 'g', "", NULL, N_("gids, not uids; it must come first"), .take = NULL },
	{ 0, "json", NULL, N_("print JSON; it comes before -g"), .take = NULL },
	{ 0, "help", NULL, N_("show this help and exit"), .take = option_take_help },
	{ 0, "version", NULL, N_("show the version and exit"),
	  .take = option_take_version },
	{ .name = NULL },
};

static const struct option_group options[] = {
	{ rows, 0 },
	{ .rows = NULL },
};

static const struct help_row examples[] = {
	{ "getsubids anna", N_("the uids of anna") },
	{ "getsubids -g anna", N_("the gids of anna") },
	{ .term = NULL },
};

static const struct help_status statuses[] = {
	{ EXIT_SUCCESS, N_("success") },
	{ EXIT_FAILURE, N_("the user has none, or a source did not answer") },
	{ .text = NULL },
};

static const struct command getsubids = {
	.program = PROGRAM,
	.name = PROGRAM,
	.summary = N_("Print the ranges of subordinate ids of a user"),
	.options = options,
	.arguments = { COMPLETE_OWNERS },
	.examples = examples,
	.statuses = statuses,
	.page = "getsubids(1)",
};

static int getsubids_help(void)
{
	report_translate();
	fputs(USAGE, stdout);
	help_print_rest(&getsubids);
	return EXIT_SUCCESS;
}

static int getsubids_run(int argc, char **argv)
{
	bool as_json = argc > 2 && strcmp(argv[1], "--json") == 0;

	if (complete_is_wanted(argc, argv)) {
		report_translate();
		complete_print(&getsubids, argc - 2, argv + 2);
		return EXIT_SUCCESS;
	}
	argc -= as_json;
	argv += as_json;
	if (argc == 3 && strcmp(argv[1], "-g") == 0)
		return list(as_json, true, argv[2]);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return getsubids_help();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		help_print_version(&getsubids);
		return EXIT_SUCCESS;
	}
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "-h") != 0))
		return list(as_json, false, argv[1]);
	fputs(USAGE, stderr);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int status = getsubids_run(argc, argv);

	if (report_close_stdout(PROGRAM) && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}
