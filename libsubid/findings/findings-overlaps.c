// SPDX-License-Identifier: BSD-3-Clause
/*
 * findings-overlaps: finds ids that lines of several owners have, and the owner that
 * keeps them.
 *
 * Lines are ranked: those of owners with an account before those of owners without one;
 * then lines that share ids with one such owner before lines that share with several;
 * then by their order in the file. The owner of the best line with an id keeps it.
 * Invariant: an id in dispute stays with exactly one owner if each other owner loses it,
 * in any order.
 *
 * Sharing with root is a note, and decides nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/findings/findings.h"

/* The most findings about one line; the last one has all remaining ids, even if several
 * lines keep them. */
#define PIECES_MAX 8
/* The most parts that are compared in a search, and the parts of each line that always
 * are; the next search finds what is left. */
#define PARTS_MAX (1 << 22)
#define PARTS_MIN 2
/* The most following lines that are compared to find a second owner. */
#define FOLLOWING_MAX 64

#define NO_LINE UINT32_MAX

/* A line that is not root's. */
struct contestant {
	const struct search_line *line;
	uint32_t owner; /* the number of a holder */
	bool no_account;
	bool contested; /* shares ids with another owner */
	bool several;  /* ... with several owners that also have, or have not, accounts */
	uint32_t next; /* the next line of another owner, in the order of ids */
};

/* Ids between two ends of lines: a line has all of them or none. */
struct part {
	uint32_t keeper; /* the best line with these ids, or NO_LINE */
	uint32_t next;	 /* this part, or the next one that may have no keeper */
};

struct contest {
	struct search *search;
	unsigned group;
	struct contestant *lines; /* sorted by ids, and then by rank */
	size_t n;
	uint64_t *ends; /* where parts begin, and where the last one ends */
	size_t n_ends;
	struct part *parts;
	size_t left; /* parts that may still be compared */
};

static void contest_cleanup(struct contest *contest)
{
	free(contest->lines);
	free(contest->ends);
	free(contest->parts);
}

static bool holder_is_among(const struct accounts *accounts, const struct holder *holder)
{
	return accounts && accounts->n > 0 &&
	       accounts_by_name(accounts, holder->name, holder->name_len);
}

/* An owner that may have an account, or has one by another name, counts as having one. */
static bool has_no_account(const struct search *search, uint32_t number)
{
	const struct holder *holder = &search->holders.items[number];
	const struct findings_question *question = &search->findings->question;

	return !holder->has_account && !holder_is_among(question->unknown, holder) &&
	       !holder_is_among(question->renamed, holder);
}

/* Returns the number of the owner: of the account that an owner without one has become.
 */
static uint32_t owner_of(const struct search *search, uint32_t number)
{
	const struct accounts *renamed = search->findings->question.renamed;
	const struct holder *holder = &search->holders.items[number];
	const struct accounts_item *now;

	if (holder->has_account || !renamed || renamed->n == 0)
		return number;
	now = accounts_by_name(renamed, holder->name, holder->name_len);
	for (uint32_t i = 0; now && i < search->holders.n; i++)
		if (search->holders.items[i].has_account &&
		    search->holders.items[i].uid == now->id)
			return i;
	return number;
}

static int take_contestants(struct contest *contest)
{
	const struct search_lines *side = &contest->search->sides[contest->group];

	contest->lines = reallocarray(NULL, side->n + 1, sizeof(*contest->lines));
	if (!contest->lines)
		return -ENOMEM;
	for (size_t i = 0; i < side->n; i++) {
		const struct search_line *line = &side->lines[side->order[i]];

		if (!search_is_root(contest->search, line->holder))
			contest->lines[contest->n++] = (struct contestant){
				.line = line,
				.owner = owner_of(contest->search, line->holder),
				.no_account =
					has_no_account(contest->search, line->holder),
				.next = NO_LINE,
			};
	}
	for (size_t i = contest->n; i-- > 1;) {
		struct contestant *before = &contest->lines[i - 1];

		before->next =
			before->owner != before[1].owner ? (uint32_t)i : before[1].next;
	}
	return 0;
}

/* Of the lines so far, those of three owners that reach furthest. */
struct reach {
	const struct contestant *far[3];
};

static void reach_put(struct reach *reach, const struct contestant *item)
{
	const struct contestant **far = reach->far;
	size_t i = 0;

	while (i < 2 && far[i] && far[i]->owner != item->owner)
		i++;
	if (far[i] && far[i]->line->last >= item->line->last)
		return;
	for (; i > 0 && far[i - 1]->line->last < item->line->last; i--)
		far[i] = far[i - 1];
	far[i] = item;
}

/* The owners that a line shares ids with: none, one, or more. */
struct rivals {
	uint32_t owner;
	size_t n;
};

static void rivals_put(struct rivals *rivals, uint32_t owner)
{
	if (rivals->n == 0)
		*rivals = (struct rivals){ owner, 1 };
	else if (rivals->owner != owner)
		rivals->n = 2;
}

static void find_before(const struct contestant *item, const struct reach *reach,
			struct rivals *rivals)
{
	for (size_t i = 0; i < 3 && reach->far[i]; i++)
		if (reach->far[i]->owner != item->owner &&
		    reach->far[i]->line->last >= item->line->first)
			rivals_put(rivals, reach->far[i]->owner);
}

static void find_behind(const struct contest *contest, const struct contestant *item,
			struct rivals rivals[2])
{
	uint32_t at = item->next;

	for (size_t i = 0; i < FOLLOWING_MAX && at != NO_LINE; i++) {
		const struct contestant *other = &contest->lines[at];

		if (other->line->first > item->line->last ||
		    rivals[item->no_account].n > 1)
			return;
		if (other->owner != item->owner)
			rivals_put(&rivals[other->no_account], other->owner);
		at = other->next;
	}
}

/* Finds the lines that share ids with other owners, and leaves out all others. */
static void find_contested(struct contest *contest)
{
	struct reach reaches[2] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < contest->n; i++) {
		struct contestant *item = &contest->lines[i];
		struct rivals rivals[2] = { 0 };

		find_before(item, &reaches[0], &rivals[0]);
		find_before(item, &reaches[1], &rivals[1]);
		find_behind(contest, item, rivals);
		item->contested = rivals[0].n + rivals[1].n > 0;
		item->several = rivals[item->no_account].n > 1;
		reach_put(&reaches[item->no_account], item);
	}
	for (size_t i = 0; i < contest->n; i++)
		if (contest->lines[i].contested)
			contest->lines[n++] = contest->lines[i];
	contest->n = n;
}

static int compare_rank(const void *a, const void *b)
{
	const struct contestant *x = a, *y = b;

	if (x->no_account != y->no_account)
		return x->no_account ? 1 : -1;
	if (x->several != y->several)
		return x->several ? 1 : -1;
	return x->line->number < y->line->number ? -1 : 1;
}

static int compare_ends(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int make_parts(struct contest *contest)
{
	size_t n = 0;

	contest->ends = reallocarray(NULL, 2 * contest->n, sizeof(*contest->ends));
	contest->parts = reallocarray(NULL, 2 * contest->n, sizeof(*contest->parts));
	if (!contest->ends || !contest->parts)
		return -ENOMEM;
	for (size_t i = 0; i < contest->n; i++) {
		contest->ends[n++] = contest->lines[i].line->first;
		contest->ends[n++] = (uint64_t)contest->lines[i].line->last + 1;
	}
	qsort(contest->ends, n, sizeof(*contest->ends), compare_ends);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || contest->ends[i] != contest->ends[contest->n_ends - 1])
			contest->ends[contest->n_ends++] = contest->ends[i];
	for (size_t i = 0; i < contest->n_ends; i++)
		contest->parts[i] = (struct part){ NO_LINE, (uint32_t)i };
	return 0;
}

static size_t find_end(const struct contest *contest, uint64_t id)
{
	const uint64_t *found =
		bsearch(&id, contest->ends, contest->n_ends, sizeof(id), compare_ends);

	return (size_t)(found - contest->ends);
}

/* Returns the first part from @at on that has no keeper. */
static uint32_t find_free_part(struct contest *contest, uint32_t at)
{
	struct part *parts = contest->parts;

	while (parts[at].next != at) {
		parts[at].next = parts[parts[at].next].next;
		at = parts[at].next;
	}
	return at;
}

/* Gives the line all its ids that no better line has. */
static void keep_parts(struct contest *contest, uint32_t line, size_t from, size_t to)
{
	for (uint32_t at = find_free_part(contest, (uint32_t)from); at < to;
	     at = find_free_part(contest, at)) {
		contest->parts[at].keeper = line;
		contest->parts[at].next = at + 1;
	}
}

static int put_loss(struct contest *contest, const struct search_line *line,
		    const struct search_line *keeper, size_t from, size_t to)
{
	return findings_put(contest->search->findings,
			    (struct findings_item){
				    .line = line->number,
				    .offset = line->offset,
				    .other_line = keeper->number,
				    .other = keeper->offset,
				    .first = (uint32_t)contest->ends[from],
				    .last = (uint32_t)(contest->ends[to] - 1),
				    .code = FINDING_OVERLAP,
				    .group = (uint8_t)contest->group,
			    },
			    false);
}

static const struct contestant *keeper_of(const struct contest *contest, size_t part)
{
	uint32_t keeper = contest->parts[part].keeper;

	return keeper == NO_LINE ? NULL : &contest->lines[keeper];
}

/* Whether the ids of a part belong to the finding about those before. */
static bool is_same_piece(const struct contest *contest, const struct contestant *item,
			  const struct contestant *keeper, size_t part, size_t pieces)
{
	const struct contestant *other = keeper_of(contest, part);

	return other == keeper ||
	       (pieces + 1 == PIECES_MAX && other && other->owner != item->owner);
}

/* Reports the ids that the line loses, one finding for each line that keeps some. */
static int report_losses(struct contest *contest, const struct contestant *item,
			 size_t from, size_t to)
{
	size_t limit = contest->left > PARTS_MIN ? contest->left : PARTS_MIN;
	size_t pieces = 0;
	int r = 0;

	if (to - from > limit)
		to = from + limit;
	contest->left -= to - from < contest->left ? to - from : contest->left;
	while (r == 0 && from < to && pieces < PIECES_MAX) {
		const struct contestant *keeper = keeper_of(contest, from);
		size_t begin = from++;

		if (!keeper || keeper->owner == item->owner)
			continue;
		while (from < to && is_same_piece(contest, item, keeper, from, pieces))
			from++;
		r = put_loss(contest, item->line, keeper->line, begin, from);
		pieces++;
	}
	return r;
}

static int decide_contest(struct contest *contest)
{
	int r = make_parts(contest);

	qsort(contest->lines, contest->n, sizeof(*contest->lines), compare_rank);
	for (size_t i = 0; r == 0 && i < contest->n; i++) {
		const struct search_line *line = contest->lines[i].line;
		size_t from = find_end(contest, line->first);
		size_t to = find_end(contest, (uint64_t)line->last + 1);

		r = report_losses(contest, &contest->lines[i], from, to);
		keep_parts(contest, (uint32_t)i, from, to);
	}
	return r;
}

/*
 * Finds the ids in dispute between owners in one database, whose lines are sorted by ids;
 * the line of a finding is the one that loses them. Returns 0 or -ENOMEM.
 */
int search_overlaps(struct search *search, unsigned group)
{
	CLEANUP(contest_cleanup)
	struct contest contest = { .search = search, .group = group, .left = PARTS_MAX };
	int r = take_contestants(&contest);

	if (r)
		return r;
	find_contested(&contest);
	return contest.n ? decide_contest(&contest) : 0;
}
