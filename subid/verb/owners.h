/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owners: the users that lines name, without a question to the name service a line.
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

/* One who is asked about by name. */
struct owners_named {
	struct owner owner;
	struct owners_named *next;
};

struct owners {
	const struct verb_place *place;
	struct accounts users; /* local ones, unless a few are all that is asked about: */
	struct owners_named *named; /* those of owners_user() who have an account */
	bool everybody;		    /* all users are asked about */
	struct nsswitch nsswitch;
	bool others[2]; /* the name service knows more users, groups, than local ones */
	struct nss_client asker;
	struct unknown_owners asked; /* those it was asked about */
	bool silent;		     /* it does not answer, which has been reported */
	bool unread[2]; /* local users, groups: they are none here, and it is told */
};

/* A user, as a word on the command line names it: by login name or uid. */
struct user {
	const char *word;
	char name[LIMIT_OWNER_BYTES +
		  1]; /* the login name; the word where there is none */
	bool exists;
	bool has_uid;
	uint32_t uid;
	uint32_t gid;	     /* the primary group of one that exists */
	struct owner *owner; /* all names of one that exists */
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
