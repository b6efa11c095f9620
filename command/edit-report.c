// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-report: one message for each failure, and one for each conflict with its override.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/edit.h"
#include "explain/causes.h"
#include "libsubid/sys/wait.h"
#include "message/i18n.h"
#include "message/report.h"
#include "message/syslog.h"

/* Suggests to remove a stale lock; its process may be in a container and not seen. */
static void report_stale(const char *program, const char *directory, const char *file)
{
	char path[PATH_MAX + sizeof("/subuid.lock")], word[CURE_QUOTED_BYTES];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	if (cure_quote(path, word))
		report_line(program,
			    _("if no process has it, not in a container either: "
			      "rm -f %s"),
			    word);
}

static void tell_busy(const char *program, const struct db *db, const char *directory)
{
	const struct lock *lock = &db->lock;
	const char *file = db->failed ? db->failed->database : "passwd";

	/* The first line of usermod(8) comes first. */
	if (!db->failed)
		report_line(program, _("cannot lock %s/%s; try again later."), directory,
			    file);
	if (lock->holder)
		report_line(program, _("lock %s/%s already used by PID %d"), directory,
			    lock->busy, (int)lock->holder);
	if (db->failed)
		report_line(program, _("cannot lock %s/%s; try again later."), directory,
			    file);
	if (db->failed && lock->prefix)
		report_stale(program, directory, lock->busy);
}

/* Explains the errno of a file that could not be replaced. */
static void tell_more(const char *program, const char *directory, const char *file, int r)
{
	if (r == -ESTALE)
		report_line(program,
			    _("another program has changed %s/%s without taking its "
			      "lock; nothing is changed: run the command again"),
			    directory, file);
	if (r == -EBUSY)
		report_line(program,
			    _("%s/%s is a mount of its own, as in containers: change the "
			      "file that it is a mount of"),
			    directory, file);
}

/* Whether the first lines of messages must be those of usermod(8), even if they are
 * wrong. */
static bool stands_for_usermod(const char *program)
{
	return strcmp(program, "usermod-ext") == 0;
}

/* Prints the message of usermod(8), and then the cause. */
static void tell_failure(const char *program, const struct db *db, const char *directory,
			 bool writing, int r)
{
	const struct kind *kind = db->failed;
	const char *file = kind ? kind->database : "passwd";
	const char *object = file;

	if (!kind || !(db->read_only || db->lock.held[kind->group])) {
		object = db->lock.busy	   ? db->lock.busy :
			 db->directory < 0 ? "" :
					     "nsswitch.conf";
		if (r == -EROFS && !stands_for_usermod(program))
			report_line(program, _("cannot lock %s/%s"), directory, file);
		else
			report_line(program, _("cannot lock %s/%s; try again later."),
				    directory, file);
	} else if (!db->sides[kind->group].loaded) {
		report_line(program, _("cannot open %s/%s"), directory, file);
	} else if (writing) {
		report_line(program, _("failure while writing changes to %s/%s"),
			    directory, file);
	}
	if (kind && db->sides[kind->group].file.failed[0] != '\0')
		object = db->sides[kind->group].file.failed;
	if (db->accounts)
		object = db->accounts;
	report_line(program, "%s/%s: %s", directory, object, report_error(-r));
	if (kind && strcmp(object, kind->database) == 0 && db->place == DB_LIVE &&
	    report_file_hint(-r))
		report_line(program, "%s", report_file_hint(-r));
	if (writing)
		tell_more(program, directory, file, r);
}

static void tell_missing(const char *program, const struct db *db, const char *directory)
{
	report_line(program, _("%s/%s does not exist, you cannot use the flags %s or %s"),
		    directory, db->failed->database, db->failed->grant_flag,
		    db->failed->revoke_flag);
}

/*
 * Reports why a transaction failed.
 *
 * program: its name in messages. writing: db_commit() failed.
 * r: what a db_ function returned, other than 0.
 */
void edit_report_db_error(const char *program, const struct db *db, const char *directory,
			  bool writing, int r)
{
	switch (r) {
	case DB_BUSY:
		tell_busy(program, db, directory);
		break;
	case DB_MISSING:
		tell_missing(program, db, directory);
		break;
	case DB_STOPPED:
		report_line(program, _("interrupted: nothing is changed"));
		break;
	case DB_NOT_DURABLE:
		report_line(program,
			    _("%s/%s is written, but may not survive a power cut: the "
			      "directory cannot be synced"),
			    directory, db->failed->database);
		break;
	default:
		tell_failure(program, db, directory, writing, r);
		break;
	}
}

/* Reports ids of a line of another owner. */
static void report_owner_conflict(const char *program, const struct overlap *conflict,
				  const char *directory, const char *root)
{
	char option[CURE_ROOT_BYTES];
	const struct kind *kind = conflict->kind;
	uint64_t first = conflict->ids.start, last = conflict->ids.end - 1;

	cure_root_option(root, option);
	if (conflict->malformed)
		report_line(program,
			    _("other programs read %s/%s:%" PRIu64
			      ", a malformed line, as %ss %" PRIu64 "-%" PRIu64
			      " of %s; --allow-overlap shares them"),
			    directory, kind->database, conflict->line, kind->id, first,
			    last, conflict->name);
	else if (entry_owner_is_retired(conflict->name, strlen(conflict->name)))
		report_line(program,
			    _("%ss %" PRIu64 "-%" PRIu64
			      " are retired, formerly of %s (%s/%s:%" PRIu64
			      "); 'subid release %s--range %" PRIu64 "-%" PRIu64
			      "' frees them"),
			    kind->id, first, last, conflict->name + 1, directory,
			    kind->database, conflict->line, option, first, last);
	else
		report_line(program,
			    _("%ss %" PRIu64 "-%" PRIu64 " belong to %s (%s/%s:%" PRIu64
			      "); --allow-overlap shares them"),
			    kind->id, first, last, conflict->name, directory,
			    kind->database, conflict->line);
}

/* Reports every conflict. @root: of an image, or NULL. */
void edit_report_conflicts(const char *program, const struct allocate *allocate,
			   const char *directory, const char *root)
{
	for (size_t i = 0; i < allocate->conflicts.n; i++) {
		const struct overlap *conflict = &allocate->conflicts.items[i];
		const struct kind *kind = conflict->kind;
		uint64_t first = conflict->ids.start, last = conflict->ids.end - 1;

		if (overlap_is_overridden(conflict, &allocate->policy))
			continue;
		switch (conflict->why) {
		case OVERLAP_RESERVED:
			report_line(program,
				    _("%ss %" PRIu64 "-%" PRIu64
				      " are reserved (%s); --allow-reserved "
				      "delegates them"),
				    kind->id, first, last, _(conflict->name));
			break;
		case OVERLAP_OWNER:
			report_owner_conflict(program, conflict, directory, root);
			break;
		case OVERLAP_ACCOUNT:
			report_line(program,
				    _("%s %" PRIu64
				      " is that of %s in %s; --allow-overlap "
				      "delegates it"),
				    kind->id, first, conflict->name, kind->accounts);
			break;
		case OVERLAP_PRIMARY:
			report_line(program,
				    _("%s %" PRIu64
				      " is the primary group of %s in passwd; "
				      "--allow-overlap delegates it"),
				    kind->id, first, conflict->name);
			break;
		case OVERLAP_ROOT:
			report_line(program,
				    _("%s 0 is root's; --allow-root delegates it"),
				    kind->id);
			break;
		case OVERLAP_NO_ID:
			report_line(program,
				    _("%" PRIu64 " is no %s and cannot be delegated"),
				    first, kind->id);
			break;
		}
	}
}

/*
 * The records of a command that changes the databases.
 *
 * MUST: nothing is recorded as done that is not on disk; no record is made while other
 * programs wait for the locks.
 */

/* If a log daemon takes longer for a line, or for all lines of a command, it gets no
 * more. */
#define LOG_MS	   1000
#define LOG_ALL_MS 10000

static void log_line(const char *program, const char *account, const char *text,
		     bool done)
{
	syslog_change(program, "%s%s%s by uid %u: %s", account ? account : "",
		      account ? " " : "", text, getuid(), done ? "done" : "refused");
}

/* Reports, after the work and its line in the system log, that a record is lost. */
static void report_audit(const char *program, int r)
{
	if (r)
		report_line(program, _("note: the audit log did not take the record: %s"),
			    report_error(-r));
}

/*
 * Records in both logs a change of the running system, or its refusal.
 *
 * text: `grant uids=5-6 ...`, see audit_record(). account: NULL if there is none, or more
 * than one.
 */
void edit_log(const char *program, const char *account, const char *text, bool done)
{
	int r = audit_record(text, account, done);

	log_line(program, account, text, done);
	report_audit(program, r);
}

static void report_late_signal(const struct edit *edit)
{
	if (interrupt_came(&edit->interrupt))
		report_line(edit->program, _("interrupted, but the change is made"));
}

/* The same for the change of @edit; reports a signal that came too late to stop it. */
void edit_record(const struct edit *edit, const char *account, const char *text,
		 bool done)
{
	if (edit->dry_run)
		return;
	if (edit->place == DB_LIVE)
		edit_log(edit->program, account, text, done);
	if (done)
		report_late_signal(edit);
}

/* Returns how many lines the log daemon accepted in time. */
static size_t log_each(const char *program, size_t n, edit_describe_fn describe,
		       const void *context)
{
	int64_t begin = wait_clock(), last = begin;
	char text[EDIT_TEXT_BYTES];
	size_t i;

	for (i = 0; i < n; i++) {
		const char *account = describe(i, text, context);
		int64_t now = wait_clock();

		if (now - last >= LOG_MS || now - begin >= LOG_ALL_MS)
			break;
		last = now;
		if (account)
			log_line(program, account, text, true);
	}
	return i;
}

/*
 * The same for many users: @text is the only audit record, and @describe makes a line in
 * the system log for each of @n.
 */
void edit_record_each(const struct edit *edit, const char *text, size_t n,
		      edit_describe_fn describe, const void *context)
{
	if (edit->dry_run)
		return;
	if (edit->place == DB_LIVE) {
		int r = audit_record(text, NULL, true);

		if (log_each(edit->program, n, describe, context) < n)
			report_line(edit->program,
				    _("note: the system log is too slow: it lacks lines "
				      "about what was given"));
		report_audit(edit->program, r);
	}
	report_late_signal(edit);
}
