/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user-cache: a cache of the users that lines name, so that NSS is not asked for each
 * line.
 */
#ifndef SUBID_USER_CACHE_H
#define SUBID_USER_CACHE_H

#include <stdint.h>

#include "helper/nss-client.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/lookup.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/passwd-file.h"
#include "libsubid/user/unknown-owners.h"
#include "subid/verb/lines.h"
#include "subid/verb/verb.h"

/* A user that was looked up by name or uid. */
struct owners_named {
	struct owner owner;
	struct owners_named *next;
};

struct user_cache {
	const struct verb_place *place;
	struct accounts users; /* local users; empty after user_cache_start_named() */
	struct owners_named *named; /* users of user_cache_user() that have an account */
	bool all_users;		    /* started by user_cache_start() */
	struct nsswitch nsswitch;
	bool others[2]; /* by group: NSS may know users, groups that are not local */
	struct helper asker;
	struct unknown_owners asked; /* owners looked up in the name service */
	bool silent;		     /* NSS does not answer, which has been reported */
	bool unread[2]; /* by group: the file is unreadable, which has been reported */
};

/* A user that the command line names by login name or uid. */
struct user {
	const char *word;
	char name[LIMIT_OWNER_BYTES +
		  1]; /* the login name, or the word if there is none */
	bool exists;
	bool has_uid;
	uint32_t uid;
	uint32_t gid;	     /* the primary group, if the user exists */
	struct owner *owner; /* all names, if the user exists */
};

#define USER_CACHE_NONE       \
	{                     \
		.named = NULL \
	}

int user_cache_start(struct user_cache *owners, const struct verb_place *place);
int user_cache_start_named(struct user_cache *owners, const struct verb_place *place);
bool user_cache_local_uid(const struct user_cache *owners, const struct entry *entry,
			  uint32_t *ret_uid);
bool user_cache_uid(struct user_cache *owners, const struct entry *entry,
		    uint32_t *ret_uid);
int user_cache_user(struct user_cache *owners, const char *word, struct user *ret_user);
int user_cache_user_of(struct user_cache *owners, uint32_t uid, struct user *ret_user);
int user_cache_account(struct user_cache *owners, const struct account *account,
		       struct owner **ret_owner);
bool user_cache_is(const struct user *user, const struct entry *entry);
void user_cache_note_silent(struct user_cache *owners, int r);
int user_cache_unread(struct user_cache *owners, const struct kind *kind, int r);
bool user_cache_is_sure(const struct user_cache *owners);
int user_cache_status(const struct user_cache *owners);
void user_cache_cleanup(struct user_cache *owners);

#endif
