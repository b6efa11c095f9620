/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grant-users: the users that get ranges: one user, those in a file, or all users.
 */
#ifndef SUBID_GRANT_USERS_H
#define SUBID_GRANT_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/edit.h"
#include "libsubid/store/allocate.h"
#include "libsubid/user/owner-set.h"

struct grant_users {
	struct owner_set people;
	struct allocate_item *items; /* one for each user */
	uint64_t *lines;	     /* line number of each user in the file, from 1 */
	size_t allocated;
	const char *source; /* name of the file in messages; NULL: no file */
	size_t bad;	    /* number of wrong lines, which have been reported */
	bool network;	    /* users of the name service are found by what it says */
	struct range uids;  /* network: only users with these uids */
};

/* Chooses some of all local users. */
struct grant_users_filter {
	struct range uids;
	const char *group;	   /* NULL: any group */
	bool network;		   /* also users of the name service, */
	struct range network_uids; /* with these uids */
};

int grant_users_add(struct grant_users *crowd, const char *name);
int grant_users_read(struct grant_users *crowd, const char *path);
int grant_users_add_users(struct grant_users *crowd, struct edit *edit,
			  const struct accounts *roster,
			  const struct grant_users_filter *filter);
int grant_users_add_uids(struct grant_users *crowd, struct range uids);
int grant_users_add_network(struct grant_users *crowd, struct edit *edit,
			    const struct accounts *roster,
			    const struct grant_users_filter *filter,
			    const struct owner_set *members);
void grant_users_leave_out(struct grant_users *crowd);
int grant_users_resolve(struct grant_users *crowd, struct edit *edit,
			const struct accounts *roster, bool no_account);
void grant_users_cleanup(struct grant_users *crowd);

#endif
