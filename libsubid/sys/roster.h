/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * roster: all local users, or all local groups, by name and by id.
 */
#ifndef SUBID_ROSTER_H
#define SUBID_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/kind.h"

struct roster_account {
	const char *name;
	uint32_t id;
	uint32_t gid; /* of a user: the primary group */
};

/* A place in a hash table. */
struct roster_slot {
	uint32_t hash;
	uint32_t number; /* of the account, from 1; 0: the slot is free */
};

struct roster {
	struct roster_account *accounts; /* as in the file */
	size_t n;
	uint32_t *by_id; /* indices of accounts, by id, then as in the file */
	struct roster_slot
		*by_name; /* a power of two of them, more than there are names */
	size_t n_slots;
	char *names;
};

int roster_load(int folder, const struct kind *kind, struct roster *ret_roster);
const struct roster_account *roster_by_name(const struct roster *roster, const char *name,
					    size_t len);
const struct roster_account *roster_by_id(const struct roster *roster, uint32_t id);
void roster_cleanup(struct roster *roster);

#endif
