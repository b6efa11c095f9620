// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-switch: `--before-switch` lists what users lose when the map writers of this
 * package take the place of shadow's: the ids of lines that shadow's read and ours do
 * not, and all ids of a database that ours refuse.
 *
 * Invariant: an id that another line grants the user is not lost, unless the user loses
 * every id.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "subid/check/check.h"

/* Ids of a line that its owner loses. */
struct loss {
	struct problem *problem; /* with the command that prevents it */
	char name[LIMIT_OWNER_BYTES + 1];
	unsigned int group;
	uint64_t line;
	struct range ids;
	bool excessive; /* some versions of shadow read every id */
};

struct losses {
	struct check *check;
	struct loss *items;
	size_t n;
	size_t allocated;
};

static void losses_cleanup(struct losses *losses)
{
	for (size_t i = 0; i < losses->n; i++)
		free(losses->items[i].problem);
	free(losses->items);
}

/* The user that the owner of a line is; NULL: there is none. */
static const struct accounts_item *find_line_user(const struct check *check,
						  const struct entry *entry)
{
	const struct accounts_owner found =
		accounts_by_owner(&check->users, entry->owner, entry->owner_len);

	return found.digits ? found.by_uid : found.by_name;
}

static bool has_owner(const struct check *check, const struct entry *entry,
		      const struct accounts_item *user, const struct entry *wanted)
{
	const struct accounts_item *other = find_line_user(check, entry);

	if (user)
		return other && other->id == user->id;
	return entry->owner_len == wanted->owner_len &&
	       memcmp(entry->owner, wanted->owner, entry->owner_len) == 0;
}

/* Removes what our reading grants the same user, from all lines of a database. */
static int keep_granted(const struct check *check, unsigned int group,
			const struct accounts_item *user, const struct entry *wanted,
			struct range_set *left)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && left->n > 0 &&
	       table_next(&check->sides[group].table, &cursor, &line))
		if (!line.fault && range_set_overlaps(left, line.entry.range) &&
		    has_owner(check, &line.entry, user, wanted))
			r = range_set_subtract(left, line.entry.range);
	return r;
}

static int put_refused(struct losses *losses, const struct problem *problem,
		       const struct accounts_item *user, const struct entry *entry,
		       const struct loss *loss)
{
	const struct check *check = losses->check;
	int r = ARRAY_RESERVE(losses->items, losses->n, losses->allocated);
	struct loss *item;

	if (r)
		return r;
	item = &losses->items[losses->n];
	*item = *loss;
	if (user)
		snprintf(item->name, sizeof(item->name), "%s",
			 accounts_name(&check->users, user));
	else
		snprintf(item->name, sizeof(item->name), "%.*s", (int)entry->owner_len,
			 entry->owner);
	item->problem = malloc(sizeof(*problem));
	if (!item->problem)
		return -ENOMEM;
	*item->problem = *problem;
	losses->n++;
	return 0;
}

/* Adds the ids of a line, as shadow's map writers read it, that its owner loses. */
static int add_losses(struct losses *losses, const struct problem *problem,
		      const struct entry *entry, uint64_t line, bool excessive)
{
	CLEANUP(range_set_cleanup) struct range_set left = RANGE_SET(LIMIT_FILE_RANGES);
	const struct check *check = losses->check;
	const struct accounts_item *user = find_line_user(check, entry);
	struct loss loss = { .line = line, .excessive = excessive };
	int r;

	/* Map writers of shadow's grant a line only to a user. */
	if (!user && !accounts_by_name(&check->unknown, entry->owner, entry->owner_len))
		return 0;
	loss.group = problem->kind->group;
	r = range_set_add(&left, entry->range);
	if (r == 0 && !excessive && !check->refused[loss.group].code)
		r = keep_granted(check, loss.group, user, entry, &left);
	for (size_t i = 0; r == 0 && i < left.n; i++) {
		loss.ids = left.ranges[i];
		r = put_refused(losses, problem, user, entry, &loss);
	}
	return r;
}

/* Adds what a malformed line grants with shadow's map writers. */
static int add_malformed(struct losses *losses, unsigned int group,
			 const struct table_line *line, const struct problem *problem)
{
	struct entry_readings readings;
	int r = 0;

	table_readings(&losses->check->sides[group].table, line, &readings);
	for (size_t i = 0; r == 0 && i < readings.n; i++)
		if (readings.items[i].by_shadow)
			r = add_losses(losses, problem, &readings.items[i].entry,
				       line->number, readings.items[i].excessive);
	return r;
}

/* Adds all that a refused database grants with shadow's map writers. */
static int add_database(struct losses *losses, unsigned int group)
{
	const struct problem *problem = &losses->check->refused[group];
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(&losses->check->sides[group].table, &cursor, &line))
		r = line.fault ?
			    add_malformed(losses, group, &line, problem) :
			    add_losses(losses, problem, &line.entry, line.number, false);
	return r;
}

/* Adds the malformed lines of a database that is not refused as a whole. */
static int add_lines(struct losses *losses, unsigned int group)
{
	const struct check *check = losses->check;
	const struct problem *problem = check->noted, *end = problem + check->n_noted;
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(&check->sides[group].table, &cursor, &line)) {
		/* Both are in the order of the lines. */
		while (problem < end &&
		       (problem->kind->group != group || problem->line < line.number))
			problem++;
		if (line.fault && problem < end && problem->line == line.number)
			r = add_malformed(losses, group, &line, problem);
	}
	return r;
}

static int compare_losses(const void *a, const void *b)
{
	const struct loss *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	if (r)
		return r;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->ids.start < y->ids.start ? -1 : x->ids.start > y->ids.start;
}

static int report_loss(struct check *check, const struct loss *loss)
{
	struct problem problem = *loss->problem;
	const char *id = problem.kind->id;

	problem.severity = FINDING_WARNING;
	problem.line = loss->line;
	problem.other_line = 0;
	problem.other[0] = '\0';
	problem.ids = loss->ids;
	problem_copy_name(loss->name, strlen(loss->name), problem.owner);
	if (loss->excessive)
		causes_evidence(&problem.cause,
				_("%s loses every %s, which old versions of shadow's %s "
				  "grant: %s"),
				loss->name, id, problem.kind->mapper,
				loss->problem->cause.evidence);
	else
		causes_evidence(&problem.cause,
				_("%s loses the %ss %" PRIu64 "-%" PRIu64
				  ", which shadow's %s grants: %s"),
				loss->name, id, loss->ids.start, loss->ids.end - 1,
				problem.kind->mapper, loss->problem->cause.evidence);
	return check_print(check, &problem);
}

/*
 * Reports, sorted by user, what the users lose; check_lines() has loaded the databases.
 * Returns 0 or an exit status.
 */
int check_switch(struct check *check)
{
	CLEANUP(losses_cleanup) struct losses losses = { .check = check };
	int r = 0;

	/* Shadow's follow no symbolic link either: such a database is not loaded. */
	for (unsigned int group = 0; r == 0 && group < 2; group++)
		if (check->sides[group].readable)
			r = check->refused[group].code ? add_database(&losses, group) :
							 add_lines(&losses, group);
	if (r)
		return verb_fail(-r);
	if (losses.n > 0)
		qsort(losses.items, losses.n, sizeof(*losses.items), compare_losses);
	check->before_switch = false;
	for (size_t i = 0; r == 0 && i < losses.n; i++)
		r = report_loss(check, &losses.items[i]);
	return r ? r : check_print_summary(check);
}
