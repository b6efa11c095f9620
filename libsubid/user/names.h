/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * names: finds the user with a name, among many.
 */
#ifndef SUBID_NAMES_H
#define SUBID_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/hash.h"

struct names_slot {
	size_t text; /* where the name begins */
	size_t len;
	size_t person; /* the user with this name, as a number that the caller has chosen
			*/
	/* Digits: the uid of one account and the login name of another. */
	bool disputed;
};

/* Begins zeroed, and belongs to one thread. */
struct names {
	char *text; /* all names, each followed by a NUL */
	size_t text_len;
	size_t text_allocated;
	struct names_slot *slots;
	size_t n;
	size_t allocated;
	struct hash index; /* of the slots, by name */
	uint64_t marks;	   /* each name sets one bit, see mark_of() */
};

enum {
	NAMES_TWICE = 1, /* the name is there already */
};

struct names_slot *names_find(const struct names *names, const char *name, size_t len);
int names_put_text(struct names *names, const char *name, size_t len, size_t *ret_at);
int names_put(struct names *names, const char *name, size_t len, size_t person);
void names_cleanup(struct names *names);

#endif
