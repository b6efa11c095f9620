// SPDX-License-Identifier: BSD-3-Clause
/*
 * id-state: an id is free only if every file was read, and every service that could have
 * it has answered.
 */
#include "subid/verb/id-state.h"
#include "libsubid/core/reserved.h"

/*
 * Returns whether another program reads a malformed line as one that has the id. The
 * database is read at the first call.
 */
static bool is_in_malformed_line(struct id_states *states, const struct verb_place *place,
				 uint32_t id)
{
	bool found = false;

	/* A valid line has the id; it does not count, because another source answers. */
	if (index_find(&states->index, id, NULL))
		return false;
	if (!states->allocated_ids_found &&
	    lines_find_used(place, states->kind, false, &states->used, NULL)) {
		states->used.malformed = 0;
		states->unread = true;
	}
	states->allocated_ids_found = true;
	for (size_t i = 0; states->used.malformed && i < states->used.n && !found; i++)
		found = range_contains(states->used.ranges[i], id);
	return found;
}

/* Returns whether a local user has a gid as primary group. */
static bool is_primary_group(const struct id_states *states, uint32_t id)
{
	const struct accounts *users = &states->accounts.owners->users;
	bool found = false;

	for (size_t i = 0; states->kind->group && id != ID_NONE && i < users->n && !found;
	     i++)
		found = users->items[i].gid == id;
	return found;
}

/*
 * Returns the state of an id that no valid line gives away.
 *
 * unknown: a source cannot say whether it grants the id.
 */
enum id_state id_state_find(struct id_states *states, const struct verb_place *place,
			    uint32_t id, bool unknown)
{
	if (id_names_find(&states->accounts, id) || is_primary_group(states, id))
		return ID_STATE_ACCOUNT;
	if (reserved_is_never(reserved_find(id)))
		return ID_STATE_RESERVED;
	if (unknown || states->unread || id_names_is_unknown(&states->accounts, id) ||
	    (states->kind->group && states->accounts.owners->unread[kind_uid.group]))
		return ID_STATE_UNKNOWN;
	if (is_in_malformed_line(states, place, id))
		return ID_STATE_MALFORMED;
	return states->unread ? ID_STATE_UNKNOWN : ID_STATE_FREE;
}

/* Frees the lines and accounts. Takes zeroed ones. */
void id_states_cleanup(struct id_states *states)
{
	index_cleanup(&states->index);
	id_names_cleanup(&states->accounts);
	allocated_ids_cleanup(&states->used);
}
