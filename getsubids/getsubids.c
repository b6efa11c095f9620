// SPDX-License-Identifier: BSD-3-Clause
/*
 * getsubids: prints the ranges of a user, see getsubids(1).
 *
 * Programs parse what is printed. So does the command line stay what it was: `-g` counts
 * only as the first of two arguments, and what is too much is nobody's business.
 */
#include <shadow/subid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <subid-db.h>

#include "common/i18n.h"
#include "common/report.h"
#include "libsubid/core/cleanup.h"

#define PROGRAM "getsubids"

/* Programs look for these: they are never translated. */
#define USAGE                               \
	"Usage: getsubids [-g] user\n"      \
	"    list subuid ranges for user\n" \
	"    pass -g to list subgid ranges\n"
#define FAILURE "Error fetching ranges"

static void close_db(struct subid_db **db)
{
	subid_db_close(*db);
}

/* Says why there is nothing to print, below the line that programs look for. */
static void explain(bool gid, const char *user)
{
	CLEANUP(close_db) struct subid_db *db = NULL;
	CLEANUP(cleanup_free) struct subid_db_range *ranges = NULL;
	struct report report = { .len = 0 };
	const char *where;
	size_t n;
	int r;

	r = subid_db_open(NULL, &db);
	if (r == 0)
		r = subid_db_ranges(db, gid ? SUBID_DB_GID : SUBID_DB_UID, user, &ranges,
				    &n);
	/* The user has some, but none by the number that was asked for. */
	if (r == 0)
		r = SUBID_DB_NO_RANGE;
	where = db ? subid_db_where(db) : "";
	report_translate();
	report_add(&report, NULL, FAILURE);
	report_add(&report, PROGRAM, "%s: %s", *where ? where : user,
		   _(subid_db_strerror(r)));
	report_send(&report);
}

static int list(bool gid, const char *user)
{
	CLEANUP(cleanup_free) struct subid_range *ranges = NULL;
	int n = gid ? subid_get_gid_ranges(user, &ranges) :
		      subid_get_uid_ranges(user, &ranges);

	if (n <= 0) {
		explain(gid, user);
		return EXIT_FAILURE;
	}
	for (int i = 0; i < n; i++)
		printf("%d: %s %lu %lu\n", i, user, ranges[i].start, ranges[i].count);
	return EXIT_SUCCESS;
}

static int help(void)
{
	report_translate();
	fputs(USAGE, stdout);
	fputs(_("\nPrint the ranges of subordinate ids of a user.\n\n"
		"  -g         gids, not uids; it comes first\n"
		"  --help     show this help and exit\n"
		"  --version  show the version and exit\n\n"
		"See getsubids(1).\n"),
	      stdout);
	return EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "-g") == 0)
		return list(true, argv[2]);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return help();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s (%s) %s\n", PROGRAM, PACKAGE, PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "-h") != 0))
		return list(false, argv[1]);
	fputs(USAGE, stderr);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (report_close_stdout(PROGRAM) && status == EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}
