// SPDX-License-Identifier: BSD-3-Clause
/*
 * usermod-ext: gives and takes subordinate ids, as usermod(8) does with -v, -V, -w and
 * -W, but never an id that belongs to somebody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/auth.h"
#include "common/busy.h"
#include "common/i18n.h"
#include "common/record.h"
#include "common/report.h"
#include "common/show.h"
#include "common/tell.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/db.h"
#include "libsubid/sys/conf.h"
#include "libsubid/sys/etc.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/paths.h"
#include "libsubid/sys/source.h"
#include "usermod-ext/allocate.h"
#include "usermod-ext/changes.h"
#include "common/interrupt.h"
#include "usermod-ext/options.h"
#include "usermod-ext/usermod-ext.h"

/* One run of the program. */
struct run {
	struct options options;
	char folder[PATH_MAX]; /* where the databases are, */
	int etc;	       /* and this is it */
	enum db_place place;
	struct account account;
	struct owner owner;
	struct db_grant grant;
	struct allocated allocated;
	struct db db;
	struct interrupt interrupt;
};

static void run_cleanup(struct run *run)
{
	db_end(&run->db);
	fd_close(run->etc);
	overlap_list_cleanup(&run->grant.conflicts);
	owner_cleanup(&run->owner);
	options_cleanup(&run->options);
	interrupt_let_go(&run->interrupt);
}

/* Where the databases are: never by chroot, so that an image of any machine will do. */
static int find_folder(struct run *run)
{
	const struct options *options = &run->options;
	const char *below = options->root ? options->root : options->prefix;
	int n;

	run->place = options->root ? DB_ROOT : options->prefix ? DB_PREFIX : DB_LIVE;
	/* PAM is not asked about an image, which may be `/`: who made the program setuid
	 * has not let others near it. */
	if (below && (getuid() != 0 || geteuid() != 0)) {
		report_line(PROGRAM, _("only root may do this"));
		return EXIT_NOT_PERMITTED;
	}
	n = snprintf(run->folder, sizeof(run->folder), "%s%s", below ? below : "",
		     SYSCONFDIR);
	if (n < 0 || (size_t)n >= sizeof(run->folder)) {
		report_line(PROGRAM, "%s: %s", below, report_error(ENAMETOOLONG));
		return EXIT_USAGE;
	}
	run->etc = etc_folder(below, SYSCONFDIR);
	if (run->etc >= 0)
		return 0;
	if (run->etc == -ENOSYS)
		report_line(PROGRAM,
			    _("%s: a symbolic link, and this kernel cannot follow it "
			      "inside the image"),
			    run->folder);
	else
		report_line(PROGRAM, "%s: %s", run->folder, report_error(-run->etc));
	return run->etc == -ENOENT || run->etc == -ENOTDIR ? EXIT_USAGE :
							     EXIT_NOT_PERMITTED;
}

static int find_user(struct run *run)
{
	const char *login = run->options.login;
	int r;

	r = run->place == DB_LIVE ? account_by_name(login, &run->account) :
				    account_in_file(run->etc, login, &run->account);
	if (r < 0) {
		report_line(PROGRAM, _("cannot look up user '%s': %s"), login,
			    report_error(-r));
		return EXIT_NO_USER;
	}
	if (r) {
		report_line(PROGRAM, _("user '%s' does not exist"), login);
		return EXIT_NO_USER;
	}
	r = owner_init(&run->owner, &run->account, run->etc);
	if (r) {
		report_line(PROGRAM, "%s/passwd: %s", run->folder, report_error(-r));
		return EXIT_NO_USER;
	}
	return 0;
}

static int may_change(const struct run *run)
{
	if (run->place != DB_LIVE)
		return 0;
	return auth_check(PROGRAM) ? EXIT_NOT_PERMITTED : 0;
}

/*
 * What is written must count: the files are among the sources that are asked. Who is
 * asked before them is told, for what that one has for the user counts alone.
 */
static int check_sources(const struct run *run)
{
	struct source_list list;

	if (run->place != DB_LIVE)
		return 0;
	source_find(&run->db.nsswitch, PLUGINDIR, &list);
	if (!source_has(&list, SOURCE_FILES)) {
		report_line(PROGRAM,
			    _("%s names the source '%s': nothing is changed in files"),
			    NSSWITCH_CONF, list.sources[0].name);
		return EXIT_SUBUID;
	}
	if (list.sources[0].type == SOURCE_PLUGIN)
		report_line(PROGRAM,
			    _("note: %s has '%s' asked before the files: they count only "
			      "for users for whom it has nothing"),
			    NSSWITCH_CONF, list.sources[0].name);
	return 0;
}

static int load(struct run *run)
{
	static const struct kind *const kinds[] = { &kind_uid, &kind_gid };
	int r;

	r = interrupt_hold(&run->interrupt);
	if (r) {
		report_line(PROGRAM, _("cannot hold signals off: %s"), report_error(-r));
		return EXIT_NOT_PERMITTED;
	}
	run->db.stop = run->interrupt.fd;
	r = db_begin_in(&run->db, run->etc, run->place);
	if (r)
		return tell_db_error(PROGRAM, &run->db, run->folder, false, r);
	r = check_sources(run);
	if (r)
		return r;
	for (size_t i = 0; i < 2; i++) {
		if (!options_touch(&run->options, kinds[i]))
			continue;
		r = db_load(&run->db, kinds[i], run->options.create);
		if (r)
			return tell_db_error(PROGRAM, &run->db, run->folder, false, r);
	}
	return 0;
}

/* Nobody may use what is taken away. In another system nobody does. */
static int check_busy(struct run *run)
{
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(SIZE_MAX);
	pid_t pid;
	int r;

	if (run->place != DB_LIVE || !options_delete(&run->options))
		return 0;
	r = db_held(&run->db, &kind_uid, &run->owner, &held);
	if (r) {
		report_line(PROGRAM, _("cannot open %s/%s"), run->folder,
			    kind_uid.database);
		report_line(PROGRAM, "%s/%s: %s", run->folder, kind_uid.database,
			    report_error(-r));
		return EXIT_SUBUID;
	}
	pid = busy_process(run->account.uid, &held);
	if (pid == 0)
		return 0;
	report_line(PROGRAM, _("user %s is currently used by process %d"),
		    run->account.name, (int)pid);
	return EXIT_BUSY;
}

static void set_policy(struct run *run)
{
	run->grant = (struct db_grant){
		.owner = &run->owner,
		.by_id = conf_is_yes(run->etc, "login.defs", "SUB_UID_STORE_BY_UID"),
		.policy = {
			.allow_overlap = run->options.allow_overlap,
			.allow_root = run->options.allow_root,
		},
	};
}

/* All changes in memory: what goes first, then what comes, and what is allocated. */
static int change(struct run *run)
{
	int r;

	r = changes_apply(&run->options, &run->db, &run->grant);
	if (r == 0 && run->options.allocate)
		r = allocate(&run->db, &run->grant, run->etc, run->folder,
			     &run->allocated);
	if (run->grant.unsure)
		report_line(PROGRAM,
			    _("note: the name service did not answer in time; ids of "
			      "its accounts may be among these"));
	if (r == ALLOCATE_SETTINGS)
		return EXIT_SUBUID;
	if (r == DB_CONFLICT)
		return tell_conflicts(PROGRAM, &run->grant, run->folder);
	return r ? tell_db_error(PROGRAM, &run->db, run->folder, false, r) : 0;
}

static int commit(struct run *run)
{
	int r;

	r = run->options.dry_run ? show_changes(&run->db, run->folder) :
				   db_commit(&run->db);
	return r ? tell_db_error(PROGRAM, &run->db, run->folder, true, r) : 0;
}

/* What was done, or refused, is recorded; what was not needed is not. */
static void record(const struct run *run, int status, bool changed)
{
	char text[CHANGES_TEXT_BYTES];

	if (run->place != DB_LIVE || run->options.dry_run || (status == 0 && !changed))
		return;
	changes_text(&run->options, &run->allocated, text, sizeof(text));
	audit_record(text, run->account.name, status == 0);
	record_change(PROGRAM, "%s %s by uid %u: %s", run->account.name, text, getuid(),
		      status == 0 ? "done" : "refused");
}

/* Returns the exit status; *ret_changed tells whether there was anything to write. */
static int attempt(struct run *run, bool *ret_changed)
{
	int r;

	if ((r = may_change(run)) || (r = load(run)) || (r = check_busy(run)))
		return r;
	set_policy(run);
	r = change(run);
	*ret_changed = db_changed(&run->db, &kind_uid) || db_changed(&run->db, &kind_gid);
	return r == 0 && *ret_changed ? commit(run) : r;
}

static int work(struct run *run)
{
	bool changed = false;
	int r;

	if ((r = find_folder(run)) || (r = find_user(run)))
		return r;
	r = attempt(run, &changed);
	/* The log may be slow: nobody waits for our locks meanwhile. */
	db_end(&run->db);
	record(run, r, changed);
	if (r == 0 && changed && !run->options.dry_run && interrupt_came(&run->interrupt))
		report_line(PROGRAM, _("interrupted, but the change is made"));
	return r;
}

static int run_options(int argc, char **argv)
{
	CLEANUP(run_cleanup)
	struct run run = { .etc = -1, .db = DB_NONE, .interrupt = INTERRUPT_NONE };

	switch (options_parse(argc, argv, &run.options)) {
	case 0:
		return work(&run);
	case OPTIONS_HELP:
		options_usage(true);
		return EXIT_DONE;
	case OPTIONS_VERSION:
		printf("%s (%s) %s\n", PROGRAM, PACKAGE, PACKAGE_VERSION);
		return EXIT_DONE;
	case OPTIONS_RANGE:
		return EXIT_RANGE;
	default:
		return EXIT_USAGE;
	}
}

/*
 * Descriptors 0 to 2 are open, or a database would be opened as one of them and messages
 * written into it. What is opened here is no place to read from or to write to. A pipe
 * that nobody reads and a file size limit are errors, and not the end in the middle of a
 * change.
 */
static void start(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_NOT_PERMITTED);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

int main(int argc, char **argv)
{
	int status;

	start();
	report_translate();
	status = run_options(argc, argv);
	if (report_close_stdout(PROGRAM) && status == EXIT_DONE)
		status = EXIT_NOT_PERMITTED;
	return status;
}
