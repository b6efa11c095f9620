/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * id-state: what is known about the ids of a kind: who has them, if they are in no line.
 */
#ifndef SUBID_ID_STATE_H
#define SUBID_ID_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/store/allocated-ids.h"
#include "subid/verb/id-names.h"
#include "subid/verb/index.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

enum id_state {
	ID_STATE_FREE,
	ID_STATE_ACCOUNT, /* of a user or group, or the primary group of a local user */
	ID_STATE_RESERVED,
	ID_STATE_MALFORMED, /* another program reads a malformed line that has it */
	ID_STATE_UNKNOWN,   /* not all that may have it was read or has answered */
};

/* The lines and accounts of one kind; the caller loads index and accounts. */
struct id_states {
	const struct kind *kind;
	struct index index;
	struct id_names accounts;
	struct allocated_ids used; /* of lines_find_used(); see allocated_ids_found */
	bool allocated_ids_found; /* used was read, when the first id seemed to be free */
	bool unread;		  /* the database is unreadable: any id may be in it */
};

enum id_state id_state_find(struct id_states *states, const struct verb_place *place,
			    uint32_t id, bool unknown);
void id_states_cleanup(struct id_states *states);

#endif
