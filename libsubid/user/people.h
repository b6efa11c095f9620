/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * people: many owners at once, each by all the names that a database may have for it.
 *
 *	people_add ...		by name, from a list or an owner that is known already
 *	people_add_users	or all users of the passwd file
 *	people_resolve		who they are, and by what other names they go
 *	people_find_names	names that only the name service knows
 *	people_find ...		whose a line is
 */
#ifndef SUBID_PEOPLE_H
#define SUBID_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/range.h"
#include "libsubid/user/names.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/unknown-owners.h"

enum person_status {
	PERSON_KNOWN = 0,
	PERSON_NONE,	/* there is no such user */
	PERSON_INVALID, /* no database can hold the name */
	PERSON_SAME,	/* has the uid of another one of these people: `same` */
	PERSON_NOT_YET, /* to be resolved */
};

/* PERSON_KNOWN, but without an account: lines are found by the name alone. */
#define PERSON_NO_UID ((uid_t)-1)

struct person {
	size_t name; /* as it was added, see people_name() */
	size_t name_len;
	size_t login; /* the name that new lines have, see people_login() */
	size_t login_len;
	bool by_uid; /* but these are another user's name: new lines have the uid */
	uid_t uid;
	int status; /* an enum person_status, or -errno: the name service did not answer
		     */
	size_t same;
};

struct people {
	struct person *items;
	size_t n;
	size_t allocated;
	struct names names; /* of all of them */
};

enum {
	PEOPLE_TWICE = NAMES_TWICE, /* the name is there already, *ret_index says where */
};

/* Of which accounts people_add_users() takes those whose uid is among `uids`. */
struct people_filter {
	struct range uids;
	bool by_group;
	gid_t gid;		      /* by_group: whose primary group it is, */
	const struct people *members; /* or who is one of these */
};

int people_add(struct people *people, const char *name, size_t len, size_t *ret_index);
int people_add_owner(struct people *people, const struct owner *owner);
int people_add_users(struct people *people, const struct accounts *users,
		     const struct people_filter *filter);
int people_resolve(struct people *people, const struct accounts *users,
		   const struct lookup *lookup, bool no_account);
int people_find_names(struct people *people, struct unknown_owners *unknown,
		      const struct table *table, struct range range,
		      const struct lookup *lookup);
bool people_find(const struct people *people, const char *name, size_t len,
		 size_t *ret_index);
void people_cleanup(struct people *people);

static inline const char *people_name(const struct people *people, size_t index)
{
	return people->names.text + people->items[index].name;
}

static inline const char *people_login(const struct people *people, size_t index)
{
	return people->names.text + people->items[index].login;
}

#endif
