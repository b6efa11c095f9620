// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-malformed: messages and cures of malformed lines.
 *
 * MUST: the numbers of a line are kept if its owner can have them; `subid fix` decides
 * that again, under the locks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/limits.h"
#include "libsubid/findings/entry-repair.h"
#include "message/i18n.h"
#include "subid/check/check.h"
#include "subid/verb/owner-guess.h"

/*
 * Bytes of lines that are read to compare the ids of malformed lines with all others:
 * with more of such lines, a cure may be refused when it is run.
 */
#define COMPARED_BYTES (4 << 20)

/* Returns the user that the owner of a line most likely means, or NULL. */
static const char *find_likely(const struct check *check,
			       const struct entry_repair *repair)
{
	const char *login = check_login(check, repair->owner);

	return login ? login : owner_guess_likely(&check->users, repair->owner);
}

/* A line whose ids are compared with those of others. */
struct owner_trial {
	const struct check *check;
	const struct finding *finding;
	const char *login;
};

static bool is_refused_to_owner(struct range range, void *context)
{
	const struct owner_trial *trial = context;

	return check_is_refused(trial->check, trial->finding, range, trial->login);
}

static void cure_malformed(struct check *check, const struct finding *finding,
			   const struct entry_repair *repair, struct problem *problem)
{
	const struct cure_line line = check_cure_line(check, finding);
	const char *likely = find_likely(check, repair);
	struct owner_trial trial = { check, finding, likely ? likely : repair->owner };
	bool compare = check->compared < COMPARED_BYTES, refused;
	struct range range = entry_repair_choose(
		repair, compare ? is_refused_to_owner : NULL, &trial, &refused);

	check->compared += check->sides[finding->kind->group].table.len;
	if (refused && (repair->owner_ok || likely))
		causes_add(&problem->cause, _("; its ids are not free"));
	if (refused)
		range = (struct range){ 0 };
	cure_by_repair(&line, repair, range, likely, &problem->cause);
}

/* Describes how other programs read the line. */
static void describe_readings(const struct entry_repair *repair, struct problem *problem)
{
	if (repair->n == 2)
		causes_add(&problem->cause,
			   _(": shadow's programs read %" PRIu64 "-%" PRIu64
			     ", container engines %" PRIu64 "-%" PRIu64),
			   repair->by_shadow.start, repair->by_shadow.end - 1,
			   repair->by_others.start, repair->by_others.end - 1);
}

/* Describes a finding about a malformed line. */
void check_describe_malformed(struct check *check, const struct finding *finding,
			      struct problem *problem)
{
	const char *reason = _(entry_reason(finding->fault));
	struct entry_repair repair;

	entry_repair(finding->text, finding->text_len, &repair);
	if (finding->code == FINDING_READ_DIFFERENTLY)
		causes_evidence(&problem->cause,
				_("%s; it grants nothing here, and other programs read "
				  "it, not all of them alike"),
				reason);
	else if (finding->code == FINDING_COUNT_ZERO)
		causes_evidence(&problem->cause,
				_("%s: it grants nothing here, and every id to old "
				  "versions of newuidmap"),
				reason);
	else if (finding->code == FINDING_LINE_NUL)
		causes_evidence(&problem->cause,
				_("%s: it grants nothing here, and other programs "
				  "refuse the whole file"),
				reason);
	else
		causes_evidence(&problem->cause, _("%s, so it grants nothing"), reason);
	describe_readings(&repair, problem);
	cure_malformed(check, finding, &repair, problem);
}
