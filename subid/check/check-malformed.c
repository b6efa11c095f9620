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
#include "libsubid/findings/entry-repair.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "subid/check/check.h"

/*
 * Bytes of lines that are read to compare the ids of malformed lines with all others:
 * with more of such lines, a cure may be refused when it is run.
 */
#define COMPARED_BYTES (4 << 20)
/* The ids of a line that has no count: as many as useradd(8) gives by default. */
#define COUNT_DEFAULT 65536

/* Returns the user whom the owner of a line most likely means, or NULL. */
static const char *find_likely(const struct check *check,
			       const struct entry_repair *repair)
{
	const char *login = check_login(check, repair->owner);

	return login ? login : check_likely(check, repair->owner);
}

/* Chooses between two readings: what is visible, unless only the other one is free. */
static struct range choose_reading(const struct check *check,
				   const struct finding *finding,
				   const struct entry_repair *repair, const char *login,
				   bool compare)
{
	struct range range = { 0 };

	if (repair->n == 0 && (repair->begin.end == 0 ||
			       range_make(repair->begin.start, COUNT_DEFAULT, &range)))
		return (struct range){ 0 };
	if (repair->n == 0)
		return range;
	if (repair->by_others.end == 0)
		return repair->by_shadow;
	if (compare && repair->n == 2 &&
	    check_is_refused(check, finding, repair->by_others, login) &&
	    !check_is_refused(check, finding, repair->by_shadow, login))
		return repair->by_shadow;
	return repair->by_others;
}

/* ` --owner USER`, if the line can have another owner only. */
static bool write_owner(const struct entry_repair *repair, const char *login, char *out,
			size_t size)
{
	char word[CURE_QUOTED_BYTES];

	out[0] = '\0';
	if (repair->owner_ok)
		return true;
	return login && cure_quote(login, word) &&
	       (size_t)snprintf(out, size, " --owner %s", word) < size;
}

static void cure_malformed(struct check *check, const struct finding *finding,
			   const struct entry_repair *repair, struct problem *problem)
{
	char options[CURE_QUOTED_BYTES + 64], owner[CURE_QUOTED_BYTES + 16] = "";
	const char *likely = find_likely(check, repair);
	const char *login = likely ? likely : repair->owner;
	bool compare = check->compared < COMPARED_BYTES;
	struct range range = choose_reading(check, finding, repair, login, compare);

	check->compared += check->sides[finding->kind->group].table.len;
	if (range.end == 0 || !write_owner(repair, likely, owner, sizeof(owner)) ||
	    (compare && check_is_refused(check, finding, range, login))) {
		if (range.end > 0 && (repair->owner_ok || likely))
			problem_add(problem, _("; its ids are not free"));
		check_cure_by_fix(check, finding, problem, " --remove");
		return;
	}
	if (repair->n == 1)
		snprintf(options, sizeof(options), "%s", owner);
	else
		snprintf(options, sizeof(options), " --as %" PRIu64 "-%" PRIu64 "%s",
			 range.start, range.end - 1, owner);
	check_cure_by_fix(check, finding, problem, options);
}

/* Describes how other programs read the line. */
static void describe_readings(const struct entry_repair *repair, struct problem *problem)
{
	if (repair->n == 2)
		problem_add(problem,
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
		problem_message(problem,
				_("%s; it grants nothing here, and other programs read "
				  "it, not all of them alike"),
				reason);
	else if (finding->code == FINDING_COUNT_ZERO)
		problem_message(problem,
				_("%s: it grants nothing here, and every id to old "
				  "versions of newuidmap"),
				reason);
	else if (finding->code == FINDING_LINE_NUL)
		problem_message(problem,
				_("%s: it grants nothing here, and other programs "
				  "refuse the whole file"),
				reason);
	else
		problem_message(problem, _("%s, so it grants nothing"), reason);
	describe_readings(&repair, problem);
	cure_malformed(check, finding, &repair, problem);
}
