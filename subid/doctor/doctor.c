// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor: can this user run a rootless container, here and now? Every link of the chain
 * is tried for real, and of one that is broken cause, evidence and cure are told.
 *
 * It runs as the user. Root becomes the user first, see doctor-user.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/i18n.h"
#include "message/report.h"
#include "libsubid/core/cleanup.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/progress.h"

enum column {
	COLUMN_LINK,
	COLUMN_KIND,
	COLUMN_STATE,
	COLUMN_CAUSE,
	COLUMN_EVIDENCE,
	COLUMN_CURE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_LINK] = { .name = "LINK" },	    [COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_STATE] = { .name = "STATE" },	    [COLUMN_CAUSE] = { .name = "CAUSE" },
	[COLUMN_EVIDENCE] = { .name = "EVIDENCE" }, [COLUMN_CURE] = { .name = "CURE" },
};

/* A row; cause and cure may be NULL. */
struct row {
	const char *link;
	const struct kind *kind; /* NULL: both or neither */
	const char *state;	 /* "good", "warning" or "broken" */
	const char *cause;
	const char *evidence;
	const char *cure;
};

static int say(const struct row *row)
{
	enum printable_charset charset = report_charset();

	progress_rows();
	printf("%-9s %-4s %-8s ", row->link, row->kind ? row->kind->id : "", row->state);
	report_put(row->evidence, strlen(row->evidence), charset);
	if (row->cause)
		printf(" [%s]", row->cause);
	if (row->cure) {
		fputs("\n    ", stdout);
		report_put(row->cure, strlen(row->cure), charset);
	}
	putchar('\n');
	if (!ferror(stdout))
		return 0;
	report_line(PROGRAM, _("standard output: %s"), report_error(errno));
	clearerr(stdout);
	return VERB_NOT_WRITTEN;
}

static int put(struct doctor *doctor, const struct row *row)
{
	const char *cells[N_COLUMNS] = {
		[COLUMN_LINK] = row->link,
		[COLUMN_KIND] = row->kind ? row->kind->id : NULL,
		[COLUMN_STATE] = row->state,
		[COLUMN_CAUSE] = row->cause,
		[COLUMN_EVIDENCE] = row->evidence,
		[COLUMN_CURE] = row->cure,
	};

	if (!doctor->table)
		return say(row);
	return output_row(&doctor->output, cells,
			  strcmp(row->state, "good") == 0    ? "green" :
			  strcmp(row->state, "warning") == 0 ? "yellow" :
							       "red");
}

/* Facts about the user at one step of the chain; the rest is the caller's to fill in. */
struct facts doctor_facts(const struct doctor *doctor, const struct kind *kind,
			  const struct facts_host *host, enum facts_step step, int error)
{
	return (struct facts){
		.kind = kind,
		.step = step,
		.error = error,
		.uid = getuid(),
		.gid = getgid(),
		.account = &doctor->account,
		.host = host,
	};
}

/* Tells a link that holds. */
int doctor_tell_good(struct doctor *doctor, const char *link, const struct kind *kind,
		     const char *format, ...)
{
	char text[CAUSE_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return put(doctor, &(struct row){ .link = link,
					  .kind = kind,
					  .state = "good",
					  .evidence = text });
}

static int tell_cause(struct doctor *doctor, const char *link, const char *state,
		      const struct facts *facts)
{
	/* These two are not about uids or gids. */
	bool of_both = strcmp(link, "account") == 0 || strcmp(link, "kernel") == 0;
	struct cause cause = { .id = 0 };
	enum cause_id id;

	if (causes_find(facts, &id, 1) > 0)
		causes_describe(facts, id, &cause);
	else
		snprintf(cause.evidence, sizeof(cause.evidence), "%s",
			 report_error(facts->error));
	return put(doctor, &(struct row){
				   .link = link,
				   .kind = of_both ? NULL : facts->kind,
				   .state = state,
				   .cause = cause.id ? cause_name(cause.id) : "unknown",
				   .evidence = cause.evidence,
				   .cure = cause.cure[0] != '\0' ? cause.cure : NULL,
			   });
}

/* Tells a link that is broken, by its first cause. */
int doctor_tell_bad(struct doctor *doctor, const char *link, const struct facts *facts)
{
	doctor->broken = true;
	return tell_cause(doctor, link, "broken", facts);
}

/* Tells something that does not break the chain. */
int doctor_tell_warning(struct doctor *doctor, const char *link,
			const struct facts *facts)
{
	return tell_cause(doctor, link, "warning", facts);
}

/* Tells a link that is broken for a reason that is known only by another's words. */
int doctor_tell_words(struct doctor *doctor, const char *link, const struct kind *kind,
		      const char *evidence)
{
	doctor->broken = true;
	return put(doctor, &(struct row){ .link = link,
					  .kind = kind,
					  .state = "broken",
					  .cause = "unknown",
					  .evidence = evidence });
}

static void doctor_cleanup(struct doctor *doctor)
{
	for (size_t i = 0; i < 2; i++) {
		free(doctor->sides[i].ranges);
		range_set_clear(&doctor->sides[i].held);
	}
	nss_client_end(&doctor->asker);
	output_cleanup(&doctor->output);
}

static int parse(int argc, char **argv, struct doctor *doctor)
{
	static const struct option long_options[] = {
		VERB_LONG_OUTPUT,
		VERB_LONG_HELP,
		VERB_LONG_END,
	};
	static const char short_options[] = VERB_SHORT_OUTPUT VERB_SHORT_HELP;
	int option, r;

	while ((option = arguments_next(argc, argv, short_options, long_options)) >= 0) {
		r = verb_take(&verb_doctor, &doctor->options, option);
		if (r != VERB_GO)
			return r;
	}
	if (optind < argc)
		doctor->login = argv[optind++];
	if (optind == argc)
		return VERB_GO;
	report_line(PROGRAM, _("too many arguments: %s"), argv[optind]);
	return verb_misuse(&verb_doctor);
}

/* Whose answer it is to be: VERB_GO: ours. */
static int find_user(struct doctor *doctor)
{
	struct account account;
	int r;

	if (!doctor->login)
		return VERB_GO;
	r = nss_client_user(&doctor->asker, doctor->login, &account);
	if (r < 0) {
		report_line(PROGRAM, _("cannot look up user '%s': %s"), doctor->login,
			    report_no_answer(r));
		return VERB_UNREADABLE;
	}
	if (r) {
		report_line(PROGRAM, _("user '%s' does not exist"), doctor->login);
		return VERB_NO_USER;
	}
	if (geteuid() == 0 && account.uid != 0)
		return doctor_run_as(doctor, &account);
	if (account.uid == getuid())
		return VERB_GO;
	report_line(PROGRAM, _("only root can find out about another user"));
	return VERB_NOT_PERMITTED;
}

/* Link after link; what depends on one that is broken is not tried. */
static int look(struct doctor *doctor)
{
	int r;

	r = doctor_account(doctor);
	if (r || doctor->broken)
		return r;
	r = doctor_kernel(doctor);
	if (r == 0)
		r = doctor_programs(doctor);
	if (r == 0)
		r = doctor_ranges(doctor);
	if (r == 0 && !doctor->broken)
		r = doctor_mapping(doctor);
	if (r == 0 && doctor->sides[0].n > 0 && doctor->sides[1].n > 0)
		r = doctor_storage(doctor);
	if (r == 0 && doctor->sides[0].n > 0 && doctor->sides[1].n > 0)
		r = doctor_pause(doctor);
	return r;
}

static int run(int argc, char **argv)
{
	CLEANUP(doctor_cleanup) struct doctor doctor = {
		.asker = NSS_CLIENT_PATIENT,
		.path = getenv("PATH"),
		.sides = {
			{ .kind = &kind_uid, .held = RANGE_SET(DOCTOR_RANGES) },
			{ .kind = &kind_gid, .held = RANGE_SET(DOCTOR_RANGES) },
		},
	};
	const struct output_format *format = &doctor.options.output;
	int r, end = 0;

	r = parse(argc, argv, &doctor);
	if (r == VERB_GO)
		r = find_user(&doctor);
	if (r != VERB_GO)
		return r;
	/* As execvp(3) has it. */
	if (!doctor.path)
		doctor.path = "/bin:/usr/bin";
	doctor.table =
		format->json || format->raw || format->columns || format->no_headings;
	if (doctor.table) {
		r = output_start(&doctor.output, "links", columns, N_COLUMNS, format);
		if (r)
			return r;
	}
	r = look(&doctor);
	if (doctor.table)
		end = output_end(&doctor.output);
	if (r == 0)
		r = end;
	if (r || doctor.silent)
		return r ? r : VERB_UNREADABLE;
	return doctor.broken ? VERB_FINDINGS : VERB_DONE;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.run = run,
	.synopsis = N_("[OPTION]... [USER]"),
	.help = N_("find out why a user's containers do not start"),
	.shared = VERB_SHARES_OUTPUT,
};
