/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owners: the users that lines name, without a question to the name service a line.
 */
#ifndef SUBID_OWNERS_H
#define SUBID_OWNERS_H

#include <stdint.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/roster.h"
#include "subid/names.h"
#include "subid/verb.h"

/* How long the name service may take for all owners that are not local. */
#define OWNERS_SECONDS 2

struct owners {
	const struct verb_place *place;
	struct roster users; /* local ones */
	bool others;	     /* the name service knows more than these */
	struct names asked;  /* its answers */
	int64_t waited;	     /* in milliseconds */
	bool gave_up;	     /* some owners were not asked for */
};

/* A user, as a word on the command line names it: by login name or uid. */
struct user {
	const char *word; /* NULL: nobody has typed one */
	char name[LIMIT_OWNER_BYTES +
		  1]; /* the login name; the word where there is none */
	bool exists;
	bool has_uid;
	uint32_t uid;
	uint32_t gid; /* the primary group of one that exists */
};

#define OWNERS_NONE         \
	{                   \
		.waited = 0 \
	}

int owners_start(struct owners *owners, const struct verb_place *place);
bool owners_local_uid(const struct owners *owners, const struct entry *entry,
		      uint32_t *ret_uid);
bool owners_uid(struct owners *owners, const struct entry *entry, uint32_t *ret_uid);
int owners_user(const struct owners *owners, const char *word, struct user *ret_user);
int owners_user_of(const struct owners *owners, uint32_t uid, struct user *ret_user);
bool owners_is(const struct owners *owners, const struct user *user,
	       const struct entry *entry);
void owners_end(struct owners *owners);
void owners_cleanup(struct owners *owners);

#endif
