// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor: checks whether the user can run a rootless container now. Every link of the
 * chain is tried, and a broken one is reported with cause, evidence and cure.
 *
 * It runs as the user. Started by root, it becomes the user first, see doctor-user.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/known-users.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/findings/kubelet.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/progress.h"

/* 2^32 ids are enough for so many. */
#define PODS_MAX 65535

static void doctor_cleanup(struct doctor *doctor)
{
	for (size_t i = 0; i < 2; i++) {
		free(doctor->sides[i].ranges);
		range_set_clear(&doctor->sides[i].held);
	}
	doctor_child_end(&doctor->mapped);
	doctor_page_cleanup(&doctor->page);
	helper_end(&doctor->asker);
	output_cleanup(&doctor->output);
}

static int take_consumer(void *target, const struct option_row *row, const char *argument)
{
	struct doctor *doctor = target;

	(void)row;
	if (strcmp(argument, KUBELET_USER) == 0) {
		doctor->kubelet = true;
		return 0;
	}
	report_line(PROGRAM, _("--for: '%s' is not 'kubelet'"), argument);
	return OPTION_WRONG;
}

static int doctor_parse(int argc, char **argv, struct doctor *doctor)
{
	int r = verb_parse(&verb_doctor, argc, argv, doctor);

	if (r)
		return r;
	if (doctor->pods && !doctor->kubelet) {
		report_line(PROGRAM, _("--pods goes with --for kubelet"));
		return verb_misuse(&verb_doctor);
	}
	if (doctor->kubelet && !doctor->pods)
		doctor->pods = KUBELET_PODS;
	if (!doctor->kubelet && optind < argc)
		doctor->login = argv[optind++];
	if (optind == argc)
		return 0;
	report_line(PROGRAM, _("too many arguments: %s"), argv[optind]);
	return verb_misuse(&verb_doctor);
}

/* Returns 0 to check the caller; else, for another user, how that ended. */
static int doctor_find_user(struct doctor *doctor)
{
	struct account account;
	bool doubt;
	int r;

	if (!doctor->login || doctor->pods)
		return 0;
	r = nss_client_user(&doctor->asker, doctor->login, &account);
	/* Let the checks of a local user say that the helper does not work, and why. */
	if (r == -ENOPKG &&
	    passwd_file_find(AT_FDCWD, doctor->login, 0, &account, &doubt) == 0)
		r = 0;
	if (r < 0) {
		report_line(PROGRAM, _("cannot look up user '%s': %s"), doctor->login,
			    report_no_answer(r));
		return VERB_UNREADABLE;
	}
	if (r) {
		CLEANUP(fd_cleanup) int etc = etc_open_directory(NULL, SYSCONFDIR);

		report_line(PROGRAM, _("user '%s' does not exist"), doctor->login);
		if (strcmp(doctor->login, FACTS_AUTO_OWNER) == 0)
			report_line(PROGRAM,
				    _("'subid doctor root' checks the ids of %s"),
				    doctor->login);
		known_users_suggest(PROGRAM, etc, doctor->login);
		return VERB_NO_USER;
	}
	/* Without a /proc of this process, the checks cannot be run as the user. */
	if (account.uid == getuid() || (geteuid() == 0 && facts_find_proc() != 0))
		return 0;
	if (geteuid() == 0)
		return doctor_run_as(doctor, &account);
	report_line(PROGRAM, _("only root can find out about another user"));
	return VERB_NOT_PERMITTED;
}

/* Checks all links, except those that depend on a broken one. */
static int check_links(struct doctor *doctor)
{
	int r = doctor_proc(doctor);

	if (r || doctor->broken)
		return r;
	if (doctor->pods)
		return doctor_kubelet(doctor);
	r = doctor_account(doctor);
	if (r || doctor->broken)
		return r;
	r = doctor_kernel(doctor);
	if (r == 0)
		r = doctor_programs(doctor);
	if (r == 0 && !doctor->broken) {
		r = doctor_helper(doctor);
		if (doctor->broken)
			return r;
	}
	if (r == 0)
		r = doctor_ranges(doctor, NULL);
	if (r == 0 && !doctor->broken && !doctor->unknown)
		r = doctor_mapping(doctor);
	if (r == 0 && doctor->sides[0].n > 0 && doctor->sides[1].n > 0)
		r = doctor_storage(doctor);
	if (r == 0 && doctor->sides[0].n > 0 && doctor->sides[1].n > 0)
		r = doctor_pause(doctor);
	return r ? r : doctor_auto(doctor);
}

static int doctor_run(int argc, char **argv)
{
	CLEANUP(doctor_cleanup) struct doctor doctor = {
		.asker = HELPER_PATIENT,
		.path = getenv("PATH"),
		.mapped = DOCTOR_CHILD_NONE,
		.page = { .db = DB_NONE },
		.sides = {
			{ .kind = &kind_uid, .held = RANGE_SET(DOCTOR_RANGES) },
			{ .kind = &kind_gid, .held = RANGE_SET(DOCTOR_RANGES) },
		},
	};
	int r;

	r = doctor_parse(argc, argv, &doctor);
	if (r == 0)
		r = doctor_find_user(&doctor);
	if (r)
		return r;
	/* The default of execvp(3). */
	if (!doctor.path)
		doctor.path = "/bin:/usr/bin";
	doctor.table = output_has_format(&doctor.options.output);
	if (doctor.table && doctor.page.wanted) {
		report_line(PROGRAM, _("--report prints a page, not rows"));
		return verb_misuse(&verb_doctor);
	}
	r = doctor.table       ? doctor_start_rows(&doctor) :
	    doctor.page.wanted ? doctor_page_begin(&doctor) :
				 0;
	if (r)
		return r;
	r = check_links(&doctor);
	if (r == 0 && doctor.page.wanted)
		r = doctor_page_end(&doctor);
	if (r == 0)
		r = doctor.unknown ? VERB_UNREADABLE :
		    doctor.broken  ? VERB_FINDINGS :
				     VERB_DONE;
	return doctor.table ? output_end(&doctor.output, r) : r;
}

static const char *consumer_word(const struct command *command, size_t i)
{
	(void)command;
	return i == 0 ? KUBELET_USER : NULL;
}

static const struct option_row doctor_rows[] = {
	{ 0, "for", N_("kubelet"), N_("check the ranges of kubelet by its own rules"),
	  .take = take_consumer, .word = consumer_word },
	{ 0, "pods", N_("N"), N_("... for so many pods; default: 110"),
	  OPTION_INTO(struct doctor, pods), .min = 1, .max = PODS_MAX },
	{ 0, "report", NULL, N_("print a page for a bug tracker"),
	  OPTION_INTO(struct doctor, page.wanted) },
	{ .name = NULL },
};

static const struct option_group doctor_options[] = {
	{ doctor_rows, 0 },
	{ verb_output_rows, offsetof(struct doctor, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row doctor_examples[] = {
	{ "subid doctor", N_("for the caller") },
	{ "subid doctor anna", N_("for another user, as root") },
	{ "subid doctor --report", N_("a page for a bug tracker") },
	{ .term = NULL },
};

const struct verb verb_doctor = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " doctor",
		.usage = N_("[OPTION]... [USER]"),
		.summary = N_("Find out why a user's containers do not start"),
		.options = doctor_options,
		.arguments = { COMPLETE_USERS },
		.examples = doctor_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_FINDINGS) | VERB_EXIT(VERB_NO_USER) | VERB_EXIT(VERB_NOT_PERMITTED),
		.page = "subid-doctor(1)",
	},
	.run = doctor_run,
	.columns = { &doctor_columns },
};
