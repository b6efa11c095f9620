// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-record: the records of a command that changes the databases.
 *
 * MUST: nothing is recorded as done that is not on disk; no record is made while other
 * programs wait for the locks.
 */
#include <unistd.h>

#include "command/edit.h"
#include "libsubid/sys/wait.h"
#include "message/audit.h"
#include "message/i18n.h"
#include "message/report.h"
#include "message/syslog.h"

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
