/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lookup: looks a user up by name or uid.
 */
#ifndef SUBID_LOOKUP_H
#define SUBID_LOOKUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/account.h"
#include "libsubid/user/name-service.h"

/* Where users are looked up. */
struct lookup {
	int directory; /* that of passwd(5); AT_FDCWD: the running system's */
	/* The name service would give the answer of passwd(5). */
	bool files_first;
	/* And there is no other service: a user who is not in it does not exist. */
	bool files_alone;
	/* NULL: the file alone, of a system that is not running. */
	const struct name_service *service;
};

struct lookup lookup_live(int directory, const struct nsswitch *nsswitch,
			  const struct name_service *service);
int lookup_name(const struct lookup *lookup, const char *name,
		struct account *ret_account);
int lookup_uid(const struct lookup *lookup, uid_t uid, struct account *ret_account);
int lookup_word(const struct lookup *lookup, const char *word,
		struct account *ret_account);

#endif
