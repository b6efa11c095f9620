// SPDX-License-Identifier: BSD-3-Clause
/*
 * rename: after `usermod -l NEW OLD` the lines that name OLD name NEW.
 *
 * MUST: two who are two stay two: ranges are neither handed from one user to another nor
 * merged with others that NEW has.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/i18n.h"
#include "common/report.h"
#include "common/status.h"
#include "libsubid/core/cleanup.h"
#include "subid/change.h"
#include "subid/progress.h"

static const struct kind *const all_kinds[] = { &kind_uid, &kind_gid };

struct rename {
	struct change_options change;
	const char *old;
	const char *owner; /* by its new name */
	bool kinds[2];
	struct edit edit;
};

static void rename_cleanup(struct rename *rename)
{
	edit_cleanup(&rename->edit);
}

/* Lines by uid follow the user by themselves. */
static int check_name(const char *name)
{
	if (entry_check_owner(name, strlen(name)) == 0 &&
	    strspn(name, "0123456789") < strlen(name))
		return VERB_GO;
	report_line(PROGRAM, _("'%s' is no name that a line can have"), name);
	return verb_misuse(&verb_rename);
}

static int parse(int argc, char **argv, struct rename *rename)
{
	static const struct option long_options[] = { CHANGE_LONG };
	int option, r;

	while ((option = arguments_next(argc, argv, CHANGE_SHORT, long_options)) >= 0) {
		r = change_take(&verb_rename, &rename->change, option);
		if (r != VERB_GO)
			return r;
	}
	if (argc - optind != 2) {
		report_line(PROGRAM, _("the OLD name and the NEW one are wanted"));
		return verb_misuse(&verb_rename);
	}
	rename->old = argv[optind];
	rename->owner = argv[optind + 1];
	r = check_name(rename->old);
	return r == VERB_GO ? check_name(rename->owner) : r;
}

/* Whom the names mean today: NEW is somebody, and OLD nobody else. */
static int check_accounts(struct rename *rename)
{
	struct account old, owner;
	bool old_exists, exists;
	int r;

	r = edit_look_up(&rename->edit, rename->old, &old, &old_exists);
	if (r == 0)
		r = edit_look_up(&rename->edit, rename->owner, &owner, &exists);
	if (r)
		return change_status(&rename->edit, r);
	if (!exists && !rename->change.no_account) {
		report_line(PROGRAM, _("user '%s' does not exist"), rename->owner);
		report_line(PROGRAM,
			    _("first the account: usermod -l %s %s; or, for an owner "
			      "without account: --no-account"),
			    rename->owner, rename->old);
		return VERB_NO_USER;
	}
	if (!old_exists || !exists || old.uid == owner.uid)
		return VERB_GO;
	report_line(PROGRAM, _("%s (uid %u) and %s (uid %u) are two users"), rename->old,
		    old.uid, rename->owner, owner.uid);
	report_line(PROGRAM,
		    _("to hand ranges over: %s revoke --range ... %s, then "
		      "%s grant --range ... %s"),
		    PROGRAM, rename->old, PROGRAM, rename->owner);
	return VERB_POLICY;
}

/* The number of the first line that @name owns; 0: none. */
static uint64_t find_line(const struct table *table, const char *name)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t len = strlen(name);

	while (table_next(table, &cursor, &line))
		if (!line.fault && line.entry.owner_len == len &&
		    memcmp(line.entry.owner, name, len) == 0)
			return line.number;
	return 0;
}

/* A crash between both files leaves one with the new name: it is not in the way. */
static int rename_lines(struct rename *rename, size_t k)
{
	struct edit *edit = &rename->edit;
	const struct table *table = &edit->db.sides[k].table;
	uint64_t line = find_line(table, rename->owner);

	if (!edit->db.sides[k].loaded || strcmp(rename->old, rename->owner) == 0 ||
	    find_line(table, rename->old) == 0)
		return 0;
	if (line > 0) {
		report_line(PROGRAM,
			    _("%s has a range of its own (%s/%s:%" PRIu64
			      "); '%s revoke %s' takes it away"),
			    rename->owner, edit->folder, all_kinds[k]->database, line,
			    PROGRAM, rename->owner);
		return EXIT_POLICY;
	}
	return edit_tell_error(
		edit, db_rename(&edit->db, all_kinds[k], rename->old, rename->owner));
}

static int change(struct rename *rename)
{
	int status = 0, r;

	r = edit_begin(&rename->edit, rename->kinds);
	if (r)
		return r;
	for (size_t k = 0; k < 2; k++) {
		r = rename_lines(rename, k);
		status = r ? r : status;
	}
	return status;
}

static void record(const struct rename *rename, int status)
{
	char text[CHANGE_TEXT_BYTES];

	snprintf(text, sizeof(text), "rename new=%s", rename->owner);
	/* A field of a record ends at a blank. */
	for (char *at = text + sizeof("rename"); *at; at++)
		if (*at == ' ' || *at == '"')
			*at = '?';
	edit_record(&rename->edit, rename->old, text, status == 0);
}

static int work(struct rename *rename)
{
	bool changed;
	int r;

	rename->kinds[0] = !rename->change.gid_only;
	rename->kinds[1] = !rename->change.uid_only;
	r = change_prepare(&rename->edit, &verb_rename, &rename->change);
	if (r == VERB_GO)
		r = check_accounts(rename);
	if (r != VERB_GO)
		return r;
	r = change(rename);
	changed = edit_changed(&rename->edit);
	if (r == 0 && changed)
		r = change_commit(&rename->edit);
	/* The log may be slow: nobody waits for our locks meanwhile. */
	edit_end(&rename->edit);
	if (changed || r)
		record(rename, r);
	return change_status(&rename->edit, r);
}

static int run(int argc, char **argv)
{
	CLEANUP(rename_cleanup)
	struct rename rename = { .edit = EDIT(PROGRAM) };
	int r = parse(argc, argv, &rename);

	rename.edit.if_there = true;
	rename.edit.renames = true;
	return r == VERB_GO ? work(&rename) : r;
}

const struct verb verb_rename = {
	.name = "rename",
	.run = run,
	.synopsis = N_("[OPTION]... OLD NEW"),
	.help = N_("let ranges follow a user whose name changed"),
	.options = N_("  -u, --uid-only         no gids\n"
		      "  -g, --gid-only         no uids\n"
		      "      --no-account       NEW need not be a user\n"
		      "      --dry-run          show the lines that would go and come\n"),
	.shared = VERB_SHARES_ROOT,
	.writes = true,
};
