/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crowd: the users that get ranges: one user, those in a file, or all users.
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
	struct allocate_item *items; /* one for each user */
	uint64_t *lines;	     /* line number of each user in the file, from 1 */
	size_t allocated;
	const char *source; /* name of the file in messages; NULL: no file */
	size_t bad;	    /* number of wrong lines, which have been reported */
};

/* Chooses some of all local users. */
struct crowd_filter {
	struct range uids;
	const char *group; /* NULL: any group */
};

int crowd_add(struct crowd *crowd, const char *name);
int crowd_read(struct crowd *crowd, const char *path);
int crowd_add_users(struct crowd *crowd, struct edit *edit, const struct accounts *roster,
		    const struct crowd_filter *filter);
int crowd_resolve(struct crowd *crowd, struct edit *edit, const struct accounts *roster,
		  bool no_account);
void crowd_cleanup(struct crowd *crowd);

#endif
