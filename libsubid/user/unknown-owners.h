/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unknown-owners: looks up owners of lines, each only once, also in the name service.
 *
 *	unknown_owners_add ...		or unknown_owners_add_lines
 *	unknown_owners_ask		looks them up; local ones without the service
 */
#ifndef SUBID_UNKNOWN_OWNERS_H
#define SUBID_UNKNOWN_OWNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/hash.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/user/lookup.h"
#include "libsubid/user/name-service.h"
#include "libsubid/user/owner.h"

struct unknown_owner {
	char *name;
	bool asked;
	struct name_service_answer answer; /* valid if `asked` */
};

struct unknown_owners {
	struct unknown_owner *items;
	size_t n;
	size_t n_asked; /* the first ones, which were all looked up */
	size_t allocated;
	struct hash index;
};

/* Returns whether it is known to which user lines with this owner belong. */
typedef bool (*unknown_owners_known_fn)(const struct entry *entry, void *context);
/* Takes an owner with an account. Returns 0 or -ENOMEM. */
typedef int (*unknown_owners_take_fn)(const struct unknown_owner *owner, void *context);

/* The users for unknown_owners_find_names(). */
struct unknown_owners_names {
	unknown_owners_known_fn known;
	unknown_owners_take_fn take;
	void *context;
};

int unknown_owners_add(struct unknown_owners *owners, const char *name, size_t len);
int unknown_owners_add_lines(struct unknown_owners *owners, const struct table *table,
			     struct range range, unknown_owners_known_fn known,
			     void *context);
int unknown_owners_find_names(struct unknown_owners *owners, const struct table *table,
			      struct range range, const struct lookup *lookup,
			      const struct unknown_owners_names *names);
int unknown_owners_name(struct unknown_owners *owners, const struct table *table,
			struct range range, const struct lookup *lookup,
			struct owner *owner);
int unknown_owners_ask(struct unknown_owners *owners, const struct lookup *lookup);
int unknown_owners_ask_canonical(struct unknown_owners *owners,
				 const struct lookup *lookup);
const struct account *unknown_owners_canonical(const struct unknown_owners *owners,
					       const char *name, size_t len);
bool unknown_owners_are_silent(const struct unknown_owners *owners, const char *name,
			       size_t len);
const struct unknown_owner *unknown_owners_find(const struct unknown_owners *owners,
						const char *name, size_t len);
void unknown_owners_cleanup(struct unknown_owners *owners);

#endif
