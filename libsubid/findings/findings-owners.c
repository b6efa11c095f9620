// SPDX-License-Identifier: BSD-3-Clause
/*
 * findings-owners: finds conflicts between lines.
 *
 * Lines are sorted by first id, last id and line number, and then also by owner. Ids that
 * lines of several owners have are found in findings-overlaps.c.
 * Invariant: a line that shares ids with an earlier one of its owner is reported,
 * together with the earlier line that reaches furthest.
 */
#include <errno.h>
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/findings/findings.h"

/* A radix sort by 16 bits at a time: no comparisons, and stable. */
#define DIGITS (1U << 16)

enum key { KEY_FIRST, KEY_LAST, KEY_HOLDER };

static uint32_t key_of(const struct search_line *line, enum key key)
{
	return key == KEY_FIRST ? line->first :
	       key == KEY_LAST	? line->last :
				  line->holder;
}

static uint32_t key_digit(const struct search_line *line, enum key key, unsigned shift)
{
	return key_of(line, key) >> shift & (DIGITS - 1);
}

/* Counts only between the lowest and the highest digit: few in a small database. */
static void sort_by_digit(struct search_lines *side, enum key key, unsigned shift,
			  uint32_t *count, uint32_t *other)
{
	uint32_t *order = side->order, low = DIGITS - 1, high = 0, sum = 0;

	for (size_t i = 0; i < side->n; i++) {
		uint32_t digit = key_digit(&side->lines[i], key, shift);

		low = digit < low ? digit : low;
		high = digit > high ? digit : high;
	}
	for (uint32_t digit = low; digit <= high; digit++)
		count[digit] = 0;
	for (size_t i = 0; i < side->n; i++)
		count[key_digit(&side->lines[i], key, shift)]++;
	for (uint32_t digit = low; digit <= high; digit++) {
		uint32_t n = count[digit];

		count[digit] = sum;
		sum += n;
	}
	for (size_t i = 0; i < side->n; i++) {
		uint32_t line = order[i];

		other[count[key_digit(&side->lines[line], key, shift)]++] = line;
	}
}

/* Sorts the order of the lines by a key; the sort is stable. */
static int sort_by(struct search_lines *side, enum key key)
{
	CLEANUP(cleanup_free)
	uint32_t *count = reallocarray(NULL, DIGITS, sizeof(*count));
	CLEANUP(cleanup_free)
	uint32_t *other = reallocarray(NULL, side->n + 1, sizeof(*other));

	if (!count || !other)
		return -ENOMEM;
	for (unsigned shift = 0; shift < 32; shift += 16) {
		uint32_t *order = side->order;

		sort_by_digit(side, key, shift, count, other);
		side->order = other;
		other = order;
	}
	return 0;
}

static int sort_by_ids(struct search_lines *side)
{
	int r;

	side->order = reallocarray(NULL, side->n + 1, sizeof(*side->order));
	if (!side->order)
		return -ENOMEM;
	for (size_t i = 0; i < side->n; i++)
		side->order[i] = (uint32_t)i;
	r = sort_by(side, KEY_LAST);
	return r ? r : sort_by(side, KEY_FIRST);
}

static const struct search_line *line_at(const struct search_lines *side, size_t i)
{
	return &side->lines[side->order[i]];
}

/* Adds a finding, at @line, about two lines that share ids. */
static int put_pair(struct search *search, unsigned group, enum finding_code code,
		    const struct search_line *line, const struct search_line *other,
		    bool of_root)
{
	struct findings_item item = {
		.line = line->number,
		.offset = line->offset,
		.other_line = other->number,
		.other = other->offset,
		.first = line->first > other->first ? line->first : other->first,
		.last = line->last < other->last ? line->last : other->last,
		.code = (uint8_t)code,
		.group = (uint8_t)group,
	};

	return findings_put(search->findings, item, of_root);
}

static bool is_further(const struct search_line *line, const struct search_line *than)
{
	return !than || line->last > than->last;
}

static bool reaches(const struct search_line *line, const struct search_line *next)
{
	return line && line->last >= next->first;
}

/* Reports each line that shares ids with root, or root's line with another owner. */
static int find_shared_with_root(struct search *search, unsigned group)
{
	const struct search_line *far[2] = { NULL, NULL };
	struct search_lines *side = &search->sides[group];

	for (size_t i = 0; i < side->n; i++) {
		const struct search_line *line = line_at(side, i);
		bool of_root = search_is_root(search, line->holder);
		int r = reaches(far[!of_root], line) ?
				put_pair(search, group, FINDING_OVERLAP, line,
					 far[!of_root], true) :
				0;

		if (r)
			return r;
		if (is_further(line, far[of_root]))
			far[of_root] = line;
	}
	return 0;
}

static bool same_ids(const struct search_line *a, const struct search_line *b)
{
	return a->first == b->first && a->last == b->last;
}

/* Compares lines with equal ranges by their owners. */
static bool same_text(const struct table *table, const struct search_line *a,
		      const struct search_line *b)
{
	const char *x = table->text + a->offset, *y = table->text + b->offset;

	for (; *x == *y; x++, y++)
		if (*x == ':')
			return true;
	return false;
}

/* Finds the first line with the text of line @i; lines @from to @i have the same ids. */
static const struct search_line *find_same(const struct search *search, unsigned group,
					   size_t from, size_t i)
{
	const struct table *table = search->findings->question.tables[group];
	const struct search_lines *side = &search->sides[group];

	for (; from < i; from++)
		if (same_text(table, line_at(side, from), line_at(side, i)))
			return line_at(side, from);
	return NULL;
}

/* Checks line @i against the earlier lines of its owner. */
static int find_own(struct search *search, unsigned group, size_t same_from, size_t i,
		    const struct search_line *far)
{
	const struct search_line *line = line_at(&search->sides[group], i);
	const struct search_line *same = find_same(search, group, same_from, i);

	if (same)
		return put_pair(search, group, FINDING_DUPLICATE, line, same, false);
	if (reaches(far, line))
		return put_pair(search, group, FINDING_OWN_OVERLAP, line, far, false);
	return 0;
}

/* Needs the lines sorted by owner. */
static int find_own_overlaps(struct search *search, unsigned group)
{
	struct search_lines *side = &search->sides[group];
	const struct search_line *far = NULL, *line, *before = NULL;
	size_t same_from = 0;

	for (size_t i = 0; i < side->n; i++, before = line) {
		int r;

		line = line_at(side, i);
		if (before && before->holder != line->holder)
			far = NULL;
		if (!far || !same_ids(before, line))
			same_from = i;
		r = find_own(search, group, same_from, i, far);
		if (r)
			return r;
		if (is_further(line, far))
			far = line;
	}
	return 0;
}

/* Iterates over the ranges of one owner in one database; ranges that touch are joined. */
struct merge {
	const struct search_lines *side;
	size_t at;
	uint32_t holder;
};

static const struct search_line *merge_line(const struct merge *merge)
{
	const struct search_line *line;

	if (merge->at == merge->side->n)
		return NULL;
	line = line_at(merge->side, merge->at);
	return line->holder == merge->holder ? line : NULL;
}

/* Returns the next range; its end is 0 if there is none. */
static struct range merge_next(struct merge *merge)
{
	const struct search_line *line = merge_line(merge);
	struct range range = { 0 };

	if (line)
		range = (struct range){ line->first, line->first };
	for (; line && line->first <= range.end; merge->at++, line = merge_line(merge))
		if ((uint64_t)line->last + 1 > range.end)
			range.end = (uint64_t)line->last + 1;
	return range;
}

/*
 * Returns, from the first ranges that differ, the database that grants ids which the
 * other one does not, and the first run of those ids.
 */
static unsigned first_difference(struct range uids, struct range gids,
				 struct merge sides[static 2], struct range *ret_ids)
{
	bool same_start = uids.end != 0 && gids.end != 0 && uids.start == gids.start;
	unsigned group =
		same_start ? gids.end > uids.end :
			     uids.end == 0 || (gids.end != 0 && gids.start < uids.start);
	struct range more = group ? gids : uids, less = group ? uids : gids;

	if (same_start) {
		/* The longer range has ids that the shorter one has not. */
		more.start = less.end;
		less = merge_next(&sides[!group]);
	}
	if (less.end != 0 && less.start < more.end)
		more.end = less.start;
	*ret_ids = more;
	return group;
}

static int put_side(struct search *search, unsigned group, enum finding_code code,
		    struct range ids, const struct merge *begin)
{
	const struct search_line *line = line_at(&search->sides[group], begin->at), *next;
	struct merge at = *begin;
	struct findings_item item;

	/* Report the first line in the file with some of these ids. */
	for (; (next = merge_line(&at)); at.at++)
		if (next->first < ids.end && next->last >= ids.start &&
		    (next->number < line->number || line->last < ids.start ||
		     line->first >= ids.end))
			line = next;
	item = (struct findings_item){
		.line = line->number,
		.offset = line->offset,
		.first = (uint32_t)ids.start,
		.last = (uint32_t)(ids.end - 1),
		.code = (uint8_t)code,
		.group = (uint8_t)group,
	};
	return findings_put(search->findings, item, false);
}

/* Compares the ranges of one owner in both databases; its lines begin at @sides. */
static int compare_sides(struct search *search, struct merge sides[static 2])
{
	const struct merge begin[2] = { sides[0], sides[1] };
	bool one_side = !merge_line(&sides[0]) || !merge_line(&sides[1]);
	struct range uids, gids, ids;
	unsigned group;

	do {
		uids = merge_next(&sides[0]);
		gids = merge_next(&sides[1]);
	} while (uids.end != 0 && range_equals(uids, gids));
	if (uids.end == 0 && gids.end == 0)
		return 0;
	group = first_difference(uids, gids, sides, &ids);
	return put_side(search, group, one_side ? FINDING_ONE_SIDE : FINDING_SIDES_DIFFER,
			ids, &begin[group]);
}

/* Skips the remaining lines of an owner. */
static void skip_owner(struct merge *merge)
{
	while (merge_line(merge))
		merge->at++;
}

/* Retired ids are of one kind if only those were retired. */
static bool has_retired_owner(const struct search *search, uint32_t number)
{
	const struct holder *holder = &search->holders.items[number];

	return entry_owner_is_retired(holder->name, holder->name_len);
}

static int find_differing_sides(struct search *search)
{
	struct merge sides[2] = { { .side = &search->sides[0] },
				  { .side = &search->sides[1] } };

	for (uint32_t holder = 0; holder < search->holders.n; holder++) {
		int r;

		sides[0].holder = sides[1].holder = holder;
		/* A finding about kubelet replaces its lines in any case. */
		r = holder == search->kubelet || has_retired_owner(search, holder) ?
			    0 :
			    compare_sides(search, sides);
		if (r)
			return r;
		skip_owner(&sides[0]);
		skip_owner(&sides[1]);
	}
	return 0;
}

/* Compares the lines of both databases with each other. Returns 0 or -ENOMEM. */
int search_owners(struct search *search)
{
	const struct findings_question *question = &search->findings->question;

	owner_table_close(&search->holders);
	for (unsigned group = 0; group < 2; group++) {
		struct search_lines *side = &search->sides[group];
		int r = sort_by_ids(side);

		if (r == 0)
			r = find_shared_with_root(search, group);
		if (r == 0)
			r = search_overlaps(search, group);
		if (r == 0)
			r = sort_by(side, KEY_HOLDER);
		if (r == 0)
			r = find_own_overlaps(search, group);
		if (r)
			return r;
	}
	return question->tables[0] && question->tables[1] ? find_differing_sides(search) :
							    0;
}
