// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-map: draws the ids from the lowest to the highest of all lines, one row per owner.
 * A cell is full if the owner has all its ids, and half full if the owner has some.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command/text-width.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/list.h"
#include "subid/verb/index.h"
#include "subid/verb/output.h"
#include "subid/verb/progress.h"
#include "subid/verb/terminal.h"

#define WIDTH_MIN   40
#define WIDTH_MAX   512
#define WIDTH_PIPE  80
#define OWNER_WIDTH 16 /* longer names are truncated */

struct picture {
	struct range span;
	size_t width;	      /* cells of a row */
	const char *marks[3]; /* by enum cell */
};

enum cell {
	CELL_FREE,
	CELL_PARTLY,
	CELL_FULL,
};

static const char *const ascii_marks[] = { ".", "+", "#" };
static const char *const utf8_marks[] = { "\u00b7", "\u2592", "\u2588" };

static size_t screen_width(void)
{
	struct winsize size;
	size_t width = WIDTH_PIPE;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

/* Returns the ids of a cell, at least one; all cells together cover the span. */
static struct range cell_ids(const struct picture *picture, size_t cell)
{
	uint64_t ids = range_count(picture->span);

	return (struct range){
		picture->span.start + ids * cell / picture->width,
		picture->span.start + ids * (cell + 1) / picture->width,
	};
}

/* Adds the number of ids that a range covers to each cell. */
static void add_covered(const struct picture *picture, const struct index_range *range,
			uint64_t covered[static WIDTH_MAX])
{
	struct range ids = { range->first, (uint64_t)range->last + 1 }, common;
	size_t cell = (size_t)((ids.start - picture->span.start) * picture->width /
			       range_count(picture->span));

	for (; cell < picture->width; cell++) {
		struct range here = cell_ids(picture, cell);

		if (here.start >= ids.end)
			break;
		if (range_intersect(here, ids, &common))
			covered[cell] += range_count(common);
	}
}

/* A mark in UTF-8 has up to four bytes. */
#define ROW_BYTES (4 * WIDTH_MAX + 1)

/* Writes a row at once: with a million owners most of the time is spent on marks. */
static void put_marks(const struct picture *picture,
		      const uint64_t covered[static WIDTH_MAX])
{
	char text[ROW_BYTES];
	size_t n = 0;

	for (size_t i = 0; i < picture->width; i++) {
		uint64_t ids = covered[i] ? range_count(cell_ids(picture, i)) : 1;
		enum cell cell = covered[i] == 0  ? CELL_FREE :
				 covered[i] < ids ? CELL_PARTLY :
						    CELL_FULL;

		for (const char *mark = picture->marks[cell]; *mark; mark++)
			text[n++] = *mark;
	}
	text[n++] = '\n';
	fwrite_unlocked(text, 1, n, stdout);
}

/* Draws the @n ranges of an owner. */
static void draw(const struct picture *picture, const struct index *index,
		 const uint32_t *ranges, size_t n)
{
	uint64_t covered[WIDTH_MAX] = { 0 };
	const char *owner = index_owner(index, &index->ranges[ranges[0]]);
	char name[OWNER_WIDTH + 1];

	for (size_t i = 0; i < n; i++)
		add_covered(picture, &index->ranges[ranges[i]], covered);
	printable_copy(name, sizeof(name), owner, strlen(owner), report_charset());
	printf("%s%*s ", name, OWNER_WIDTH - (int)text_width(name), "");
	put_marks(picture, covered);
}

/* Returns where in @order the ranges of the owner at @i end. */
static size_t owner_end(const struct index *index, const uint32_t *order, size_t i)
{
	size_t end = i + 1;

	while (end < index->n && index_compare_owners(index, &index->ranges[order[i]],
						      &index->ranges[order[end]]) == 0)
		end++;
	return end;
}

static int by_index_owner(const void *a, const void *b, void *context)
{
	const struct index *index = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int r = index_compare_owners(index, &index->ranges[x], &index->ranges[y]);

	return r ? r : (x > y) - (x < y);
}

struct owner_group {
	uint32_t first; /* the lowest range; ranges are sorted by id */
	uint32_t at;
	uint32_t n;
};

static int by_first(const void *a, const void *b)
{
	const struct owner_group *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Draws one row per owner, in the order of their lowest ids. */
static int draw_rows(const struct picture *picture, struct index *index)
{
	CLEANUP(cleanup_free)
	uint32_t *order = reallocarray(NULL, index->n, sizeof(*order));
	CLEANUP(cleanup_free)
	struct owner_group *groups = reallocarray(NULL, index->n, sizeof(*groups));
	size_t n = 0;

	if (!order || !groups)
		return verb_fail(ENOMEM);
	for (size_t i = 0; i < index->n; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, index->n, sizeof(*order), by_index_owner, index);
	for (size_t i = 0, end; i < index->n; i = end) {
		end = owner_end(index, order, i);
		groups[n++] = (struct owner_group){ order[i], (uint32_t)i,
						    (uint32_t)(end - i) };
	}
	qsort(groups, n, sizeof(*groups), by_first);
	for (size_t i = 0; i < n && !ferror(stdout); i++)
		draw(picture, index, order + groups[i].at, groups[i].n);
	return output_flush();
}

static int draw_kind(const struct kind *kind, struct index *index)
{
	bool utf8 = report_charset() == PRINTABLE_UTF8;
	struct picture picture = { .width = screen_width() - OWNER_WIDTH - 1 };
	uint64_t ids;

	if (index->n == 0)
		return 0;
	memcpy(picture.marks, utf8 ? utf8_marks : ascii_marks, sizeof(picture.marks));
	picture.span = (struct range){
		index->ranges[0].first,
		(uint64_t)index->highest[index->n - 1] + 1,
	};
	ids = range_count(picture.span);
	if (ids < picture.width)
		picture.width = (size_t)ids;
	progress_rows();
	printf(_("%ss %" PRIu64 "-%" PRIu64 ", a mark is %" PRIu64 " ids:\n"), kind->id,
	       picture.span.start, picture.span.end - 1,
	       (ids + picture.width - 1) / picture.width);
	return draw_rows(&picture, index);
}

static bool wants(const struct line *line, void *context)
{
	return list_wants(context, &line->entry);
}

int list_map(struct list *list)
{
	int status = VERB_DONE;

	for (size_t i = 0; i < list->n_kinds; i++) {
		CLEANUP(index_cleanup) struct index index = INDEX_NONE;
		int r = index_load(&index, &list->place, list->kinds[i], &list->owners,
				   wants, list);

		status = r ? r : status;
		r = draw_kind(list->kinds[i], &index);
		if (r)
			return r;
	}
	return status;
}
