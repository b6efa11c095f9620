// SPDX-License-Identifier: BSD-3-Clause
/*
 * picture-cells: divides the rows of a picture into cells, and counts what is in each.
 *
 * A row is drawn to scale, but each range and gap has a cell if there are enough.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "subid/picture/picture.h"

static struct range item_ids(const struct picture_item *item)
{
	return (struct range){ item->first, (uint64_t)item->last + 1 };
}

static int compare_edges(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Lists where ranges begin and end in a row; returns more than @max if there are too
 * many. */
static size_t list_borders(const struct picture *picture, const struct picture_row *row,
			   uint64_t *borders, size_t max)
{
	const struct picture_item *items = picture->question->items;
	size_t n = 0, unique = 0;

	borders[n++] = row->ids.start;
	borders[n++] = row->ids.end;
	for (size_t i = row->item - (row->reach > 0); i < row->item + row->n; i++) {
		const struct picture_item *item =
			i < row->item ? &items[row->reach - 1] : &items[i];
		const uint64_t ends[] = { item->first, (uint64_t)item->last + 1 };

		for (size_t j = 0; j < 2; j++) {
			if (ends[j] <= row->ids.start || ends[j] >= row->ids.end)
				continue;
			if (n == max)
				return max + 1;
			borders[n++] = ends[j];
		}
	}
	qsort(borders, n, sizeof(*borders), compare_edges);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || borders[i] != borders[unique - 1])
			borders[unique++] = borders[i];
	return unique;
}

/* Divides ids into equal cells. */
static size_t add_cells(struct picture_row *row, struct range ids, size_t n)
{
	uint64_t count = range_count(ids);

	if (n > count)
		n = (size_t)count;
	for (size_t i = 0; i < n; i++)
		row->cells[row->n_cells++].ids =
			(struct range){ ids.start + count * i / n,
					ids.start + count * (i + 1) / n };
	return n;
}

static int make_cells(struct picture *picture, struct picture_row *row)
{
	size_t width = picture->bar_cells, max = 2 * width + 2, n, left;
	CLEANUP(cleanup_free)
	uint64_t *borders = reallocarray(NULL, max, sizeof(*borders));
	uint64_t ids = range_count(row->ids);

	row->cells = calloc(width, sizeof(*row->cells));
	if (!borders || !row->cells)
		return -ENOMEM;
	n = list_borders(picture, row, borders, max);
	if (n - 1 > width) {
		add_cells(row, row->ids, width);
		return 0;
	}
	left = width - (n - 1);
	for (size_t i = 0; i + 1 < n; i++) {
		struct range part = { borders[i], borders[i + 1] };
		uint64_t before = part.start - row->ids.start;
		size_t more = (size_t)((before + range_count(part)) * left / ids -
				       before * left / ids);

		add_cells(row, part, 1 + more);
	}
	return 0;
}

/* Marks ids of one kind in all cells. */
static void cover(struct picture *picture, struct range ids, unsigned int group,
		  bool shared, bool odd)
{
	size_t at = BISECT(picture->n, i, picture->rows[i].ids.end > ids.start);

	for (; at < picture->n && picture->rows[at].ids.start < ids.end; at++) {
		struct picture_row *row = &picture->rows[at];
		size_t cell = BISECT(row->n_cells, i, row->cells[i].ids.end > ids.start);

		for (; cell < row->n_cells; cell++) {
			struct picture_cell *here = &row->cells[cell];
			struct range common;

			if (!range_intersect(here->ids, ids, &common))
				break;
			if (shared) {
				here->shared = true;
				continue;
			}
			here->covered[group] += range_count(common);
			here->odd = odd;
		}
	}
}

/* The ranges of one kind before an item: those of two owners that reach furthest. */
struct furthest {
	size_t item[2]; /* plus 1; 0: none */
	uint64_t end[2];
};

/* Returns the item of another owner that reaches furthest beyond @start, plus 1. */
static size_t find_second_owner(const struct picture_item *items,
				const struct furthest *furthest,
				const struct picture_item *item)
{
	for (size_t i = 0; i < 2; i++)
		if (furthest->item[i] && furthest->end[i] > item->first &&
		    items[furthest->item[i] - 1].owner != item->owner)
			return furthest->item[i];
	return 0;
}

static void note_furthest(const struct picture_item *items, struct furthest *furthest,
			  size_t i)
{
	uint64_t end = (uint64_t)items[i].last + 1;
	bool same =
		furthest->item[0] && items[furthest->item[0] - 1].owner == items[i].owner;

	if (end > furthest->end[0]) {
		if (!same) {
			furthest->item[1] = furthest->item[0];
			furthest->end[1] = furthest->end[0];
		}
		furthest->item[0] = i + 1;
		furthest->end[0] = end;
	} else if (!same && end > furthest->end[1]) {
		furthest->item[1] = i + 1;
		furthest->end[1] = end;
	}
}

/* Finds the ids that several owners have: marks the items, and with rows also the cells.
 */
void picture_find_shared(struct picture *picture, unsigned int group)
{
	struct picture_item *items = picture->question->items;
	struct furthest furthest = { .item = { 0 } };

	for (size_t i = 0; i < picture->question->n; i++) {
		size_t other;

		if (!(items[i].kinds & 1U << group))
			continue;
		other = find_second_owner(items, &furthest, &items[i]);
		if (other) {
			struct range common = item_ids(&items[i]);

			items[i].shared = items[other - 1].shared = true;
			range_intersect(common, item_ids(&items[other - 1]), &common);
			cover(picture, common, group, true, false);
		}
		note_furthest(items, &furthest, i);
	}
}

static void cover_all(struct picture *picture, unsigned int group)
{
	const struct picture_question *question = picture->question;
	uint64_t reach = 0;

	for (size_t i = 0; i < question->n; i++) {
		struct range ids = item_ids(&question->items[i]);

		if (!(question->items[i].kinds & 1U << group) || ids.end <= reach)
			continue;
		if (ids.start < reach)
			ids.start = reach;
		reach = ids.end;
		cover(picture, ids, group, false, i % 2);
	}
}

/* Finds for each row the earlier item that reaches furthest into it. */
static void find_reaches(struct picture *picture)
{
	const struct picture_item *items = picture->question->items;
	size_t furthest = 0, i = 0;

	for (size_t row = 0; row < picture->n; row++) {
		if (!picture->rows[row].ranges)
			continue;
		for (; i < picture->rows[row].item; i++)
			if (furthest == 0 || items[i].last > items[furthest - 1].last)
				furthest = i + 1;
		picture->rows[row].reach = furthest;
	}
}

/* Makes the cells of all rows and counts their ids. Returns 0 or -ENOMEM. */
int picture_make_cells(struct picture *picture)
{
	int r = 0;

	find_reaches(picture);
	for (size_t i = 0; r == 0 && i < picture->n; i++)
		r = make_cells(picture, &picture->rows[i]);
	for (unsigned int group = 0; r == 0 && group < 2; group++) {
		cover_all(picture, group);
		picture_find_shared(picture, group);
	}
	return r;
}
