// SPDX-License-Identifier: BSD-3-Clause
/*
 * orphan-ids: an id is an orphan only if that is certain: what cannot be read, or does
 * not answer, makes ids unknown. Ids of retired lines are orphans, with a former owner.
 *
 * Invariant: memory is bounded by ORPHAN_IDS_KEPT and the number of lines, whatever the
 * number of files. Users choose the ids of their files, but only from their own ranges.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/sys/settings.h"
#include "subid/files/orphan-ids.h"

/* Number of neighbours in a group, at least, so that there are at most a million. */
#define NEIGHBOURS_MIN 4096

/* How ids are grouped does not depend on login.defs(5) being right. */
static void set_groups(struct orphan_ids *orphans)
{
	struct settings settings = {
		.requests = { { { 100000, ID_END }, 65536, 0 },
			      { { 100000, ID_END }, 65536, 0 } },
	};
	struct settings_error error;

	settings_read(orphans->place->directory, &settings, &error);
	for (size_t i = 0; i < 2; i++) {
		struct alloc_request *request = &settings.requests[i];

		orphans->sides[i].start = request->bounds.start;
		orphans->sides[i].count =
			request->count > NEIGHBOURS_MIN ? request->count : NEIGHBOURS_MIN;
	}
}

/*
 * Reads the databases, accounts, login.defs(5) and the rules of subid.d(5).
 *
 * place, owners, sources: must outlive @orphans.
 * root: the directory of an image, or NULL.
 * Returns 0, VERB_UNREADABLE with the reason reported, after which ids can be looked up,
 * or a negative errno.
 */
int orphan_ids_start(struct orphan_ids *orphans, struct user_cache *owners,
		     struct sources *sources, const char *root)
{
	int r, status = 0;

	orphans->place = owners->place;
	orphans->sources = sources;
	orphans->former.root = root;
	set_groups(orphans);
	for (size_t i = 0; i < 2; i++) {
		struct id_states *states = &orphans->sides[i].states;

		states->kind = kind_all[i];
		r = id_names_start(&states->accounts, owners, kind_all[i]);
		if (r)
			return -ENOMEM;
		r = index_load(&states->index, owners->place, kind_all[i], owners, NULL,
			       NULL);
		states->unread = r != 0;
		status = r ? r : status;
	}
	r = policy_files_read(owners->place->directory, root ? root : "/",
			      &orphans->policy);
	return r ? r : status;
}

/*
 * Finds the retired line that has an id.
 *
 * ret_line: 1 + its index in the ranges; 0: no line has the id.
 * Returns false if a line of another owner has it.
 */
static bool find_retired_line(const struct index *index, uint32_t id, uint32_t *ret_line)
{
	const struct index_range *range = NULL;

	*ret_line = 0;
	while ((range = index_find(index, id, range))) {
		const char *owner = index_owner(index, range);

		if (!entry_owner_is_retired(owner, strlen(owner)))
			return false;
		*ret_line = (uint32_t)(range - index->ranges) + 1;
	}
	return true;
}

static bool is_kept_by_rule(const struct orphan_ids *orphans, size_t side, uint32_t id)
{
	const struct range one = { id, (uint64_t)id + 1 };
	struct range common;

	return policy_reserve_next(&orphans->policy.policy, side != 0, one, NULL,
				   &common) != NULL;
}

/*
 * Asks the plugins for owners of an id. One that cannot find owners is asked only once.
 * Returns ORPHAN_OWNED, ORPHAN_UNKNOWN or 1: no source has the id.
 */
static uint32_t ask_plugins(struct orphan_ids *orphans, const struct kind *kind,
			    uint32_t id)
{
	struct sources *sources = orphans->sources;
	uint32_t answer = 1;

	for (size_t i = 0; i < sources->list.n && answer != ORPHAN_OWNED; i++) {
		CLEANUP(cleanup_free) uid_t *uids = NULL;
		bool known = false;
		size_t n = 0;

		if (sources->list.sources[i].type != SOURCE_PLUGIN)
			continue;
		if (orphans->ask_sources && !sources->muted[i] &&
		    sources_owners(sources, &sources->list.sources[i], id, kind, &uids,
				   &n, &known))
			known = false;
		if (n > 0)
			answer = ORPHAN_OWNED;
		else if (!known)
			answer = ORPHAN_UNKNOWN;
	}
	return answer;
}

/* Decides about an id as orphan_ids_find(); 1 stands for any group. */
static uint32_t decide_orphan(struct orphan_ids *orphans, size_t side, uint32_t id,
			      uint32_t *ret_line)
{
	struct id_states *states = &orphans->sides[side].states;
	enum id_state state;

	if (!find_retired_line(&states->index, id, ret_line))
		return ORPHAN_OWNED;
	state = id_state_find(states, orphans->place, id, false);
	if (state == ID_STATE_UNKNOWN)
		return ORPHAN_UNKNOWN;
	if (state != ID_STATE_FREE || is_kept_by_rule(orphans, side, id))
		return ORPHAN_OWNED;
	return ask_plugins(orphans, states->kind, id);
}

/* The first id of the neighbours that a new range would have with @id. */
static uint32_t first_neighbour(const struct orphan_side *side, uint32_t id)
{
	return id < side->start ? id : (uint32_t)(id - (id - side->start) % side->count);
}

/* Sets the former owner: of a retired line, or else of the uid itself. */
static void set_former_owner(struct former *former, const struct orphan_side *side,
			     uint32_t id, struct orphan_group *group)
{
	const struct index *index = &side->states.index;
	struct former_owner owner = { .name = NULL };

	if (group->line)
		former_find(former, index->kind, id,
			    index_owner(index, &index->ranges[group->line - 1]), &owner);
	else if (!index->kind->group && id < side->start)
		former_find_uid(former, id, &owner);
	group->former = owner.name;
	group->since = owner.epoch;
}

/* Finds or makes a group. Returns 0 or -ENOMEM. */
static int find_group(struct orphan_side *side, struct former *former, uint32_t line,
		      uint32_t id, uint32_t *ret_group)
{
	uint32_t key = line ? line : first_neighbour(side, id), group;
	uint32_t hash = hash_number(line ? ~line : key);
	size_t at = 0;

	while ((group = hash_next(&side->by_key, hash, &at))) {
		struct orphan_group *found = orphan_ids_group(side, group);

		if (found->line != line || found->key != key)
			continue;
		found->first = id < found->first ? id : found->first;
		found->last = id > found->last ? id : found->last;
		*ret_group = group;
		return 0;
	}
	if (ARRAY_RESERVE(side->groups, side->n_groups, side->allocated_groups) ||
	    hash_put(&side->by_key, hash, (uint32_t)side->n_groups + 1))
		return -ENOMEM;
	side->groups[side->n_groups++] = (struct orphan_group){
		.line = line,
		.key = key,
		.first = id,
		.last = id,
		.newest = INT64_MIN,
	};
	*ret_group = (uint32_t)side->n_groups;
	set_former_owner(former, side, id, orphan_ids_group(side, *ret_group));
	return 0;
}

/* Remembers an id, if there is room. Returns 0 or -ENOMEM. */
static int remember(struct orphan_side *side, struct orphan_id id)
{
	if (side->n == ORPHAN_IDS_KEPT) {
		side->forgot = true;
		return 0;
	}
	if (ARRAY_RESERVE(side->ids, side->n, side->allocated) ||
	    hash_put(&side->by_id, hash_number(id.id), (uint32_t)side->n + 1))
		return -ENOMEM;
	side->ids[side->n++] = id;
	return 0;
}

static bool find_remembered(const struct orphan_side *side, uint32_t id,
			    uint32_t *ret_group)
{
	uint32_t hash = hash_number(id), number;
	size_t at = 0;

	while ((number = hash_next(&side->by_id, hash, &at)))
		if (side->ids[number - 1].id == id) {
			*ret_group = side->ids[number - 1].group;
			return true;
		}
	return false;
}

/*
 * Finds whether an id is an orphan.
 *
 * side: 0 for a uid, 1 for a gid.
 * ret_group: ORPHAN_OWNED, ORPHAN_UNKNOWN, or for an orphan the number of its group.
 * Returns 0 or -ENOMEM.
 */
int orphan_ids_find(struct orphan_ids *orphans, size_t side, uint32_t id,
		    uint32_t *ret_group)
{
	struct orphan_side *ids = &orphans->sides[side];
	uint32_t group, line;
	int r = 0;

	if (ids->has_latest && ids->latest.id == id) {
		*ret_group = ids->latest.group;
		return 0;
	}
	if (!find_remembered(ids, id, &group)) {
		group = decide_orphan(orphans, side, id, &line);
		if (orphan_is_group(group))
			r = find_group(ids, &orphans->former, line, id, &group);
		if (r == 0)
			r = remember(ids, (struct orphan_id){ id, group });
		if (r)
			return r;
	}
	ids->latest = (struct orphan_id){ id, group };
	ids->has_latest = true;
	*ret_group = group;
	return 0;
}

static int compare_orphans(const void *a, const void *b)
{
	const struct orphan_id *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Sorts the ids of both kinds, for find_command(). */
void orphan_ids_sort(struct orphan_ids *orphans)
{
	for (size_t i = 0; i < 2; i++) {
		struct orphan_side *side = &orphans->sides[i];

		hash_cleanup(&side->by_id);
		if (side->n > 0)
			qsort(side->ids, side->n, sizeof(*side->ids), compare_orphans);
	}
}

/* Frees the ids. Takes zeroed ones. */
void orphan_ids_cleanup(struct orphan_ids *orphans)
{
	for (size_t i = 0; i < 2; i++) {
		struct orphan_side *side = &orphans->sides[i];

		id_states_cleanup(&side->states);
		hash_cleanup(&side->by_id);
		hash_cleanup(&side->by_key);
		free(side->ids);
		free(side->groups);
	}
	policy_files_cleanup(&orphans->policy);
	former_cleanup(&orphans->former);
}
