// SPDX-License-Identifier: BSD-3-Clause
/*
 * picture-rows: divides ids into rows that fit a screen.
 *
 * The scale is compressed: what is long and empty is one row, and ranges share rows as
 * far as their owners can be named. If there are too many ranges, small gaps between them
 * are drawn with them, and only the first and the last owner of a row are named.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/text-width.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/reserved.h"
#include "subid/picture/picture.h"

/* A part of a gap has a row of its own if it is a sixteenth of it, or can hold a range.
 */
#define GAP_PARTS  16
#define PART_LARGE 65536

/* Names are cut to so many cells, if they do not fit otherwise. */
static const size_t cuts[] = { 64, 16, 10 };

/* Returns the cells of a name, with the marks of its kind and of shared ids. */
size_t picture_name_cells(const struct picture *picture, const struct picture_item *item)
{
	const struct picture_question *question = picture->question;
	const char *name = question->names[item->owner];
	char text[PICTURE_NAME_BYTES];
	size_t cells;

	printable_copy(text, sizeof(text), name, strlen(name), question->charset);
	cells = text_width(text);
	if (cells > picture->cut)
		cells = picture->cut;
	return cells + (item->kinds == question->kinds ? 0 : 4) + item->shared;
}

static size_t lower_bound(const struct picture_question *question, unsigned int group,
			  uint64_t id)
{
	const uint32_t *accounts = question->accounts[group];

	return BISECT(question->n_accounts[group], i, accounts[i] >= id);
}

/* Returns how many users or groups have an id in a range. */
size_t picture_count_accounts(const struct picture_question *question, unsigned int group,
			      struct range ids)
{
	return lower_bound(question, group, ids.end) -
	       lower_bound(question, group, ids.start);
}

/* Finds the next reserved ids in a range. */
static bool next_reserved(const struct picture_question *question, struct range ids,
			  struct range *ret_common)
{
	const struct reserved *found =
		question->reserved && ids.start < ids.end ? reserved_find_in(ids) : NULL;

	return found &&
	       range_intersect(ids,
			       (struct range){ found->first, (uint64_t)found->last + 1 },
			       ret_common);
}

uint64_t picture_count_reserved(const struct picture_question *question, struct range ids)
{
	struct range common;
	uint64_t n = 0;

	while (next_reserved(question, ids, &common)) {
		n += range_count(common);
		ids.start = common.end;
	}
	return n;
}

static int append_row(struct picture *picture, struct picture_row row)
{
	int r = ARRAY_RESERVE(picture->rows, picture->n, picture->allocated);

	if (r == 0)
		picture->rows[picture->n++] = row;
	return r;
}

static bool has_accounts(const struct picture_question *question, struct range ids)
{
	return (question->kinds & 1 && picture_count_accounts(question, 0, ids)) ||
	       (question->kinds & 2 && picture_count_accounts(question, 1, ids));
}

/* Returns whether two parts of a gap would be shown alike. */
static bool are_alike(const struct picture_question *question, struct range a,
		      struct range b)
{
	return (2 * picture_count_reserved(question, a) > range_count(a)) ==
		       (2 * picture_count_reserved(question, b) > range_count(b)) &&
	       has_accounts(question, a) == has_accounts(question, b);
}

/* Appends a part of a gap; one that is small or alike belongs to the part before. */
static int add_part(struct picture *picture, struct range part, size_t gap_row,
		    uint64_t least)
{
	struct picture_row *last =
		picture->n > gap_row ? &picture->rows[picture->n - 1] : NULL;

	if (part.start >= part.end)
		return 0;
	if (last && (range_count(part) < least || range_count(last->ids) < least ||
		     are_alike(picture->question, last->ids, part))) {
		last->ids.end = part.end;
		return 0;
	}
	return append_row(picture, (struct picture_row){ .ids = part });
}

/* Divides ids that are not reserved: free ones, then those of accounts, then free ones.
 */
static int add_unreserved(struct picture *picture, struct range ids, size_t gap_row,
			  uint64_t least)
{
	const struct picture_question *question = picture->question;
	struct range used = { ids.end, ids.end };
	int r;

	for (unsigned int group = 0; group < 2; group++) {
		size_t n = picture_count_accounts(question, group, ids), at;

		if (n == 0 || !(question->kinds & 1U << group))
			continue;
		at = lower_bound(question, group, ids.start);
		used = range_span(
			used.start < used.end ?
				used :
				(struct range){ question->accounts[group][at],
						(uint64_t)question->accounts[group][at] +
							1 },
			(struct range){ question->accounts[group][at],
					(uint64_t)question->accounts[group][at + n - 1] +
						1 });
	}
	r = add_part(picture, (struct range){ ids.start, used.start }, gap_row, least);
	if (r == 0)
		r = add_part(picture, used, gap_row, least);
	return r ? r :
		   add_part(picture, (struct range){ used.end, ids.end }, gap_row, least);
}

/* Adds the rows of ids between ranges. */
static int add_gap(struct picture *picture, struct range gap)
{
	uint64_t sixteenth = range_count(gap) / GAP_PARTS;
	uint64_t least = sixteenth < PART_LARGE ? sixteenth : PART_LARGE;
	size_t gap_row = picture->n;
	struct range common;
	int r = 0;

	while (r == 0 && next_reserved(picture->question, gap, &common)) {
		r = add_unreserved(picture, (struct range){ gap.start, common.start },
				   gap_row, least);
		if (r == 0)
			r = add_part(picture, common, gap_row, least);
		gap.start = common.end;
	}
	return r ? r : add_unreserved(picture, gap, gap_row, least);
}

/* Returns how many items from @i to @end share a row: at most @most, with their names. */
static size_t row_items(const struct picture *picture, size_t i, size_t end, size_t most,
			bool named)
{
	size_t cells = 0, n = 0;

	while (i + n < end && n < most) {
		if (named) {
			cells += picture_name_cells(picture,
						    &picture->question->items[i + n]) +
				 (n > 0);
			if (n > 0 && cells > picture->name_cells)
				break;
		}
		n++;
	}
	return n;
}

/* How rows are made: gaps from @gap on are rows, at most @most ranges share one. */
struct manner {
	uint64_t gap;
	size_t most;
	bool named;
	size_t rows; /* more rows than this are not made */
};

/* Adds the rows of adjacent ranges, the items from @i to @end. */
static int add_ranges(struct picture *picture, size_t i, size_t end, struct range ids,
		      const struct manner *manner)
{
	const struct picture_item *items = picture->question->items;
	int r = 0;

	while (r == 0 && i < end && picture->n <= manner->rows) {
		size_t n = row_items(picture, i, end, manner->most, manner->named);
		struct picture_row row = {
			.ids = ids, .ranges = true, .item = i, .n = n
		};

		/* Ranges that begin with the same id cannot be told apart by rows. */
		while (i + n < end && items[i + n].first <= ids.start)
			row.n = ++n;
		row.short_ = !manner->named;
		if (i + n < end)
			row.ids.end = ids.start = items[i + n].first;
		r = append_row(picture, row);
		i += n;
	}
	return r;
}

/* Makes all rows, unless they are more than allowed. */
static int make_rows(struct picture *picture, const struct manner *manner)
{
	const struct picture_question *question = picture->question;
	struct range span = question->span;
	uint64_t reach = span.start, start = reach;
	size_t from = 0;
	int r = 0;

	picture->n = 0;
	for (size_t i = 0; r == 0 && i <= question->n && picture->n <= manner->rows;
	     i++) {
		uint64_t first = i < question->n ? question->items[i].first : span.end;

		if (first < span.start)
			first = span.start;
		/* ids behind the last range that are to be drawn with it */
		if (i == question->n && i > from && first < reach + manner->gap)
			reach = first;
		if (i == question->n || first >= reach + manner->gap) {
			if (i > from)
				r = add_ranges(picture, from, i,
					       (struct range){ start, reach }, manner);
			if (r == 0 && first > reach)
				r = add_gap(picture, (struct range){ reach, first });
			from = i;
			start = first;
		}
		if (i < question->n && reach <= question->items[i].last)
			reach = (uint64_t)question->items[i].last + 1;
		if (reach > span.end)
			reach = span.end;
	}
	return r;
}

static int compare_sizes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* Lists the sizes of gaps, the largest first. */
static int list_gaps(const struct picture_question *question, uint64_t **ret_sizes,
		     size_t *ret_n)
{
	uint64_t *sizes = reallocarray(NULL, question->n + 1, sizeof(*sizes));
	uint64_t reach = question->span.start;
	size_t n = 0;

	if (!sizes)
		return -ENOMEM;
	for (size_t i = 0; i < question->n; i++) {
		if (question->items[i].first > reach)
			sizes[n++] = question->items[i].first - reach;
		if (reach <= question->items[i].last)
			reach = (uint64_t)question->items[i].last + 1;
	}
	if (question->span.end > reach)
		sizes[n++] = question->span.end - reach;
	qsort(sizes, n, sizeof(*sizes), compare_sizes);
	*ret_sizes = sizes;
	*ret_n = n;
	return 0;
}

/* Returns the smallest size that at most @n gaps have. */
static uint64_t least_gap(const uint64_t *sizes, size_t n_sizes, size_t n)
{
	if (n >= n_sizes)
		return 1;
	while (n > 0 && sizes[n - 1] == sizes[n])
		n--;
	return n > 0 ? sizes[n - 1] : ID_END + 1;
}

/* Makes rows with few ranges each, if all fit with many. */
static int try_manner(struct picture *picture, struct manner *manner, bool *ret_fits)
{
	int r;

	manner->most = SIZE_MAX;
	r = make_rows(picture, manner);
	*ret_fits = r == 0 && picture->n <= manner->rows;
	if (!*ret_fits)
		return r;
	*ret_fits = false;
	for (manner->most = 1; r == 0 && !*ret_fits; manner->most++) {
		r = make_rows(picture, manner);
		*ret_fits = r == 0 && picture->n <= manner->rows;
	}
	return r;
}

/*
 * Tries to name all owners: with few to a row if there are many rows, and with fewer gaps
 * and shorter names if there are few.
 */
static int try_names(struct picture *picture, const uint64_t *sizes, size_t n_sizes,
		     size_t rows, bool *ret_fits)
{
	int r = 0;

	*ret_fits = false;
	if (picture->question->n > rows * picture->name_cells)
		return 0;
	for (size_t c = 0; r == 0 && !*ret_fits && c < sizeof(cuts) / sizeof(cuts[0]);
	     c++) {
		size_t gaps = rows;

		picture->cut =
			cuts[c] < picture->name_cells ? cuts[c] : picture->name_cells;
		do {
			struct manner manner = {
				.gap = least_gap(sizes, n_sizes, gaps),
				.named = true,
				.rows = rows,
			};

			r = try_manner(picture, &manner, ret_fits);
			gaps = gaps * 3 / 4;
		} while (r == 0 && !*ret_fits && gaps > 0);
	}
	return r;
}

/* Makes rows of as many ranges as necessary. */
static int make_short_rows(struct picture *picture, const uint64_t *sizes, size_t n_sizes,
			   size_t rows)
{
	struct manner manner = {
		.gap = least_gap(sizes, n_sizes, rows / 3),
		.most = picture->question->n / rows + 1,
		.rows = rows,
	};
	int r = make_rows(picture, &manner);

	while (r == 0 && picture->n > rows) {
		if (manner.most > picture->question->n)
			manner.gap = ID_END + 1;
		manner.most += manner.most / 8 + 1;
		r = make_rows(picture, &manner);
		if (manner.gap > ID_END && manner.most > 4 * picture->question->n + 64)
			break;
	}
	return r;
}

/*
 * Divides the ids into @rows rows at most. Returns 0 or -ENOMEM.
 */
int picture_make_rows(struct picture *picture, size_t rows)
{
	CLEANUP(cleanup_free) uint64_t *sizes = NULL;
	size_t n_sizes;
	bool fits;
	int r = list_gaps(picture->question, &sizes, &n_sizes);

	if (r == 0)
		r = try_names(picture, sizes, n_sizes, rows, &fits);
	if (r || fits)
		return r;
	picture->cut = cuts[0];
	return make_short_rows(picture, sizes, n_sizes, rows);
}
