// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-map: draws who has which ids, uids and gids in one picture: all ids, or with
 * owners or a range those around them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/userns.h"
#include "libsubid/user/ids-in-use.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/picture/picture.h"
#include "subid/show/list.h"
#include "subid/verb/index.h"
#include "subid/verb/lines.h"
#include "subid/verb/progress.h"
#include "subid/verb/terminal.h"

/* Around what is drawn larger, so much of it is drawn on each side. */
#define MARGIN 8

struct list_map {
	struct list *list;
	struct range span; /* the ids to draw; end 0: not known yet */
	struct index indexes[2];
	struct picture_item *items;
	size_t n;
	const char **names; /* by owner */
	uint32_t *accounts[2];
	size_t n_accounts[2];
	uint8_t kinds; /* that could be read */
};

static void list_map_cleanup(struct list_map *map)
{
	for (size_t i = 0; i < 2; i++) {
		index_cleanup(&map->indexes[i]);
		free(map->accounts[i]);
	}
	free(map->items);
	free(map->names);
}

static bool wants_span(const struct line *line, void *context)
{
	const struct list_map *map = context;

	return range_overlaps(line->entry.range, map->span);
}

/* Loads the lines of the kinds that can be read. */
static int load_lines(struct list_map *map)
{
	struct list *list = map->list;
	int r, status = VERB_DONE;

	for (size_t i = 0; i < list->n_kinds; i++) {
		const struct kind *kind = list->kinds[i];

		if (!(map->kinds & 1U << kind->group))
			continue;
		r = index_load(&map->indexes[kind->group], &list->place, kind,
			       &list->owners, wants_span, map);
		status = r ? r : status;
		if (r)
			map->kinds &= (uint8_t) ~(1U << kind->group);
	}
	return status;
}

/* Adds some ids on both sides, to show what is next to them. */
static struct range widen(struct range ids)
{
	uint64_t margin = range_count(ids) / MARGIN + 1;

	return (struct range){
		ids.start < margin ? 0 : ids.start - margin,
		ids.end + margin > ID_NONE ? ID_NONE : ids.end + margin,
	};
}

static int take_span(const struct line *line, void *context)
{
	struct list_map *map = context;

	if (list_wants(map->list, &line->entry))
		map->span = map->span.end ? range_span(map->span, line->entry.range) :
					    line->entry.range;
	return 0;
}

/* Finds the ids of the owners on the command line; end 0: they have none. */
static int span_of_drawn(struct list_map *map)
{
	struct list *list = map->list;
	int r, status = VERB_DONE;

	for (size_t i = 0; i < list->n_kinds; i++) {
		const struct kind *kind = list->kinds[i];

		r = lines_each(&list->place, kind, false, take_span, map);
		status = r ? r : status;
		if (r)
			map->kinds &= (uint8_t) ~(1U << kind->group);
	}
	if (map->span.end)
		map->span = widen(map->span);
	return status;
}

/* A range of one of the indexes. */
struct map_range {
	uint8_t group;
	uint32_t at;
};

static const struct index_range *range_at(const struct list_map *map,
					  const struct map_range *range)
{
	return &map->indexes[range->group].ranges[range->at];
}

/* Orders ranges of both databases by owner; 0: both have the same one. */
static int by_map_owner(const void *a, const void *b, void *context)
{
	const struct list_map *map = context;
	const struct map_range *x = a, *y = b;
	uint32_t uid = range_at(map, x)->uid, other = range_at(map, y)->uid;

	if (uid != other || uid != ID_NONE)
		return (uid > other) - (uid < other);
	return strcmp(index_owner(&map->indexes[x->group], range_at(map, x)),
		      index_owner(&map->indexes[y->group], range_at(map, y)));
}

static int compare_drawn(const void *a, const void *b)
{
	const struct picture_item *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->last != y->last)
		return x->last < y->last ? -1 : 1;
	return (x->owner > y->owner) - (x->owner < y->owner);
}

/* Joins each item with the one before if @join can do that. */
static void join_items(struct list_map *map,
		       bool (*join)(struct picture_item *before,
				    const struct picture_item *item))
{
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++)
		if (n == 0 || map->items[n - 1].owner != map->items[i].owner ||
		    !join(&map->items[n - 1], &map->items[i]))
			map->items[n++] = map->items[i];
	map->n = n;
}

static bool join_same(struct picture_item *before, const struct picture_item *item)
{
	if (before->first != item->first || before->last != item->last)
		return false;
	before->kinds |= item->kinds;
	return true;
}

static bool join_touching(struct picture_item *before, const struct picture_item *item)
{
	if (before->kinds != item->kinds || before->last == ID_NONE ||
	    before->last + 1 != item->first)
		return false;
	before->last = item->last;
	return true;
}

/* Makes one item of the same range in both databases, and of ranges that touch. */
static void merge_items(struct list_map *map)
{
	if (map->n > 0)
		qsort(map->items, map->n, sizeof(*map->items), compare_drawn);
	join_items(map, join_same);
	join_items(map, join_touching);
}

/* Gives the owners of both databases numbers, and makes the items of their ranges. */
static int make_items(struct list_map *map)
{
	size_t all = map->indexes[0].n + map->indexes[1].n, n = 0;
	CLEANUP(cleanup_free)
	struct map_range *ranges = reallocarray(NULL, all + 1, sizeof(*ranges));
	uint32_t owner = 0;

	map->items = reallocarray(NULL, all + 1, sizeof(*map->items));
	map->names = reallocarray(NULL, all + 1, sizeof(*map->names));
	if (!ranges || !map->items || !map->names)
		return verb_fail(ENOMEM);
	for (uint8_t group = 0; group < 2; group++)
		for (size_t i = 0; i < map->indexes[group].n; i++)
			ranges[n++] = (struct map_range){ group, (uint32_t)i };
	if (n > 0)
		qsort_r(ranges, n, sizeof(*ranges), by_map_owner, map);
	for (size_t i = 0; i < n; i++) {
		const struct index_range *range = range_at(map, &ranges[i]);

		if (i > 0 && by_map_owner(&ranges[i - 1], &ranges[i], map) != 0)
			owner++;
		map->names[owner] = index_owner(&map->indexes[ranges[i].group], range);
		map->items[map->n++] = (struct picture_item){
			.first = range->first,
			.last = range->last,
			.owner = owner,
			.kinds = (uint8_t)(1U << ranges[i].group),
		};
	}
	merge_items(map);
	return 0;
}

static int compare_account_ids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Reads the ids of local users or groups. A missing passwd has been reported. */
static int read_drawn_accounts(struct list_map *map, const struct kind *kind)
{
	CLEANUP(range_set_cleanup) struct range_set all = RANGE_SET(1);
	CLEANUP(ids_in_use_cleanup) struct ids_in_use found = { 0 };
	uint32_t *ids;
	int r = range_set_add(&all, map->span);

	if (r)
		return verb_fail(-r);
	r = ids_in_use_local(map->list->place.directory, kind, &all, &found);
	if (r == -ENOMEM)
		return verb_fail(-r);
	if (r)
		return user_cache_status(&map->list->owners) ?
			       0 :
			       (report_line(PROGRAM, "%s/%s: %s", map->list->place.etc,
					    found.failed, report_error(-r)),
				VERB_UNREADABLE);
	ids = reallocarray(NULL, found.accounts.n + 1, sizeof(*ids));
	if (!ids)
		return verb_fail(ENOMEM);
	for (size_t i = 0; i < found.accounts.n; i++)
		ids[i] = found.accounts.items[i].id;
	if (found.accounts.n > 0)
		qsort(ids, found.accounts.n, sizeof(*ids), compare_account_ids);
	map->accounts[kind->group] = ids;
	map->n_accounts[kind->group] = found.accounts.n;
	return 0;
}

static int draw(struct list_map *map)
{
	CLEANUP(picture_cleanup) struct picture picture = PICTURE_NONE;
	struct terminal_size size;
	struct picture_question question = {
		.span = map->span,
		.kinds = map->kinds,
		.items = map->items,
		.n = map->n,
		.names = map->names,
		.accounts = { map->accounts[0], map->accounts[1] },
		.n_accounts = { map->n_accounts[0], map->n_accounts[1] },
		.reserved = userns_is_limited() <= 0,
		.charset = report_charset() == PRINTABLE_UTF8 ? PRINTABLE_UTF8 :
								PRINTABLE_ASCII,
	};
	int r;

	terminal_size(STDOUT_FILENO, &size);
	question.width = size.width < PICTURE_WIDTH_MIN ? PICTURE_WIDTH_MIN : size.width;
	question.height =
		size.height < PICTURE_HEIGHT_MIN ? PICTURE_HEIGHT_MIN : size.height;
	r = picture_draw(&question, &picture);
	if (r)
		return verb_fail(-r);
	progress_rows();
	picture_put(&picture, terminal_has_colours());
	return output_flush();
}

int list_map(struct list *list)
{
	CLEANUP(list_map_cleanup)
	struct list_map map = { .list = list, .span = list->zoom };
	int r, status = VERB_DONE;

	for (size_t i = 0; i < list->n_kinds; i++)
		map.kinds |= (uint8_t)(1U << list->kinds[i]->group);
	if (list->n_users == 0 && map.span.end == 0)
		map.span = (struct range){ 0, ID_NONE };
	else if (map.span.end == 0)
		status = span_of_drawn(&map);
	if (map.span.end == 0)
		return status;
	r = load_lines(&map);
	status = r ? r : status;
	if (map.kinds == 0)
		return status;
	r = make_items(&map);
	for (size_t i = 0; r == 0 && i < list->n_kinds; i++) {
		int unread = read_drawn_accounts(&map, list->kinds[i]);

		status = unread ? unread : status;
	}
	if (r == 0)
		r = draw(&map);
	return r ? r : status;
}
