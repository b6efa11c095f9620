// SPDX-License-Identifier: BSD-3-Clause
/*
 * alloc: chooses a range by first fit, or the deterministic range of a uid.
 *
 * Invariants: a returned range lies within the bounds and holds no id that is in use or
 * was returned before. First fit finds a range whenever there is one. A range never holds
 * 4294967295, which is no id.
 *
 * All ranges from one space have the same alignment, so each gap is used from its front
 * and never split. For each size, a mark stores where the search continues: no gap before
 * it is large enough. So all ranges of one size cost one pass over the gaps.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/alloc.h"
#include "libsubid/core/array.h"
#include "libsubid/core/limits.h"

/* Finds the first multiple of @align not below @value. Returns false beyond all ids. */
static bool align_up(uint64_t value, uint64_t align, uint64_t *ret)
{
	uint64_t rest = align > 1 ? value % align : 0;

	/* Below 2^33 ids and alignments cannot overflow; refuse larger alignments. */
	if (align > ID_END)
		return false;
	*ret = rest ? value + (align - rest) : value;
	return *ret < ID_END;
}

/* Returns the gap at position @at of the search. */
static struct range *gap_at(const struct alloc_space *space, size_t at)
{
	size_t i = space->first + at;

	return &space->gaps[i < space->n ? i : i - space->n];
}

static void put_gap(struct alloc_space *space, uint64_t start, uint64_t end,
		    uint64_t above)
{
	if (start >= end)
		return;
	if (start < above)
		space->first = space->n + 1;
	space->gaps[space->n++] = (struct range){ start, end };
}

/*
 * Collects the free ids.
 *
 * request: bounds and alignment; its count is ignored. used: ids that must not be
 * allocated; for ranges that must be the same in both databases, the ids in use in
 * either. above: the search begins with the gaps from this id on and ends with those
 * below; 0: begin with the lowest gap.
 * Returns 0 or -ENOMEM; free with alloc_space_cleanup(). A space belongs to one thread.
 */
int alloc_space_init(struct alloc_space *space, const struct alloc_request *request,
		     const struct range_set *used, uint64_t above)
{
	uint64_t at = request->bounds.start, end = request->bounds.end;

	*space = (struct alloc_space){ .align = request->align };
	space->gaps = reallocarray(NULL, used->n + 1, sizeof(*space->gaps));
	if (!space->gaps)
		return -ENOMEM;
	if (end > ID_NONE)
		end = ID_NONE;
	for (size_t i = 0; i < used->n && used->ranges[i].start < end; i++) {
		put_gap(space, at, used->ranges[i].start, above);
		if (used->ranges[i].end > at)
			at = used->ranges[i].end;
	}
	put_gap(space, at, end, above);
	if (space->first >= space->n)
		space->first = 0;
	return 0;
}

/* Counts the marks with at most @count ids. */
static size_t marks_up_to(const struct alloc_space *space, uint64_t count)
{
	return BISECT(space->n_marks, i, space->marks[i].count > count);
}

/*
 * Finds or makes the mark for @count. A new mark starts at the position of the next
 * smaller count: gaps too small for that are too small for this. Returns NULL without
 * memory.
 */
static struct alloc_mark *find_mark(struct alloc_space *space, uint64_t count)
{
	size_t i = marks_up_to(space, count);

	if (i > 0 && space->marks[i - 1].count == count)
		return &space->marks[i - 1];
	if (ARRAY_RESERVE(space->marks, space->n_marks, space->allocated_marks))
		return NULL;
	memmove(space->marks + i + 1, space->marks + i,
		(space->n_marks - i) * sizeof(*space->marks));
	space->marks[i] =
		(struct alloc_mark){ count, i > 0 ? space->marks[i - 1].at : 0 };
	space->n_marks++;
	return &space->marks[i];
}

/*
 * Takes as many ranges of @count ids out of a gap as it has, @most at the most. Returns
 * how many, with the ids from the first to the last of them.
 */
static uint64_t take_from_gap(const struct alloc_space *space, struct range *gap,
			      uint64_t count, uint64_t most, struct range *ret_ids)
{
	uint64_t start, step = 0, n;

	if (most == 0 || !align_up(gap->start, space->align, &start) ||
	    start >= gap->end || count > gap->end - start)
		return 0;
	n = 1;
	if (most > 1 && align_up(count, space->align, &step))
		n += (gap->end - start - count) / step;
	if (n > most)
		n = most;
	*ret_ids = (struct range){ start, start + count };
	if (n > 1)
		ret_ids->end += (n - 1) * step;
	gap->start = ret_ids->end;
	return n;
}

/*
 * Takes the first free range of @count ids out of the space.
 * Returns 0, ALLOC_NONE or -ENOMEM; *ret_range is written only with 0.
 */
int alloc_space_take(struct alloc_space *space, uint64_t count, struct range *ret_range)
{
	struct alloc_mark *mark;

	if (count == 0)
		return ALLOC_NONE;
	mark = find_mark(space, count);
	if (!mark)
		return -ENOMEM;
	for (; mark->at < space->n; mark->at++)
		if (take_from_gap(space, gap_at(space, mark->at), count, 1, ret_range))
			return 0;
	return ALLOC_NONE;
}

/*
 * Takes up to @most ranges, the same ones that @most calls of alloc_space_take() would
 * take.
 *
 * take: is called with the ids from the first to the last range in each gap; between them
 * no other range of this alignment has room.
 * Returns 0, with the number of ranges, or what @take returned, if that is not 0.
 */
int alloc_space_take_many(struct alloc_space *space, uint64_t count, uint64_t most,
			  int (*take)(void *context, struct range ids), void *context,
			  uint64_t *ret_n)
{
	uint64_t n = 0;

	for (size_t i = 0; count > 0 && i < space->n; i++) {
		struct range ids;
		uint64_t some =
			take_from_gap(space, gap_at(space, i), count, most - n, &ids);
		int r = some > 0 ? take(context, ids) : 0;

		if (r)
			return r;
		n += some;
	}
	*ret_n = n;
	return 0;
}

/* Frees the gaps. */
void alloc_space_cleanup(struct alloc_space *space)
{
	free(space->gaps);
	free(space->marks);
	*space = (struct alloc_space){ 0 };
}

/* Counts the ids within the bounds; 4294967295 is not an id. Thread-safe. */
uint64_t alloc_ids(const struct alloc_request *request)
{
	uint64_t end = request->bounds.end < ID_NONE ? request->bounds.end : ID_NONE;

	return request->bounds.start < end ? end - request->bounds.start : 0;
}

/*
 * Returns the start of the deterministic range of a uid, see SUB_UID_DETERMINISTIC in
 * login.defs(5). It may lie outside the bounds.
 *
 * The uid must not be below @uid_min, nor the count above alloc_ids(). Thread-safe.
 */
uint64_t alloc_deterministic_start(const struct alloc_request *request, uint64_t uid,
				   uint64_t uid_min)
{
	return request->bounds.start + (uid - uid_min) * request->count;
}

/*
 * Makes the deterministic range of a uid, without a check whether it is free.
 *
 * Returns 0, ALLOC_NONE (of count 0), ALLOC_COUNT, ALLOC_BELOW or ALLOC_BEYOND.
 * *ret_range is written only with 0. Thread-safe.
 */
int alloc_deterministic(const struct alloc_request *request, uint64_t uid,
			uint64_t uid_min, struct range *ret_range)
{
	uint64_t ids = alloc_ids(request), start;

	if (request->count == 0)
		return ALLOC_NONE;
	if (request->count > ids)
		return ALLOC_COUNT;
	if (uid < uid_min)
		return ALLOC_BELOW;
	start = alloc_deterministic_start(request, uid, uid_min);
	if (start - request->bounds.start > ids - request->count)
		return ALLOC_BEYOND;

	*ret_range = (struct range){ start, start + request->count };
	return 0;
}

/*
 * Returns the uids whose whole deterministic range is in @gap, a part of the bounds; end
 * 0: none. 4294967295 is neither a uid nor an id. Thread-safe.
 */
struct range alloc_deterministic_uids(const struct alloc_request *request,
				      uint64_t uid_min, struct range gap)
{
	uint64_t from = gap.start - request->bounds.start;
	uint64_t to = (gap.end < ID_NONE ? gap.end : ID_NONE) - request->bounds.start;
	uint64_t uids = uid_min < ID_NONE ? ID_NONE - uid_min : 0, first, behind;

	if (request->count == 0 || gap.start >= ID_NONE)
		return (struct range){ 0 };
	first = from / request->count + (from % request->count > 0);
	behind = to / request->count < uids ? to / request->count : uids;
	if (first >= behind)
		return (struct range){ 0 };
	return (struct range){ uid_min + first, uid_min + behind };
}

/* Counts the uids that alloc_deterministic_uids() returns. Thread-safe. */
uint64_t alloc_deterministic_fits(const struct alloc_request *request, uint64_t uid_min,
				  struct range gap)
{
	return range_count(alloc_deterministic_uids(request, uid_min, gap));
}
