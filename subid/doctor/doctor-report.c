// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-report: prints the result of each check as a sentence or a row.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/progress.h"
#include "subid/verb/terminal.h"

enum {
	COLUMN_LINK,
	COLUMN_KIND,
	COLUMN_STATE,
	COLUMN_CAUSE,
	COLUMN_EVIDENCE,
	COLUMN_CURE,
	COLUMN_CURE_COMMAND,
	COLUMN_CURE_TEXT,
	COLUMN_AS_ROOT,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_LINK] = { .name = "LINK" },
	[COLUMN_KIND] = { .name = "KIND" },
	[COLUMN_STATE] = { .name = "STATE" },
	[COLUMN_CAUSE] = { .name = "CAUSE" },
	[COLUMN_EVIDENCE] = { .name = "EVIDENCE", .also = "message", .wrap = true },
	[COLUMN_CURE] = { .name = "CURE", .wrap = true },
	[COLUMN_CURE_COMMAND] = { .name = "CURE_COMMAND", .json_only = true },
	[COLUMN_CURE_TEXT] = { .name = "CURE_TEXT", .json_only = true },
	[COLUMN_AS_ROOT] = { .name = "AS_ROOT", .type = OUTPUT_BOOLEAN, .hidden = true },
};

const struct output_columns doctor_columns = { columns, N_COLUMNS };

/* A row; cause and cure may be NULL. */
struct row {
	const char *link;
	const struct kind *kind; /* NULL: both or neither */
	const char *state;	 /* "good", "warning", "broken" or "unknown" */
	const char *cause;
	const char *evidence;
	const char *cure;
	bool is_command;
	bool as_root; /* the cure is a command for root */
};

static const char *colour_of(const struct row *row)
{
	return strcmp(row->state, "good") == 0	 ? "green" :
	       strcmp(row->state, "broken") == 0 ? "red" :
						   "yellow";
}

static int print_result(const struct row *row)
{
	enum printable_charset charset = report_charset();

	progress_rows();
	printf("%-9s %-4s ", row->link, row->kind ? row->kind->id : "");
	terminal_put_word(row->state, colour_of(row));
	printf("%*s", 9 - (int)strlen(row->state), "");
	report_put(row->evidence, strlen(row->evidence), charset);
	if (row->cause)
		printf(" [%s]", row->cause);
	putchar('\n');
	if (row->cure)
		verb_print_cure(row->cure, row->as_root);
	return output_printed();
}

/* Prints a sentence without the names of other users. */
static int print_hidden(struct doctor *doctor, const struct row *row)
{
	char evidence[2 * CAUSE_TEXT_BYTES], cure[2 * CAUSE_TEXT_BYTES];
	struct row hidden = *row;

	doctor_hide(&doctor->page, row->evidence, evidence, sizeof(evidence));
	hidden.evidence = evidence;
	/* Names are not found in a word that is written by printf(1). */
	if (row->cure && (strstr(row->cure, "$(printf") || strstr(row->cure, "'\\''"))) {
		hidden.cure = NULL;
	} else if (row->cure) {
		doctor_hide(&doctor->page, row->cure, cure, sizeof(cure));
		hidden.cure = cure;
	}
	return print_result(&hidden);
}

static int print_result_row(struct doctor *doctor, const struct row *row)
{
	const char *cells[N_COLUMNS] = {
		[COLUMN_LINK] = row->link,
		[COLUMN_KIND] = row->kind ? row->kind->id : NULL,
		[COLUMN_STATE] = row->state,
		[COLUMN_CAUSE] = row->cause,
		[COLUMN_EVIDENCE] = row->evidence,
		[COLUMN_CURE] = row->cure,
		[COLUMN_CURE_COMMAND] = row->is_command ? row->cure : NULL,
		[COLUMN_CURE_TEXT] = row->is_command ? NULL : row->cure,
		[COLUMN_AS_ROOT] = row->as_root ? "yes" : "no",
	};

	if (doctor->page.wanted)
		return print_hidden(doctor, row);
	if (!doctor->table)
		return print_result(row);
	return output_row(&doctor->output, cells, colour_of(row));
}

/* Returns facts about the user at one step; the caller sets the other members. */
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
		.helper = doctor->asker.fault,
		.host = host,
	};
}

/* Finds a free range for the user, see free_range_find(). */
int doctor_find_free(struct doctor *doctor, const struct free_range_wish *wish,
		     struct range *ret_range)
{
	const struct name_service service = nss_client_service(&doctor->asker);
	struct verb_place place;

	return verb_find_place(NULL, &place) ?
		       FACTS_GRANT_UNKNOWN :
		       free_range_find(&doctor->account, place.directory, DB_LIVE,
				       &service, wish, ret_range);
}

__attribute__((format(printf, 5, 0))) static int
report_state(struct doctor *doctor, const char *link, const struct kind *kind,
	     const char *state, const char *format, va_list arguments)
{
	char text[CAUSE_TEXT_BYTES];

	vsnprintf(text, sizeof(text), format, arguments);
	return print_result_row(doctor, &(struct row){ .link = link,
						       .kind = kind,
						       .state = state,
						       .evidence = text });
}

/* Reports a link that works. */
int doctor_report_good(struct doctor *doctor, const char *link, const struct kind *kind,
		       const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = report_state(doctor, link, kind, "good", format, arguments);
	va_end(arguments);
	return r;
}

/* Reports a link of unknown state. */
int doctor_report_unknown(struct doctor *doctor, const char *link,
			  const struct kind *kind, const char *format, ...)
{
	va_list arguments;
	int r;

	doctor->unknown = true;
	va_start(arguments, format);
	r = report_state(doctor, link, kind, "unknown", format, arguments);
	va_end(arguments);
	return r;
}

/* Reports that a line may have a name of the user that only the name service knows. */
int doctor_report_silence(struct doctor *doctor, const struct doctor_side *side)
{
	return doctor_report_unknown(doctor, "ranges", side->kind,
				     _("it is not known whether %s has subordinate %ss"),
				     doctor->account.name, side->kind->id);
}

static int report_cause(struct doctor *doctor, const char *link, const char *state,
			const struct facts *facts)
{
	/* These links concern neither uids nor gids. */
	bool of_both = strcmp(link, "account") == 0 || strcmp(link, "kernel") == 0 ||
		       strcmp(link, "helper") == 0 || (facts->host && facts->host->both);
	struct cause cause = { .id = 0 };
	enum cause_id id;

	if (causes_find(facts, &id, 1) > 0)
		causes_describe(facts, id, &cause);
	else
		snprintf(cause.evidence, sizeof(cause.evidence), "%s",
			 report_error(facts->error));
	return print_result_row(
		doctor, &(struct row){
				.link = link,
				.kind = of_both ? NULL : facts->kind,
				.state = state,
				.cause = cause.id ? cause_name(cause.id) : "unknown",
				.evidence = cause.evidence,
				.cure = cause.cure[0] != '\0' ? cause.cure : NULL,
				.is_command = cause.is_command,
				.as_root = cause.as_root,
			});
}

/* Reports a broken link with its first cause. */
int doctor_report_bad(struct doctor *doctor, const char *link, const struct facts *facts)
{
	doctor->broken = true;
	return report_cause(doctor, link, "broken", facts);
}

/* Reports a problem that does not break the link. */
int doctor_report_warning(struct doctor *doctor, const char *link,
			  const struct facts *facts)
{
	return report_cause(doctor, link, "warning", facts);
}

/* Reports a broken link of unknown cause, with the message of another program. */
int doctor_report_words(struct doctor *doctor, const char *link, const struct kind *kind,
			const char *evidence)
{
	doctor->broken = true;
	return print_result_row(doctor, &(struct row){ .link = link,
						       .kind = kind,
						       .state = "broken",
						       .cause = "unknown",
						       .evidence = evidence });
}

/* Starts the rows. Returns 0 or an exit status. */
int doctor_start_rows(struct doctor *doctor)
{
	return output_start(&doctor->output, "links", columns, N_COLUMNS,
			    &doctor->options.output);
}
