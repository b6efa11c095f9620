// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-repair: `subid check --fix`.
 *
 * MUST: nothing is repaired that gives or takes an id. A line goes only if the very same
 * line stays; a file that anybody could write is not made good again, for its lines would
 * count then, whoever has written them.
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
#include "command/tell.h"
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
	struct table old[2]; /* what stands there, for what is reported in the end */
	struct findings findings;
	struct leftover leftovers[2][LEFTOVERS];
	size_t n_leftovers[2];
	bool backup_linked[2];
	bool group_writable[2];
	bool backup_writable[2];
	bool done;	/* the databases are written, or need not be */
	size_t n_lines; /* that were fixed */
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
 * Takes bits from the mode of a regular file; returns whether there were any. A file that
 * has names elsewhere, or another owner than its directory, may have been put there by
 * the owner of an image: it stays as it is, and the check reports it.
 *
 * names: how many the file has here.
 */
static bool take_mode(int folder, const char *name, mode_t bits, nlink_t names)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(folder, name, O_RDONLY | O_NOFOLLOW);
	struct stat status, directory;

	if (fd < 0 || fstat(fd, &status) || fstat(folder, &directory) ||
	    !(status.st_mode & bits) || status.st_nlink > names ||
	    status.st_uid != directory.st_uid)
		return false;
	return fchmod(fd, status.st_mode & 07777 & ~bits) == 0;
}

static bool is_linked(int folder, const struct kind *kind)
{
	struct stat database, backup;

	return fstatat(folder, kind->database, &database, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(folder, kind->backup, &backup, AT_SYMLINK_NOFOLLOW) == 0 &&
	       database.st_dev == backup.st_dev && database.st_ino == backup.st_ino;
}

/* Modes, and what the locks clear away when they are taken. */
static void note_files(struct repair *repair, const struct kind *kind)
{
	struct collect collect = { .items = repair->leftovers[kind->group] };
	int folder = repair->db.folder;
	bool linked = is_linked(folder, kind);
	struct stat status;

	lock_each_left_over(folder, kind, repair->check->place.image, collect_one,
			    &collect);
	repair->n_leftovers[kind->group] = collect.n;
	repair->backup_linked[kind->group] = linked;
	repair->backup_writable[kind->group] =
		!linked && take_mode(folder, kind->backup, S_IWOTH, 1);
	repair->group_writable[kind->group] =
		fstatat(folder, kind->database, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		status.st_gid != 0 &&
		take_mode(folder, kind->database, S_IWGRP, linked ? 2 : 1);
}

static int tell_mended(struct repair *repair, enum check_code code,
		       const struct kind *kind, const char *name, const char *message)
{
	struct problem problem;
	char path[CHECK_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", repair->check->place.etc, name);
	problem = problem_of(code, kind, path);
	problem_message(&problem, "%s", message);
	problem.fixed = true;
	return check_report(repair->check, &problem);
}

static int tell_files(struct repair *repair, const struct kind *kind)
{
	unsigned group = kind->group;
	int folder = repair->check->place.folder, r = 0;

	for (size_t i = 0; r == 0 && i < repair->n_leftovers[group]; i++) {
		const struct leftover *leftover = &repair->leftovers[group][i];
		struct stat status;

		if (fstatat(folder, leftover->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !(leftover->is_lock && repair->done))
			continue;
		r = check_report_leftover(repair->check, kind, leftover->name,
					  leftover->is_lock, true);
	}
	if (r == 0 && repair->backup_linked[group] && !is_linked(folder, kind))
		r = tell_mended(repair, CHECK_BACKUP_LINKED, kind, kind->backup,
				_("was the database itself under a second name, and is a "
				  "copy now"));
	if (r == 0 && repair->backup_writable[group])
		r = tell_mended(repair, CHECK_BACKUP_WRITABLE, kind, kind->backup,
				_("could be written by anybody"));
	if (r == 0 && repair->group_writable[group])
		r = tell_mended(repair, CHECK_FILE_GROUP_WRITABLE, kind, kind->database,
				_("could be written by a group that is not root's"));
	return r;
}

/* Tells a failure of the transaction; the check itself goes on. */
static int fail(struct repair *repair, bool writing, int r)
{
	struct check *check = repair->check;

	tell_db_error(PROGRAM, &repair->db, check->place.etc, writing, r);
	if (r == DB_BUSY)
		check->locked = true;
	else
		check->not_written = true;
	return 0;
}

/* A side that cannot be loaded is left alone: the check says what is wrong with it. */
static int load(struct repair *repair, const struct kind *kind)
{
	int r = db_load(&repair->db, kind, false);

	if (r == DB_BUSY || r == DB_STOPPED ||
	    (r < 0 && !repair->db.lock.held[kind->group]))
		return r;
	return r ? 0 : db_load_old(&repair->db, kind, &repair->old[kind->group]);
}

static int begin(struct repair *repair)
{
	const struct verb_place *place = &repair->check->place;
	int r;

	r = db_begin(&repair->db, place->folder, place->image ? DB_ROOT : DB_LIVE);
	if (r)
		return r;
	note_files(repair, &kind_uid);
	note_files(repair, &kind_gid);
	r = load(repair, &kind_uid);
	return r ? r : load(repair, &kind_gid);
}

static int search(const struct repair *repair, struct findings *ret_findings)
{
	const struct db_side *sides = repair->db.sides;
	const struct findings_question question = {
		.tables = { sides[0].loaded ? &repair->old[0] : NULL,
			    sides[1].loaded ? &repair->old[1] : NULL },
	};

	return findings_find(&question, ret_findings);
}

static bool is_mendable(const struct finding *finding)
{
	return finding->code == FINDING_DUPLICATE ||
	       finding->code == FINDING_NO_FINAL_NEWLINE;
}

/* Drops lines of one database; it is written anew where its backup is no copy. */
static int edit(struct repair *repair, const struct kind *kind,
		const struct findings *findings)
{
	struct db_side *side = &repair->db.sides[kind->group];
	CLEANUP(cleanup_free)
	uint64_t *numbers = reallocarray(NULL, findings->n + 1, sizeof(*numbers));
	struct finding finding;
	size_t n = 0;

	if (!side->loaded)
		return 0;
	if (!numbers)
		return -ENOMEM;
	for (size_t i = 0; i < findings->n; i++) {
		findings_get(findings, i, &finding);
		if (finding.kind == kind && finding.code == FINDING_DUPLICATE)
			numbers[n++] = finding.line;
	}
	side->table.changed |= repair->backup_linked[kind->group];
	return db_drop_lines(&repair->db, kind, numbers, n);
}

static size_t count_mendable(const struct findings *findings)
{
	size_t n = 0;

	for (size_t severity = FINDING_NOTE; severity <= FINDING_ERROR; severity++)
		n += findings->counts[FINDING_DUPLICATE][severity] +
		     findings->counts[FINDING_NO_FINAL_NEWLINE][severity];
	return n;
}

static int tell_lines(const struct repair *repair, const struct findings *findings)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < findings->n; i++) {
		struct problem problem;
		struct finding finding;

		findings_get(findings, i, &finding);
		if (!is_mendable(&finding))
			continue;
		check_describe(repair->check, &finding, &problem);
		problem.fixed = true;
		r = check_report(repair->check, &problem);
	}
	return r;
}

static int change(struct repair *repair)
{
	int r = search(repair, &repair->findings);

	if (r == 0)
		r = edit(repair, &kind_uid, &repair->findings);
	return r ? r : edit(repair, &kind_gid, &repair->findings);
}

/* What can be is repaired. What went wrong is reported and noted. */
static void fix(struct repair *repair)
{
	bool begun;
	int r;

	r = begin(repair);
	begun = r == 0;
	if (r == 0)
		r = change(repair);
	if (r == 0)
		r = db_commit(&repair->db);
	if (r)
		fail(repair, begun, r);
	repair->done = r == 0 || r == DB_NOT_DURABLE;
	if (repair->done)
		repair->n_lines = count_mendable(&repair->findings);
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

/* As for each change of the databases. Nothing to do is nothing to record. */
static void record(const struct repair *repair)
{
	const struct check *check = repair->check;
	bool failed = check->not_written || check->locked;
	char text[64];

	if (check->place.image || (!failed && !has_fixed(repair)))
		return;
	snprintf(text, sizeof(text), "fix lines=%zu", repair->n_lines);
	edit_log(PROGRAM, NULL, text, !failed);
}

/*
 * Reports each repair that is on disk. Modes and leftovers come before the databases are
 * written, and are reported also if that fails.
 */
static int report_repairs(struct repair *repair)
{
	int r = tell_files(repair, &kind_uid);

	if (r == 0)
		r = tell_files(repair, &kind_gid);
	return r || !repair->done ? r : tell_lines(repair, &repair->findings);
}

/*
 * Repairs what gives and takes nothing. What could not be repaired is reported and noted
 * in @check. Returns 0, or an exit status that ends everything.
 */
int check_repair(struct check *check)
{
	struct repair repair = { .check = check, .db = DB_NONE };
	struct interrupt interrupt = INTERRUPT_NONE;
	int r;

	r = interrupt_hold(&interrupt);
	if (r)
		return verb_fail(-r);
	repair.db.stop = interrupt.fd;
	fix(&repair);
	record(&repair);
	/* The reader may be slow: no other command waits for our locks, and a signal ends
	 * what is left to do. */
	interrupt_let_go(&interrupt);
	r = report_repairs(&repair);
	table_clear(&repair.old[0]);
	table_clear(&repair.old[1]);
	findings_cleanup(&repair.findings);
	return r;
}
