// SPDX-License-Identifier: BSD-3-Clause
/*
 * likely-user: guesses the user that is meant by an owner that no login can have.
 */
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/printable.h"
#include "subid/verb/likely-user.h"

/* The uids of users, as useradd(8) gives them by default. */
#define UID_OF_USERS	 1000
#define UID_BEHIND_USERS 60001

/* The only local user with a uid of users, if there is no other one. */
static const char *find_only_user(const struct accounts *users)
{
	size_t i = accounts_lower_bound(users, UID_OF_USERS);

	if (i == users->sorted || accounts_at(users, i)->id >= UID_BEHIND_USERS)
		return NULL;
	if (i + 1 < users->sorted && accounts_at(users, i + 1)->id < UID_BEHIND_USERS)
		return NULL;
	return accounts_name(users, accounts_at(users, i));
}

/*
 * Returns the user that such an owner most likely means: without marks and in lower case;
 * or for a variable of a shell, the only user. NULL: none.
 */
const char *likely_user(const struct accounts *users, const char *owner)
{
	char name[LIMIT_OWNER_BYTES + 5];
	const struct accounts_item *user;
	bool variable = false;
	size_t n = 0;

	for (; *owner && n < sizeof(name) - 1; owner++) {
		unsigned char c = (unsigned char)*owner;

		variable |= c == '$';
		if (strchr("\"'`<>*{}()[]|;&!?#%^=,/~$+-@", c) || c <= ' ' || c >= 0x7f)
			continue;
		name[n++] = ascii_lower_case((char)c);
	}
	name[n] = '\0';
	user = accounts_by_name(users, name, n);
	if (!user) {
		size_t zeros = strspn(name, "0");

		user = accounts_by_owner(users, name + zeros, n - zeros).by_uid;
	}
	return user	? accounts_name(users, user) :
	       variable ? find_only_user(users) :
			  NULL;
}
