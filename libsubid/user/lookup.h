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

/* How to look up users. */
struct lookup {
	int directory; /* of passwd(5); AT_FDCWD: that of the running system */
	/* The name service reads passwd(5) first. */
	bool files_first;
	/* There is no other service: a user that is not in the file does not exist. */
	bool files_alone;
	/* NULL: only the file, of a system that is not running. */
	const struct name_service *service;
};

struct lookup lookup_by_nsswitch(int directory, const struct nsswitch *nsswitch,
				 const struct name_service *service);
struct lookup lookup_live(int directory, const struct nsswitch *nsswitch,
			  const struct name_service *service);
int lookup_name(const struct lookup *lookup, const char *name,
		struct account *ret_account);
int lookup_uid(const struct lookup *lookup, uid_t uid, struct account *ret_account);
int lookup_word(const struct lookup *lookup, const char *word,
		struct account *ret_account);

#endif
