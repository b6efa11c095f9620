// SPDX-License-Identifier: BSD-3-Clause
/*
 * index: the ranges of a database in memory, 28 bytes each, and their owners.
 *
 * The usual map, that of podman, maps 0 to the user's own id and then, from 1 on, the
 * user's ranges in ascending order. So the inside id is 1 plus the number of the user's
 * ids below it. All lines of one uid belong to one owner.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "subid/verb/index.h"

struct loading {
	struct index *index;
	const struct user_cache *owners;
	index_wants_fn wants;
	void *context;
};

static int make_room(struct index *index, size_t name_bytes)
{
	int r = ARRAY_RESERVE(index->ranges, index->n, index->allocated);

	return r ? r :
		   ARRAY_RESERVE_ALL(index->owners, index->owners_len + name_bytes,
				     index->owners_allocated);
}

/* Returns the offset of the owner's text, which adjacent lines share if it is equal. */
static uint32_t put_owner_text(struct index *index, const char *owner, size_t len)
{
	size_t at = index->owners_len;

	if (index->n > 0) {
		uint32_t above = index->ranges[index->n - 1].owner;
		const char *text = index->owners + above;

		if (strncmp(text, owner, len) == 0 && text[len] == '\0')
			return above;
	}
	memcpy(index->owners + at, owner, len);
	index->owners[at + len] = '\0';
	index->owners_len += len + 1;
	return (uint32_t)at;
}

/* Appends a range with its owner as the line spells it. */
static int put_owner_range(struct index *index, struct range range, const char *owner,
			   size_t len, uint32_t uid, uint64_t line)
{
	int r = make_room(index, len + 1);

	if (r)
		return verb_fail(-r);
	index->ranges[index->n] = (struct index_range){
		.first = (uint32_t)range.start,
		.last = (uint32_t)(range.end - 1),
		.line = (uint32_t)line,
		.owner = put_owner_text(index, owner, len),
		.uid = uid,
	};
	index->n++;
	return 0;
}

static int take_index_line(const struct line *line, void *context)
{
	struct loading *loading = context;
	const struct entry *entry = &line->entry;
	uint32_t uid = ID_NONE;

	if (loading->wants && !loading->wants(line, loading->context))
		return 0;
	user_cache_local_uid(loading->owners, entry, &uid);
	return put_owner_range(loading->index, entry->range, entry->owner,
			       entry->owner_len, uid, line->number);
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Orders ranges by owner; returns 0 if both have the same one. Thread-safe. */
static int compare_index_owners(const struct index *index, const struct index_range *x,
				const struct index_range *y)
{
	int r = order(x->uid, y->uid);

	if (r || x->uid != ID_NONE || x->owner == y->owner)
		return r;
	return strcmp(index->owners + x->owner, index->owners + y->owner);
}

static int compare_first(const void *a, const void *b)
{
	const struct index_range *x = a, *y = b;
	int r = order(x->first, y->first);

	return r ? r : order(x->line, y->line);
}

static int by_owner(const void *a, const void *b, void *index)
{
	int r = compare_index_owners(index, a, b);

	return r ? r : compare_first(a, b);
}

/* Sets the inside id of each range: 1 plus the number of the owner's ids below it. */
static void count_inside(struct index *index)
{
	uint64_t inside = 1;

	if (index->n > 0)
		qsort_r(index->ranges, index->n, sizeof(*index->ranges), by_owner, index);
	for (size_t i = 0; i < index->n; i++) {
		struct index_range *range = &index->ranges[i];

		if (i > 0 && compare_index_owners(index, range - 1, range) != 0)
			inside = 1;
		/* Only overlapping ranges get this far; ID_NONE: no inside id. */
		range->inside = inside < ID_NONE ? (uint32_t)inside : ID_NONE;
		inside += (uint64_t)range->last - range->first + 1;
	}
}

static int sort_ranges(struct index *index)
{
	count_inside(index);
	index->highest = reallocarray(NULL, index->n + 1, sizeof(*index->highest));
	if (!index->highest)
		return verb_fail(ENOMEM);
	if (index->n > 0)
		qsort(index->ranges, index->n, sizeof(*index->ranges), compare_first);
	for (size_t i = 0; i < index->n; i++) {
		uint32_t before = i ? index->highest[i - 1] : 0;
		uint32_t last = index->ranges[i].last;

		index->highest[i] = last > before ? last : before;
	}
	return 0;
}

/*
 * Loads the lines of a database for which @wants returns true; NULL: all lines. `inside`
 * is right only if @wants accepts either all lines of an owner or none.
 *
 * Returns 0, or an exit status with the reason reported. After VERB_UNREADABLE the index
 * is empty and usable. Freed with index_cleanup().
 */
int index_load(struct index *index, const struct verb_place *place,
	       const struct kind *kind, const struct user_cache *owners,
	       index_wants_fn wants, void *context)
{
	struct loading loading = { index, owners, wants, context };
	int r, status;

	*index = (struct index){ .kind = kind };
	status = lines_each(place, kind, true, take_index_line, &loading);
	/* Without the other lines the inside ids are unknown. */
	if (status)
		index->n = 0;
	r = sort_ranges(index);
	return r ? r : status;
}

/*
 * Loads the ranges granted to a user, by the lines of the database or by a plugin.
 *
 * ret_source: the source that answered; NULL: no source grants anything.
 * Returns as index_load(). Freed with index_cleanup().
 */
int index_load_granted(struct index *index, struct sources *sources,
		       const struct user *user, const struct kind *kind,
		       const struct source **ret_source)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	struct loading loading = { .index = index, .owners = sources->owners };
	int r, status;

	*index = (struct index){ .kind = kind };
	status = sources_ask(sources, user, kind, take_index_line, &loading, &set,
			     ret_source);
	for (size_t i = 0; i < set.n && status == 0; i++)
		status = put_owner_range(index, set.ranges[i], user->name,
					 strlen(user->name),
					 user->has_uid ? user->uid : ID_NONE, 0);
	r = sort_ranges(index);
	return r ? r : status;
}

/* Returns the number of ranges that begin at or below @id. */
static size_t count_up_to(const struct index *index, uint32_t id)
{
	return BISECT(index->n, i, index->ranges[i].first > id);
}

/*
 * Finds the ranges that contain @id, one per call, in descending order of their first id.
 * @previous is the last one returned, or NULL. Returns NULL when there are no more.
 */
const struct index_range *index_find(const struct index *index, uint32_t id,
				     const struct index_range *previous)
{
	size_t i = previous ? (size_t)(previous - index->ranges) : count_up_to(index, id);

	for (; i > 0 && index->highest[i - 1] >= id; i--)
		if (index->ranges[i - 1].last >= id)
			return &index->ranges[i - 1];
	return NULL;
}

/*
 * Computes the inside id of @id in the usual map, or with @from_zero in one that maps 0
 * to the first id of the lowest range. Returns false if it has none, because the owner's
 * ranges overlap.
 */
bool index_inside(const struct index_range *range, uint32_t id, bool from_zero,
		  uint32_t *ret_inside)
{
	uint64_t inside = (uint64_t)range->inside + (id - range->first) - from_zero;

	*ret_inside = (uint32_t)inside;
	return inside < ID_NONE;
}

/* Returns the owner as the line spells it. */
const char *index_owner(const struct index *index, const struct index_range *range)
{
	return index->owners + range->owner;
}

/* Frees the ranges. Accepts INDEX_NONE. */
void index_cleanup(struct index *index)
{
	free(index->ranges);
	free(index->owners);
	free(index->highest);
	*index = (struct index){ .n = 0 };
}
