// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid-session: gives a user who logs in a range of each kind, as `subid grant
 * --if-missing` does. pam_subid runs it for a user who seems to have none.
 *
 *	subid-session LOGIN SERVICE SECONDS
 *
 * MUST: only root may run it, and its file gives no privilege.
 * MUST: nothing is given to a user who may have ranges in another source, nor against the
 * rules of subid.d(5).
 * MUST: it ends within the time, and leaves no lock behind: a timer sends SIGTERM, which
 * ends a wait for a lock as well.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/edit.h"
#include "command/policy-report.h"
#include "helper/plugin-client.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "pam/login-check.h"
#include "pam/subid-session.h"

#define PROGRAM SESSION_PROGRAM

/* What the caller may wait at most. */
#define SECONDS_MAX 30

struct session {
	const char *login;
	char service[64]; /* for the record: a word */
	uint64_t seconds;
	struct edit edit;
	struct nsswitch nsswitch;
	struct source_list sources;
	struct owner owner;
	struct owner_set people; /* the same user */
	struct allocate allocate;
	struct allocate_item item;
};

enum {
	SESSION_HAS_RANGES = EDIT_RESULTS, /* nothing to do */
	SESSION_EXCLUDED,		   /* by the rules */
};

static void session_cleanup(struct session *session)
{
	edit_cleanup(&session->edit);
	allocate_cleanup(&session->allocate);
	owner_cleanup(&session->owner);
	owner_set_cleanup(&session->people);
}

/* A name of PAM is a file name; nothing else may look like a field of the record. */
static void copy_service(char *service, size_t size, const char *name)
{
	static const char valid[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";
	char *end;

	snprintf(service, size, "%s", name);
	end = service + strlen(service);
	for (service += strspn(service, valid); service < end;
	     service += strspn(service, valid))
		*service = '_';
}

static int session_parse(int argc, char **argv, struct session *session)
{
	if (argc != 4 ||
	    num_parse(argv[3], strlen(argv[3]), SECONDS_MAX, &session->seconds) ||
	    session->seconds == 0) {
		report_line(
			PROGRAM,
			_("pam_subid runs this program at a login; see pam_subid(8)"));
		return -EINVAL;
	}
	if (getuid() != 0 || geteuid() != 0) {
		report_line(PROGRAM, _("only root may do this"));
		return -EPERM;
	}
	session->login = argv[1];
	copy_service(session->service, sizeof(session->service), argv[2]);
	return 0;
}

/* The caller kills the process after the time, and then it could not say why. */
static int start_timer(const struct session *session)
{
	const int64_t milliseconds = (int64_t)session->seconds * 900;
	const struct itimerspec time = {
		.it_value = { .tv_sec = (time_t)(milliseconds / 1000),
			      .tv_nsec = (long)(milliseconds % 1000) * 1000000 },
	};
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
	    timer_settime(timer, 0, &time, NULL) == 0)
		return 0;
	report_line(PROGRAM, _("cannot set a timer: %s"), report_error(errno));
	return EDIT_NOT_PERMITTED;
}

/* Looks the user up. */
static int find_user(struct session *session)
{
	struct edit *edit = &session->edit;
	int r = edit_find_directory(edit);

	if (r == 0)
		r = edit_find_user(edit, session->login, &session->owner);
	if (r)
		return r;
	if (session->owner.account.uid == 0)
		return SESSION_EXCLUDED;
	r = nsswitch_read(NSSWITCH_CONF, &session->nsswitch);
	if (r) {
		report_line(PROGRAM, "%s: %s", NSSWITCH_CONF, report_error(-r));
		return EDIT_UNREADABLE;
	}
	source_find(&session->nsswitch, PLUGINDIR, &session->sources);
	return edit_tell_error(edit,
			       owner_set_add_owner(&session->people, &session->owner));
}

/* Finds out whether the files lack a range of the user. */
static int check_own_lines(struct session *session)
{
	struct edit *edit = &session->edit;
	bool missing = false, any = false;
	int r = 0;

	if (!source_has(&session->sources, SOURCE_FILES))
		return 0;
	for (size_t k = 0; r == 0 && k < 2; k++) {
		r = edit_find_missing_names(edit, kind_all[k], &session->people);
		if (r == 0)
			r = edit_is_missing(edit, kind_all[k], &session->people,
					    &missing);
		any |= missing;
	}
	return r ? r : any ? 0 : SESSION_HAS_RANGES;
}

/* Asks a plugin for ranges. Returns as source_take() wants it. */
static int ask_source(struct session *session, const struct source *source,
		      const struct kind *kind, struct range_set *set)
{
	const struct plugin_client plugin = { &session->edit.asker,
					      session->sources.plugin_directory,
					      source->name };

	return source->type == SOURCE_FILES ?
		       0 :
		       plugin_client_ranges(&plugin, session->owner.account.name, kind,
					    NULL, set);
}

/* Finds out whether the user has ranges of one kind that are not in the files. */
static int check_other_sources(struct session *session, const struct kind *kind)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	struct source_walk walk = source_walk(&session->sources);
	const struct source *source;

	while ((source = source_next(&walk))) {
		int r = ask_source(session, source, kind, &set);

		source_take(&walk, r, set.n);
	}
	if (walk.r == 0)
		return SESSION_HAS_RANGES;
	if (walk.r != SOURCE_FAILED)
		return 0;
	report_line(PROGRAM,
		    _("the source '%s' did not answer whether %s has ranges there: none "
		      "are given"),
		    walk.answer.source->name, session->login);
	return EDIT_UNREADABLE;
}

/* Without the files among the sources a grant would have no effect. */
static int check_source_of_grant(const struct session *session)
{
	if (source_has(&session->sources, SOURCE_FILES))
		return 0;
	report_line(PROGRAM, _("%s names the source '%s': nothing is changed in files"),
		    NSSWITCH_CONF, session->sources.sources[0].name);
	return DB_NOT_FILES;
}

/* Checks the rules before anything is locked. */
static int check_rules(struct session *session)
{
	struct edit *edit = &session->edit;
	struct allocate *allocate = &session->allocate;
	int r = edit_read_settings(edit, &allocate->settings);

	if (r)
		return r;
	r = policy_files_read(edit->etc, "/", &allocate->site);
	allocate->has_site = true;
	if (r == 0 && policy_files_are_wrong(&allocate->site)) {
		policy_report(PROGRAM, NULL, &allocate->site);
		return DB_POLICY;
	}
	if (r)
		return edit_tell_error(edit, r);
	r = login_may_get(&session->owner, &edit->lookup, &session->nsswitch,
			  &allocate->site.policy, &allocate->settings);
	if (r < 0)
		report_line(PROGRAM, _("the groups of %s are not known: %s"),
			    session->login, report_no_answer(r));
	return r < 0 ? EDIT_UNKNOWN_USER : r ? 0 : SESSION_EXCLUDED;
}

static int place_ranges(struct session *session)
{
	static const bool both[] = { true, true };
	struct edit *edit = &session->edit;
	struct allocate *allocate = &session->allocate;
	int r = edit_begin(edit, both);

	if (r)
		return r;
	allocate->people = &session->people;
	allocate->items = &session->item;
	allocate->n = 1;
	allocate->kinds[0] = allocate->kinds[1] = true;
	allocate->if_missing = allocate->mirror = true;
	allocate->above = allocate->join = true;
	return edit_report_allocation(edit, allocate,
				      allocate_ranges(&edit->db, allocate));
}

/* Writes the ranges, and the records of it. */
static int finish_ranges(struct session *session, int r)
{
	const struct range *ranges = session->item.ranges;
	char text[EDIT_TEXT_BYTES];
	bool to_record;
	int n;

	r = edit_finish(&session->edit, r, &to_record);
	if (!to_record)
		return r;
	n = snprintf(text, sizeof(text), "login-grant service=%s", session->service);
	for (size_t k = 0; n > 0 && k < 2; k++)
		if (allocate_is_placed(&session->item, k))
			n += snprintf(text + n, sizeof(text) - (size_t)n,
				      " %ss=%" PRIu64 "-%" PRIu64, kind_all[k]->id,
				      ranges[k].start, ranges[k].end - 1);
	edit_record(&session->edit, owner_set_login(&session->people, 0), text, r == 0);
	return r;
}

/* Whether the user has, or had been given, a range; with SUB_UID_COUNT 0 there is none.
 */
static bool has_range(const struct session *session)
{
	const struct allocate_item *item = &session->item;

	return item->held[0] + item->held[1] > 0 || allocate_is_placed(item, 0) ||
	       allocate_is_placed(item, 1);
}

static int session_work(struct session *session)
{
	int r = start_timer(session);

	if (r == 0)
		r = find_user(session);
	if (r == 0)
		r = check_own_lines(session);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = check_other_sources(session, kind_all[k]);
	if (r == 0)
		r = check_source_of_grant(session);
	if (r == 0)
		r = check_rules(session);
	if (r)
		return r;
	r = finish_ranges(session, place_ranges(session));
	return r == 0 && !has_range(session) ? SESSION_EXCLUDED : r;
}

static int session_status(int r)
{
	switch (r) {
	case 0:
	case SESSION_HAS_RANGES:
		return SESSION_DONE;
	case SESSION_EXCLUDED:
		return SESSION_NOT_FOR;
	case EDIT_NO_USER:
		return SESSION_NO_USER;
	default:
		return SESSION_FAILED;
	}
}

int main(int argc, char **argv)
{
	CLEANUP(session_cleanup) struct session session = { .edit = EDIT(PROGRAM) };
	int r;

	edit_start(SESSION_FAILED);
	report_translate();
	r = session_parse(argc, argv, &session);
	if (r)
		return session_status(r);
	session.edit.by_login = true;
	session.edit.create = true;
	session.edit.change = EDIT_GRANTS;
	/* Half of the time for the name service, the rest for locks and disks. */
	session.edit.asker.left = (int64_t)session.seconds * 500;
	return session_status(session_work(&session));
}
