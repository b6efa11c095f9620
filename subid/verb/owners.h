/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owners: a cache of the users that lines name, so that NSS is not asked for each line.
 */
#ifndef SUBID_OWNERS_H
#define SUBID_OWNERS_H

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

struct owners {
	const struct verb_place *place;
	struct accounts users;	    /* local users; empty after owners_start_named() */
	struct owners_named *named; /* users of owners_user() that have an account */
	bool everybody;		    /* started by owners_start() */
	struct nsswitch nsswitch;
	bool others[2]; /* by group: NSS may know users, groups that are not local */
	struct nss_client asker;
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

#define OWNERS_NONE           \
	{                     \
		.named = NULL \
	}

int owners_start(struct owners *owners, const struct verb_place *place);
int owners_start_named(struct owners *owners, const struct verb_place *place);
bool owners_local_uid(const struct owners *owners, const struct entry *entry,
		      uint32_t *ret_uid);
bool owners_uid(struct owners *owners, const struct entry *entry, uint32_t *ret_uid);
int owners_user(struct owners *owners, const char *word, struct user *ret_user);
int owners_user_of(struct owners *owners, uint32_t uid, struct user *ret_user);
int owners_account(struct owners *owners, const struct account *account,
		   struct owner **ret_owner);
bool owners_is(const struct user *user, const struct entry *entry);
void owners_note_silent(struct owners *owners, int r);
int owners_unread(struct owners *owners, const struct kind *kind, int r);
bool owners_tell_apart(const struct owners *owners);
int owners_status(const struct owners *owners);
void owners_cleanup(struct owners *owners);

#endif
