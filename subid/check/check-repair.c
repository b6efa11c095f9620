// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-repair: `subid check --fix`.
 *
 * MUST: no fix grants or revokes an id. A line is removed or shortened only if another
 * line of its owner gives the same ids. A world-writable database is not fixed, because
 * then its lines would count, whichever user wrote them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/edit.h"
#include "command/interrupt.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/lock.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

#define LEFTOVERS 64

struct leftover {
	char name[ATOMICFILE_NAME_BYTES];
	bool is_lock;
};

struct repair {
	struct check *check;
	struct db db;
	struct findings findings;
	struct leftover leftovers[2][LEFTOVERS];
	size_t n_leftovers[2];
	bool backup_linked[2];
	bool group_writable[2];
	bool backup_writable[2];
	bool done;	/* the databases are written, or unchanged */
	size_t n_lines; /* number of fixed lines */
};

struct collect {
	struct leftover *items;
	size_t n;
};

static void collect_one(const char *name, bool is_lock, void *context)
{
	struct collect *collect = context;
	struct leftover *at = &collect->items[collect->n];

	if (collect->n == LEFTOVERS || strlen(name) >= sizeof(at->name))
		return;
	snprintf(at->name, sizeof(at->name), "%s", name);
	at->is_lock = is_lock;
	collect->n++;
}

/*
 * Clears mode bits of a regular file; returns whether any was set. A file with further
 * hard links, or with another owner than its directory, may have been planted by the
 * owner of an image: it is not changed, and the check reports it.
 *
 * names: the expected number of hard links.
 */
static bool clear_mode(int directory, const char *name, mode_t bits, nlink_t names)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(directory, name, O_RDONLY | O_NOFOLLOW);
	struct stat status, parent;

	if (fd < 0 || fstat(fd, &status) || fstat(directory, &parent) ||
	    !(status.st_mode & bits) || status.st_nlink > names ||
	    status.st_uid != parent.st_uid)
		return false;
	return fchmod(fd, status.st_mode & 07777 & ~bits) == 0;
}

static bool is_linked(int directory, const struct kind *kind)
{
	struct stat database, backup;

	return fstatat(directory, kind->database, &database, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(directory, kind->backup, &backup, AT_SYMLINK_NOFOLLOW) == 0 &&
	       database.st_dev == backup.st_dev && database.st_ino == backup.st_ino;
}

/* Fixes modes and lists the leftovers, which are removed when the locks are taken. */
static void fix_files(struct repair *repair, const struct kind *kind)
{
	struct collect collect = { .items = repair->leftovers[kind->group] };
	int directory = repair->db.directory;
	bool linked = is_linked(directory, kind);
	struct stat status;

	lock_each_left_over(directory, kind, repair->check->place.image, collect_one,
			    &collect);
	repair->n_leftovers[kind->group] = collect.n;
	repair->backup_linked[kind->group] = linked;
	repair->backup_writable[kind->group] =
		!linked && clear_mode(directory, kind->backup, S_IWOTH, 1);
	repair->group_writable[kind->group] =
		fstatat(directory, kind->database, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		status.st_gid != 0 &&
		clear_mode(directory, kind->database, S_IWGRP, linked ? 2 : 1);
}

static int show_fixed(struct repair *repair, enum check_code code,
		      const struct kind *kind, const char *name, const char *message)
{
	struct problem problem;
	char path[CHECK_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", repair->check->place.etc, name);
	problem = problem_of(code, kind, path);
	causes_evidence(&problem.cause, "%s", message);
	problem.fixed = true;
	return check_report(repair->check, &problem);
}

static int report_files(struct repair *repair, const struct kind *kind)
{
	unsigned group = kind->group;
	int directory = repair->check->place.directory, r = 0;

	for (size_t i = 0; r == 0 && i < repair->n_leftovers[group]; i++) {
		const struct leftover *leftover = &repair->leftovers[group][i];
		struct stat status;

		if (fstatat(directory, leftover->name, &status, AT_SYMLINK_NOFOLLOW) ==
			    0 &&
		    !(leftover->is_lock && repair->done))
			continue;
		r = check_report_leftover(repair->check, kind, leftover->name,
					  leftover->is_lock, true);
	}
	if (r == 0 && repair->backup_linked[group] && !is_linked(directory, kind))
		r = show_fixed(repair, CHECK_BACKUP_LINKED, kind, kind->backup,
			       _("was the database itself under a second name, and is a "
				 "copy now"));
	if (r == 0 && repair->backup_writable[group])
		r = show_fixed(repair, CHECK_BACKUP_WRITABLE, kind, kind->backup,
			       _("could be written by every user"));
	if (r == 0 && repair->group_writable[group])
		r = show_fixed(repair, CHECK_FILE_GROUP_WRITABLE, kind, kind->database,
			       _("could be written by a group that is not root's"));
	return r;
}

/* Reports a failure of the transaction; the check continues. */
static int fail_repair(struct repair *repair, bool writing, int r)
{
	struct check *check = repair->check;

	edit_report_db_error(PROGRAM, &repair->db, check->place.etc, writing, r);
	check->failed = r == DB_BUSY ? DB_BUSY : EDIT_NOT_WRITTEN;
	return 0;
}

/* Skips a database that cannot be loaded: the check reports the reason. */
static int take_old_table(struct repair *repair, const struct kind *kind)
{
	int r = db_load(&repair->db, kind, false);

	if (r == DB_BUSY || r == DB_STOPPED ||
	    (r < 0 && !repair->db.lock.held[kind->group]))
		return r;
	return r ? 0 :
		   db_load_old(&repair->db, kind, &repair->check->texts.old[kind->group]);
}

static int begin_repair(struct repair *repair)
{
	const struct verb_place *place = &repair->check->place;
	int r;

	r = db_begin(&repair->db, place->directory, place->image ? DB_ROOT : DB_LIVE);
	if (r)
		return r;
	fix_files(repair, &kind_uid);
	fix_files(repair, &kind_gid);
	r = take_old_table(repair, &kind_uid);
	return r ? r : take_old_table(repair, &kind_gid);
}

static int find_for_repair(const struct repair *repair,
			   const struct table *const tables[2],
			   struct findings *ret_findings)
{
	const struct db_side *sides = repair->db.sides;
	const struct findings_question question = {
		.tables = { sides[0].loaded ? tables[0] : NULL,
			    sides[1].loaded ? tables[1] : NULL },
		.users = &repair->check->users,
	};

	return findings_find(&question, ret_findings);
}

/* Returns whether digits are the uid of one user and the login name of another. */
static bool is_digits_of_two(const struct check *check, const char *owner, size_t len)
{
	return owner_is_number(owner, len) && accounts_by_name(&check->users, owner, len);
}

static bool is_fixable(const struct check *check, const struct finding *finding)
{
	if (finding->code == FINDING_OWN_OVERLAP)
		return !is_digits_of_two(check, finding->owner, finding->owner_len) &&
		       !is_digits_of_two(check, finding->other, finding->other_len);
	return finding->code == FINDING_DUPLICATE ||
	       finding->code == FINDING_NO_FINAL_NEWLINE;
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

/* Of two lines of one owner with the same ids, the later one loses them. */
static size_t collect_losses(const struct repair *repair, const struct kind *kind,
			     const struct findings *findings, struct finding *ret_list)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++) {
		struct finding *finding = &ret_list[n];

		findings_get(findings, i, finding);
		if (finding->kind != kind || finding->code == FINDING_NO_FINAL_NEWLINE ||
		    !is_fixable(repair->check, finding))
			continue;
		if (finding->other_line > finding->line)
			finding->line = finding->other_line;
		n++;
	}
	qsort(ret_list, n, sizeof(*ret_list), compare_findings);
	return n;
}

/* Shortens or drops lines; rewrites a database whose backup is a hard link of it. */
static int edit(struct repair *repair, const struct kind *kind,
		const struct findings *findings, bool *ret_again)
{
	struct db_side *side = &repair->db.sides[kind->group];
	CLEANUP(check_edits_cleanup) struct check_edits edits = { .n = 0 };
	CLEANUP(cleanup_free)
	struct finding *list = reallocarray(NULL, findings->n + 1, sizeof(*list));
	size_t n;
	int r;

	if (!side->loaded)
		return 0;
	if (!list)
		return -ENOMEM;
	n = collect_losses(repair, kind, findings, list);
	r = check_make_edits(&side->table, list, n, &edits);
	if (r)
		return r;
	*ret_again |= edits.n > 0;
	side->table.changed |= repair->backup_linked[kind->group];
	return db_replace_lines(&repair->db, kind, edits.changes, edits.n);
}

static size_t count_fixable(const struct check *check, const struct findings *findings)
{
	size_t n = 0;

	for (size_t severity = FINDING_NOTE; severity <= FINDING_ERROR; severity++)
		n += findings->counts[FINDING_DUPLICATE][severity] +
		     findings->counts[FINDING_NO_FINAL_NEWLINE][severity];
	for (size_t i = 0; i < findings->n; i++) {
		struct finding finding;

		findings_get(findings, i, &finding);
		n += finding.code == FINDING_OWN_OVERLAP && is_fixable(check, &finding);
	}
	return n;
}

static int report_lines(const struct repair *repair, const struct findings *findings)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < findings->n; i++) {
		struct problem problem;
		struct finding finding;

		findings_get(findings, i, &finding);
		if (!is_fixable(repair->check, &finding))
			continue;
		check_describe(repair->check, &finding, &problem);
		problem.fixed = true;
		r = check_report(repair->check, &problem);
		if (r == 0)
			r = check_add_repaired(repair->check, &finding);
	}
	if (r == 0 && !repair->check->table)
		edit_show_lines(&repair->check->texts, repair->check->place.etc,
				EDIT_REMOVES);
	return r;
}

/* Changes both databases by the findings. *ret_again: there may be more to change. */
static int edit_both(struct repair *repair, const struct findings *findings,
		     bool *ret_again)
{
	int r = edit(repair, &kind_uid, findings, ret_again);

	return r ? r : edit(repair, &kind_gid, findings, ret_again);
}

/* A line that shares ids with several others of its owner is changed several times. */
static int apply_repair(struct repair *repair)
{
	const struct edit_texts *texts = &repair->check->texts;
	const struct table *old[] = { &texts->old[0], &texts->old[1] };
	const struct table *now[] = { &repair->db.sides[0].table,
				      &repair->db.sides[1].table };
	bool again = false;
	int r = find_for_repair(repair, old, &repair->findings);

	if (r == 0)
		r = edit_both(repair, &repair->findings, &again);
	while (r == 0 && again) {
		CLEANUP(findings_cleanup) struct findings findings = { .n = 0 };

		again = false;
		r = find_for_repair(repair, now, &findings);
		if (r == 0)
			r = edit_both(repair, &findings, &again);
	}
	return r;
}

/* Keeps the new texts for the report, which comes when the locks are released. */
static void keep_texts(struct repair *repair)
{
	struct edit_texts *texts = &repair->check->texts;

	for (size_t k = 0; k < 2; k++) {
		texts->changed[k] = db_changed(&repair->db, kind_all[k]);
		texts->now[k] = repair->db.sides[k].table;
		repair->db.sides[k].table = (struct table){ 0 };
	}
}

/* Fixes what can be fixed; reports failures and sets them in the check. */
static void fix(struct repair *repair)
{
	bool begun;
	int r;

	r = begin_repair(repair);
	begun = r == 0;
	if (r == 0)
		r = apply_repair(repair);
	if (r == 0)
		r = db_commit(&repair->db);
	if (r)
		fail_repair(repair, begun, r);
	repair->done = r == 0 || r == DB_NOT_DURABLE;
	if (repair->done) {
		repair->n_lines = count_fixable(repair->check, &repair->findings);
		keep_texts(repair);
	}
	db_end(&repair->db);
}

static bool has_fixed(const struct repair *repair)
{
	bool fixed = repair->n_lines > 0;

	for (size_t i = 0; i < 2; i++)
		fixed |= repair->n_leftovers[i] > 0 || repair->backup_linked[i] ||
			 repair->backup_writable[i] || repair->group_writable[i];
	return fixed;
}

/* Logs the change, unless nothing was fixed. */
static void record_repair(const struct repair *repair)
{
	const struct check *check = repair->check;
	char text[64];

	if (check->place.image || (!check->failed && !check->fixed))
		return;
	snprintf(text, sizeof(text), "fix lines=%zu", repair->n_lines);
	edit_log(PROGRAM, NULL, text, !check->failed);
}

/*
 * Reports each fix that is on disk. Modes and leftovers are fixed before the databases
 * are written, so they are reported even if writing fails.
 */
static int report_repairs(struct repair *repair)
{
	int r = report_files(repair, &kind_uid);

	if (r == 0)
		r = report_files(repair, &kind_gid);
	return r || !repair->done ? r : report_lines(repair, &repair->findings);
}

/*
 * Fixes what neither grants nor revokes ids. Reports failures and sets them in @check.
 * Returns 0, or an exit status that ends the verb.
 */
int check_repair(struct check *check)
{
	struct repair repair = { .check = check, .db = DB_NONE };
	struct interrupt interrupt = INTERRUPT_NONE;
	int r;

	check->output.print_more = check_print_repair;
	check->output.more_context = check;
	r = interrupt_hold(&interrupt);
	if (r)
		return verb_fail(-r);
	repair.db.stop = interrupt.fd;
	fix(&repair);
	check->fixed = has_fixed(&repair);
	record_repair(&repair);
	/* The reader may be slow; signals may end the report, as no locks are held. */
	interrupt_let_go(&interrupt);
	r = report_repairs(&repair);
	findings_cleanup(&repair.findings);
	return r;
}
