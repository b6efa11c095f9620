// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit: the parts of a command that changes the databases, in their order; the records
 * are in edit-report.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/allocation.h"
#include "command/edit.h"
#include "command/identity.h"
#include "command/known-owners.h"
#include "command/known-users.h"
#include "explain/busy.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/login-defs.h"
#include "message/i18n.h"
#include "message/report.h"

/*
 * Opens descriptors 0 to 2, or a database would be opened as one of them and messages
 * written into it. Reading 0 and writing 1 or 2 fails then, so output to a closed
 * descriptor is an error and not lost. Resets SIGCHLD: if the parent ignores it, no child
 * can be waited for. Cleans the environment if the program file gives its caller
 * privilege.
 *
 * status: the exit status if that fails.
 */
void edit_start(int status)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null",
			 O_NONBLOCK | O_NOCTTY |
				 (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY)) != fd)
			_exit(status);
	signal(SIGCHLD, SIG_DFL);
	if (identity_is_elevated())
		environment_clean();
}

/*
 * Makes a closed pipe and a file size limit errors: they must not end the program in the
 * middle of a change.
 */
void edit_ignore_sigpipe(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* Sets up look-ups of users; the NSS child is started when it is needed. */
static int find_lookup(struct edit *edit)
{
	struct nsswitch nsswitch;
	int r;

	edit->lookup.directory = edit->etc;
	if (edit->place != DB_LIVE)
		return 0;
	r = nsswitch_read(NAME_SERVICE_CONF, &nsswitch);
	if (r) {
		report_line(edit->program, "%s: %s", NAME_SERVICE_CONF, report_error(-r));
		return EDIT_NOT_PERMITTED;
	}
	edit->service = nss_client_service(&edit->asker);
	edit->lookup = lookup_live(edit->etc, &nsswitch, &edit->service);
	return 0;
}

/* Opens the directory of the databases; without chroot(2), so any image works. */
int edit_find_directory(struct edit *edit)
{
	const char *below = edit_image(edit);
	int n;

	if (!edit->dry_run)
		edit_ignore_sigpipe();
	edit->place = edit->root ? DB_ROOT : edit->prefix ? DB_PREFIX : DB_LIVE;
	/* PAM is not asked about an image, which may be `/`: a site that makes the
	 * program setuid does not mean to let other users change it. */
	if (below && (getuid() != 0 || geteuid() != 0)) {
		report_line(edit->program, _("only root may do this"));
		return EDIT_NOT_PERMITTED;
	}
	n = snprintf(edit->directory, sizeof(edit->directory), "%s%s",
		     etc_image_prefix(below), SYSCONFDIR);
	if (n < 0 || (size_t)n >= sizeof(edit->directory)) {
		report_line(edit->program, "%s: %s", below, report_error(ENAMETOOLONG));
		return EDIT_NO_DIRECTORY;
	}
	edit->etc = etc_open_directory(below, SYSCONFDIR);
	if (edit->etc >= 0)
		return find_lookup(edit);
	if (edit->etc == -ENOSYS)
		report_line(edit->program,
			    _("%s: a symbolic link, and this kernel cannot follow it "
			      "inside the image"),
			    edit->directory);
	else
		report_line(edit->program, "%s: %s", edit->directory,
			    report_error(-edit->etc));
	return edit->etc == -ENOENT || edit->etc == -ENOTDIR ? EDIT_NO_DIRECTORY :
							       EDIT_NOT_PERMITTED;
}

/* Stores which database @result is about; NULL: all of them. */
static int fail_kind(struct edit *edit, const struct kind *kind, int result)
{
	edit->db.failed = kind;
	return result;
}

/* Reports why a database could not be read; @r is -errno. Returns EDIT_UNREADABLE. */
int edit_tell_unread(struct edit *edit, const struct kind *kind, int r)
{
	report_line(edit->program, _("cannot open %s/%s"), edit->directory,
		    kind->database);
	report_line(edit->program, "%s/%s: %s", edit->directory, kind->database,
		    report_error(-r));
	return fail_kind(edit, kind, EDIT_UNREADABLE);
}

/* Reports that a user could not be looked up. Returns EDIT_UNKNOWN_USER. */
int edit_fail_user(const struct edit *edit, const char *login, int r)
{
	if (report_is_silence(r) || r == -ENOPKG)
		report_line(edit->program, _("user '%s' is not known: %s"), login,
			    report_not_known(r));
	else
		report_line(edit->program, _("user '%s' is not known: %s/passwd: %s"),
			    login, edit->directory, report_error(-r));
	return EDIT_UNKNOWN_USER;
}

static int find_user_of_edit(struct edit *edit, const char *name, bool no_account,
			     bool or_uid, struct owner *ret_owner)
{
	int r = owner_find(ret_owner, name, &edit->lookup, or_uid);

	if (r < 0)
		return edit_fail_user(edit, name, r);
	if (r == 0 && (no_account || owner_has_account(ret_owner)))
		return 0;
	owner_cleanup(ret_owner);
	report_line(edit->program, _("user '%s' does not exist"), name);
	known_users_suggest(edit->program, edit->etc, name);
	return EDIT_NO_USER;
}

/* Finds a user by login name; *ret_owner is freed with owner_cleanup(). */
int edit_find_user(struct edit *edit, const char *login, struct owner *ret_owner)
{
	return find_user_of_edit(edit, login, false, false, ret_owner);
}

/* The same, or an owner who has no account: a name, or a uid in decimal. */
int edit_find_owner(struct edit *edit, const char *name, struct owner *ret_owner)
{
	return find_user_of_edit(edit, name, true, false, ret_owner);
}

/* Finds the owner of a line: digits are the uid of an account, if there is one. */
int edit_find_line_owner(struct edit *edit, const char *name, struct owner *ret_owner)
{
	return find_user_of_edit(edit, name, true, true, ret_owner);
}

/* Reports a failure before the commit; @r is what a db_ function returned. Returns @r. */
int edit_tell_error(const struct edit *edit, int r)
{
	if (r)
		edit_report_db_error(edit->program, &edit->db, edit->directory, false, r);
	return r;
}

static int may_change(const struct edit *edit)
{
	if (edit->place != DB_LIVE || edit->by_login)
		return 0;
	return auth_check(edit->program) ? EDIT_NOT_PERMITTED : 0;
}

/*
 * The change must have an effect: the files are among the sources. A source before them
 * is reported: the files do not count for a user who has ranges there.
 */
static int check_sources(struct edit *edit)
{
	struct source_list list;

	if (edit->place != DB_LIVE)
		return 0;
	source_find(&edit->db.nsswitch, PLUGINDIR, &list);
	if (!source_has(&list, SOURCE_FILES)) {
		report_line(edit->program,
			    _("%s names the source '%s': nothing is changed in files"),
			    NSSWITCH_CONF, list.sources[0].name);
		return fail_kind(edit, &kind_uid, DB_NOT_FILES);
	}
	if (list.sources[0].type == SOURCE_PLUGIN)
		report_line(edit->program,
			    _("note: %s names '%s' before the files: their lines "
			      "count only for users without ranges there"),
			    NSSWITCH_CONF, list.sources[0].name);
	return 0;
}

/* Checks that the caller may change the databases, locks, and reads those of @kinds. */
int edit_begin(struct edit *edit, const bool kinds[static 2])
{
	int r;

	r = may_change(edit);
	if (r)
		return r;
	/* A dry run may be interrupted at any time. */
	r = edit->dry_run ? 0 : interrupt_hold(&edit->interrupt);
	if (r) {
		report_line(edit->program, _("cannot block signals: %s"),
			    report_error(-r));
		return EDIT_NOT_PERMITTED;
	}
	edit->db.stop = edit->interrupt.fd;
	edit->db.read_only = edit->dry_run;
	edit->db.root = edit_image(edit);
	r = db_begin(&edit->db, edit->etc, edit->place);
	if (r)
		return edit_tell_error(edit, r);
	db_use_service(&edit->db, edit->lookup.service);
	r = check_sources(edit);
	if (r)
		return r;
	for (size_t i = 0; i < 2; i++) {
		edit->kinds[i] = kinds[i];
		if (!kinds[i])
			continue;
		r = db_load(&edit->db, kind_all[i], edit->create);
		if (r == DB_MISSING && edit->if_there)
			continue;
		if (r)
			return edit_tell_error(edit, r);
	}
	return 0;
}

/* Reads the settings of login.defs for new ranges. */
int edit_read_settings(struct edit *edit, struct settings *ret_settings)
{
	struct settings_error error;
	int r = settings_read(edit->etc, ret_settings, &error);

	if (r == 0)
		return 0;
	allocation_report_settings(edit->program, edit->directory, &error, r);
	return fail_kind(edit, error.kind, EDIT_UNREADABLE);
}

/* Finds out whether new lines name the owner by uid; an unreadable file is an error. */
int edit_names_by_id(struct edit *edit, bool *ret_by_id)
{
	int r = login_defs_yes(edit->etc, "login.defs", "SUB_UID_STORE_BY_UID",
			       ret_by_id);

	if (r)
		report_line(edit->program, "%s/login.defs: %s", edit->directory,
			    report_error(-r));
	return r ? fail_kind(edit, &kind_uid, EDIT_UNREADABLE) : 0;
}

static int take_first(const struct busy_process *process, void *context)
{
	*(pid_t *)context = process->pid;
	return 1;
}

/*
 * Refuses, as usermod(8) does, if the user has processes, or if processes in other user
 * namespaces have uids of the user. Like usermod(8), continues without /proc. An image
 * has no processes.
 */
int edit_check_busy(struct edit *edit, struct owner *owner)
{
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(SIZE_MAX);
	CLEANUP(range_set_cleanup) struct range_set own = RANGE_SET(1);
	const uint64_t uid = owner->account.uid;
	const struct busy_ids wanted[] = {
		{ .kind = &kind_uid, .ids = &own },
		{ .kind = &kind_uid, .ids = &held, .other_namespace = true },
	};
	pid_t pid;
	int r;

	if (edit->place != DB_LIVE)
		return 0;
	r = db_held(&edit->db, &kind_uid, owner, &held);
	if (r == 0)
		r = range_set_add(&own, (struct range){ uid, uid + 1 });
	if (r)
		return edit_tell_unread(edit, &kind_uid, r);
	r = busy_find(wanted, 2, take_first, &pid);
	if (r < 0)
		report_line(edit->program,
			    _("note: cannot find all processes: /proc: %s"),
			    report_error(-r));
	if (r <= 0)
		return 0;
	report_line(edit->program, _("user %s is currently used by process %d"),
		    owner->account.name, (int)pid);
	return EDIT_IN_USE;
}

/* Whether there is anything to write. */
bool edit_changed(const struct edit *edit)
{
	return db_changed(&edit->db, &kind_uid) || db_changed(&edit->db, &kind_gid);
}

/* Writes what changed, unless it is only shown. *ret_written: it is in the files. */
static int commit(struct edit *edit, bool *ret_written)
{
	int r = edit->dry_run ? 0 : db_commit(&edit->db);

	*ret_written = !edit->dry_run && (r == 0 || r == DB_NOT_DURABLE);
	if (r == 0)
		return 0;
	edit_report_db_error(edit->program, &edit->db, edit->directory, true, r);
	return EDIT_NOT_WRITTEN;
}

/* Reads the old texts of what changed, to show it. */
static int keep_old_texts(struct edit *edit)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		edit->texts.changed[k] = db_changed(&edit->db, kind_all[k]);
		if (edit->texts.changed[k] && edit->form)
			r = db_load_old(&edit->db, kind_all[k], &edit->texts.old[k]);
	}
	return edit_tell_error(edit, r);
}

/*
 * Writes what changed, unless @r is a failure, and releases the locks: the log, and the
 * reader of the output, may be slow. Returns @r or the failure; *ret_record: there is
 * something to record.
 */
int edit_finish(struct edit *edit, int r, bool *ret_record)
{
	bool changed = edit_changed(edit), written = false;

	if (r == 0)
		r = keep_old_texts(edit);
	if (r == 0 && changed)
		r = commit(edit, &written);
	if (written && !edit->records_owners)
		known_owners_update(edit, edit_image(edit));
	if (r == 0 && changed && !edit->dry_run && edit->committed)
		edit->committed(edit->committed_context);
	for (size_t k = 0; k < 2; k++) {
		edit->texts.now[k] = edit->db.sides[k].table;
		edit->db.sides[k].table = (struct table){ 0 };
	}
	db_end(&edit->db);
	*ret_record = r || changed;
	return r;
}

/*
 * Shows on stdout what has changed, after edit_finish() without a failure. The locks are
 * released, so a signal may interrupt it. Returns 0 or -ENOMEM, reported.
 */
int edit_show(const struct edit *edit, const struct owner_set *people,
	      edit_reason_fn reason, const void *context)
{
	int r = 0;

	if (edit->form == EDIT_LINES)
		edit_show_lines(&edit->texts, edit->directory, edit->change);
	else if (edit->form == EDIT_JSON)
		r = edit_show_json(edit, people, reason, context);
	return edit_tell_error(edit, r);
}

/* Frees everything; a signal that was held off then ends the program. */
void edit_cleanup(struct edit *edit)
{
	/* Changes that were not committed are lost. */
	db_end(&edit->db);
	edit_texts_cleanup(&edit->texts);
	helper_end(&edit->asker);
	unknown_owners_cleanup(&edit->unknown);
	edit->etc = fd_close(edit->etc);
	interrupt_let_go(&edit->interrupt);
}
