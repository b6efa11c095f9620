/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * people: a set of owners, each with all names that lines may have for it.
 *
 *	people_add ...		by name, or a resolved owner
 *	people_add_users	or users of the passwd file
 *	people_resolve		find accounts and other names
 *	people_find_names	find names in the name service
 *	people_find ...		find the owner of a line
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
	PERSON_NONE,	/* no such user */
	PERSON_INVALID, /* no line can have the name */
	PERSON_SAME,	/* a duplicate: has the uid of owner `same` */
	PERSON_NOT_YET, /* to be resolved */
};

/* PERSON_KNOWN, but without an account: only the name counts. */
#define PERSON_NO_UID ((uid_t)-1)

struct person {
	size_t name; /* the added name, see people_name() */
	size_t name_len;
	size_t login; /* the name for new lines, see people_login() */
	size_t login_len;
	bool by_uid; /* another user has the login name: use the uid in new lines */
	uid_t uid;
	int status; /* an enum person_status, or -errno: no answer */
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

/* Which accounts people_add_users() adds. */
struct people_filter {
	struct range uids;
	bool by_group;
	gid_t gid;		      /* by_group: users with this primary group */
	const struct people *members; /* by_group: and these users */
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
