/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owner-set: a set of owners, each with all names that lines may have for it.
 *
 *	owner_set_add ...		by name, or a resolved owner
 *	owner_set_add_users	or users of the passwd file
 *	owner_set_resolve		find accounts and other names
 *	owner_set_find_names	find names in the name service
 *	owner_set_find ...		find the owner of a line
 */
#ifndef SUBID_OWNER_SET_H
#define SUBID_OWNER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/range.h"
#include "libsubid/user/names.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/unknown-owners.h"

enum person_status {
	OWNER_SET_KNOWN = 0,
	OWNER_SET_NONE,	    /* no such user */
	OWNER_SET_SAME,	    /* a duplicate: has the uid of owner `same` */
	OWNER_SET_NOT_YET,  /* to be resolved */
	OWNER_SET_LEFT_OUT, /* the caller gives it nothing */
};

/* OWNER_SET_KNOWN, but without an account: only the name counts. */
#define OWNER_SET_NO_UID ((uid_t)-1)

struct owner_set_user {
	size_t name; /* the added name, see owner_set_name() */
	size_t name_len;
	size_t login; /* the name for new lines, see owner_set_login() */
	size_t login_len;
	bool by_uid; /* another user has the login name: use the uid in new lines */
	uid_t uid;
	int status; /* an enum person_status, or -errno: no answer */
	size_t same;
};

struct owner_set {
	struct owner_set_user *items;
	size_t n;
	size_t allocated;
	struct names names; /* of all of them */
};

enum {
	OWNER_SET_DUPLICATE =
		NAMES_TWICE, /* the name is there already, *ret_index says where */
};

/* Which accounts owner_set_add_users() adds. */
struct owner_set_filter {
	struct range uids;
	bool by_group;
	gid_t gid;			 /* by_group: users with this primary group */
	const struct owner_set *members; /* by_group: and these users */
};

int owner_set_add(struct owner_set *people, const char *name, size_t len,
		  size_t *ret_index);
int owner_set_add_text(struct owner_set *people, const char *name, size_t len);
int owner_set_add_owner(struct owner_set *people, const struct owner *owner);
int owner_set_add_users(struct owner_set *people, const struct accounts *users,
			const struct owner_set_filter *filter);
int owner_set_resolve(struct owner_set *people, const struct accounts *users,
		      const struct lookup *lookup, bool no_account);
int owner_set_find_names(struct owner_set *people, struct unknown_owners *unknown,
			 const struct table *table, struct range range,
			 const struct lookup *lookup);
bool owner_set_find(const struct owner_set *people, const char *name, size_t len,
		    size_t *ret_index);
void owner_set_cleanup(struct owner_set *people);

static inline const char *owner_set_name(const struct owner_set *people, size_t index)
{
	return people->names.text + people->items[index].name;
}

static inline const char *owner_set_login(const struct owner_set *people, size_t index)
{
	return people->names.text + people->items[index].login;
}

#endif
