/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crowd: those who are to get ranges: one user, the lines of a file, or all users.
 */
#ifndef SUBID_CROWD_H
#define SUBID_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/edit.h"
#include "libsubid/store/allocate.h"
#include "libsubid/user/people.h"

struct crowd {
	struct people people;
	struct allocate_item *items; /* one for each of the people */
	uint64_t *lines;	     /* where each stands in the file, from 1 */
	size_t allocated;
	const char *source; /* the name of the file in messages; NULL: there is none */
	size_t bad;	    /* lines that are wrong; they are told */
};

/* Of all users, those. */
struct crowd_filter {
	struct range uids;
	const char *group; /* NULL: of any */
};

int crowd_add(struct crowd *crowd, const char *name);
int crowd_read(struct crowd *crowd, const char *path);
int crowd_add_users(struct crowd *crowd, struct edit *edit, const struct accounts *roster,
		    const struct crowd_filter *filter);
int crowd_resolve(struct crowd *crowd, struct edit *edit, const struct accounts *roster,
		  bool no_account);
void crowd_cleanup(struct crowd *crowd);

#endif
