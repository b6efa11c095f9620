// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-files: checks the files of the databases, their backups, and files a crash left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain/causes.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/lock.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

/* A finding about a file with a constant text. */
struct verdict {
	enum check_code code;
	const char *message; /* N_() */
	const char *cure;    /* a command in which PATH stands for the file, or NULL */
};

/* Replaces a file that has other hard links by a copy, so that those keep their mode. */
#define UNLINK "cp --remove-destination --preserve PATH PATH.copy && mv PATH.copy PATH"

/* names: the number of hard links of the file. */
static int report_verdict(struct check *check, const struct kind *kind, const char *path,
			  const struct verdict *verdict, nlink_t names)
{
	struct problem problem = problem_of(verdict->code, kind, path);
	char command[CAUSE_TEXT_BYTES];

	causes_evidence(&problem.cause, "%s", _(verdict->message));
	snprintf(command, sizeof(command), "%s%s", names > 1 ? UNLINK " && " : "",
		 verdict->cure ? verdict->cure : "");
	if (verdict->cure)
		problem_command(&problem, command);
	return check_report(check, &problem);
}

/* By enum dbfile_fault; a closed file is a symbolic link. */
static const struct {
	enum check_code code;
	const char *message; /* N_() */
} faults[] = {
	[DBFILE_CLOSED] = { CHECK_FILE_SYMLINK,
			    N_("is a symbolic link, which is not followed") },
	[DBFILE_NOT_REGULAR] = { CHECK_FILE_NOT_REGULAR, N_("is not a regular file") },
	[DBFILE_HUGE] = { CHECK_FILE_HUGE,
			  N_("is larger than 1 GiB, so it is not read") },
	[DBFILE_WRITABLE] = { CHECK_FILE_WRITABLE,
			      N_("can be written by every user, so it is not used") },
	[DBFILE_FOREIGN] = { CHECK_FILE_FOREIGN,
			     N_("does not belong to root, so it is not used") },
};

/* Takes the command from explain/, as for a refused mapping. */
static void cure_file(const struct check_side *side, const struct dbfile *file,
		      struct cause *ret_cause)
{
	char path[CURE_QUOTED_BYTES];
	struct kind kind = *side->kind;
	struct facts facts = { .kind = &kind, .step = FACTS_DATABASE, .file = file };
	enum cause_id id;

	if (!cure_quote(side->path, path))
		return;
	facts_gather_file(&facts);
	kind.path = path;
	if (causes_find(&facts, &id, 1) == 1)
		causes_describe(&facts, id, ret_cause);
}

/* A database that the map writers refuse. */
static int report_refused(struct check *check, const struct check_side *side,
			  const struct dbfile *file)
{
	struct problem problem =
		problem_of(faults[file->fault].code, side->kind, side->path);

	/* A command would copy a file of this system into the image. */
	if (file->fault == DBFILE_CLOSED && check->place.image)
		causes_cure(
			&problem.cause,
			_("replace it by a copy of the file that it names inside the "
			  "image"));
	else
		cure_file(side, file, &problem.cause);
	causes_evidence(&problem.cause, "%s", _(faults[file->fault].message));
	return check_report(check, &problem);
}

/* Reports modes that work but should be fixed. */
static int check_mode(struct check *check, const struct check_side *side,
		      const struct stat *status)
{
	static const struct verdict group_writable = {
		CHECK_FILE_GROUP_WRITABLE,
		N_("can be written by a group that is not root's"),
		"chmod g-w PATH",
	};
	static const struct verdict unreadable = {
		CHECK_FILE_UNREADABLE,
		N_("cannot be read by users, whose container engines need to"),
		"chmod o+r PATH",
	};
	int r = 0;

	if (status->st_mode & S_IWGRP && status->st_gid != 0)
		r = report_verdict(check, side->kind, side->path, &group_writable,
				   status->st_nlink);
	if (r == 0 && !(status->st_mode & S_IROTH))
		r = report_verdict(check, side->kind, side->path, &unreadable,
				   status->st_nlink);
	return r;
}

/* Reports the first comment: some container engines stop reading there. */
static int report_comment(struct check *check, const struct check_side *side)
{
	struct problem problem = problem_of(CHECK_COMMENT, side->kind, side->path);
	struct cure_line comment = { side->kind, check->prefix, NULL, 0 };
	struct table_cursor cursor = { 0 };
	struct table_line line;

	while (table_next(&side->table, &cursor, &line)) {
		if (line.fault != ENTRY_COMMENT)
			continue;
		comment.text = line.text;
		comment.len = line.len;
		problem.line = line.number;
		causes_evidence(&problem.cause,
				_("is a comment, which some container engines "
				  "refuse"));
		cure_by_fix(&comment, " --remove", &problem.cause);
		return check_report(check, &problem);
	}
	return 0;
}

static int read_table(struct check *check, struct check_side *side,
		      const struct dbfile *file)
{
	int r = load_table(file->fd, file->status.st_size, &side->table);

	if (r) {
		report_line(PROGRAM, "%s: %s", side->path, report_error(-r));
		check->unreadable = true;
		return 0;
	}
	side->readable = true;
	return check->before_switch ? 0 : report_comment(check, side);
}

static int check_database(struct check *check, struct check_side *side)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	int fault, r;

	dbfile_open_at(check->place.directory, side->kind->database, &file);
	fault = dbfile_vet(&file);
	if (fault == DBFILE_CLOSED && file.error != ELOOP) {
		report_line(PROGRAM, "%s: %s", side->path, report_error(file.error));
		check->unreadable = true;
		return 0;
	}
	if (fault == DBFILE_UNKNOWN) {
		report_line(PROGRAM,
			    _("%s: cannot find out whether it belongs to root: %s"),
			    side->path, report_error(file.error));
		check->unreadable = true;
	} else if (fault) {
		r = report_refused(check, side, &file);
		if (r || fault == DBFILE_CLOSED || fault == DBFILE_NOT_REGULAR ||
		    fault == DBFILE_HUGE)
			return r;
	}
	r = check_mode(check, side, &file.status);
	return r ? r : read_table(check, side, &file);
}

/*
 * Checks the backup. shadow's tools open it with O_TRUNC: if it is a hard link of the
 * database, they empty the database.
 */
static int check_backup(struct check *check, const struct check_side *side)
{
	static const struct verdict linked = {
		CHECK_BACKUP_LINKED,
		N_("is the database itself under a second name; the next backup would "
		   "empty it"),
		UNLINK,
	};
	static const struct verdict writable = {
		CHECK_BACKUP_WRITABLE,
		N_("can be written by every user, and the database is restored from it"),
		"chmod o-w PATH",
	};
	const char *name = side->kind->backup;
	char path[CHECK_PATH_BYTES];
	struct stat database, backup;

	snprintf(path, sizeof(path), "%s/%s", check->place.etc, name);
	if (fstatat(check->place.directory, name, &backup, AT_SYMLINK_NOFOLLOW) ||
	    fstatat(check->place.directory, side->kind->database, &database,
		    AT_SYMLINK_NOFOLLOW))
		return 0;
	if (backup.st_dev == database.st_dev && backup.st_ino == database.st_ino)
		return report_verdict(check, side->kind, path, &linked, 1);
	if (S_ISREG(backup.st_mode) && backup.st_mode & S_IWOTH)
		return report_verdict(check, side->kind, path, &writable,
				      backup.st_nlink);
	return 0;
}

/* Checks the files of the databases and loads them if possible. Returns 0 or a status. */
int check_files(struct check *check)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++) {
		r = check_database(check, &check->sides[i]);
		if (r == 0)
			r = check_backup(check, &check->sides[i]);
	}
	return r;
}

/* Reports a file that lock_each_left_over() found; fixed: it was removed. */
int check_report_leftover(struct check *check, const struct kind *kind, const char *name,
			  bool is_lock, bool fixed)
{
	struct problem problem;
	char path[CHECK_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", check->place.etc, name);
	problem =
		problem_of(is_lock ? CHECK_LOCK_LEFT : CHECK_TEMPORARY_LEFT, kind, path);
	causes_evidence(&problem.cause, "%s",
			is_lock ? _("is the lock of a process that is gone") :
				  _("is left over from a command that was interrupted"));
	problem_command(&problem, "rm -f PATH");
	problem.fixed = fixed;
	return check_report(check, &problem);
}

struct leftovers {
	struct check *check;
	const struct kind *kind;
	int status;
};

static void take_leftover(const char *name, bool is_lock, void *context)
{
	struct leftovers *leftovers = context;

	if (leftovers->status == 0)
		leftovers->status = check_report_leftover(
			leftovers->check, leftovers->kind, name, is_lock, false);
}

/* Reports stale locks and temporary files. Returns 0 or a status. */
int check_leftovers(struct check *check)
{
	struct leftovers leftovers = { .check = check };

	for (size_t i = 0; leftovers.status == 0 && i < 2; i++) {
		leftovers.kind = check->sides[i].kind;
		lock_each_left_over(check->place.directory, leftovers.kind,
				    check->place.image, take_leftover, &leftovers);
	}
	return leftovers.status;
}
