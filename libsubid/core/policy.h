/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy: the rules of a site, see subid.d(5): which ids are for which users.
 *
 *	policy_add_text ...	each file, in the order of their names
 *	policy_close		when all are in: compares the rules with each other
 *	policy_resolve ...
 */
#ifndef SUBID_POLICY_H
#define SUBID_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/hash.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/range.h"

/* A part of the text that the caller keeps; not terminated. */
struct policy_word {
	const char *text;
	size_t len;
};

/* The line of a rule. */
struct policy_place {
	uint32_t file; /* as given to policy_add_text() */
	uint32_t line;
};

/* `reserve`: ids that no one gets. */
struct policy_reserve {
	struct range ids;
	bool kinds[2]; /* uids, gids */
	struct policy_word why;
	struct policy_place place;
};

/* `pool`: ids that only the users assigned to it get. */
struct policy_pool {
	struct policy_word name;
	struct range ids;
	uint64_t count; /* how many each user gets; 0: as login.defs(5) says */
	uint64_t align; /* as in struct alloc_request */
	struct policy_place place;
};

enum policy_by {
	POLICY_BY_UIDS = 1,
	POLICY_BY_GROUP,
	POLICY_BY_USER,
};

/* `assign`: the pool of some users. */
struct policy_assign {
	enum policy_by by;
	struct range uids;	  /* POLICY_BY_UIDS */
	struct policy_word name;  /* of the group or user */
	struct policy_word where; /* the name of the pool */
	size_t pool;		  /* its index, after policy_close() */
	uint64_t count;		  /* likewise, 0: as login.defs(5) says */
	bool by_uid;		  /* the place follows from the uid: */
	uint64_t base;		  /* the uid that has the begin of the pool */
	bool login;		  /* a login may give the ids, see pam_subid(8) */
	struct policy_place place;
};

/* A name in a line `share`; names of one line have the same place. */
struct policy_share {
	struct policy_word owner;
	struct policy_place place;
};

/* `owner`: has no account on purpose. */
struct policy_owner {
	struct policy_word name;
	struct policy_place place;
};

/* `retire`: what happens to ids that are taken from a user. */
struct policy_retire {
	enum {
		POLICY_RETIRE_UNSET,   /* there is no rule: as POLICY_RETIRE_OFF */
		POLICY_RETIRE_OFF,     /* they are free at once */
		POLICY_RETIRE_FOREVER, /* until `subid release` */
		POLICY_RETIRE_DAYS,    /* until they are needed after @days */
	} how;
	uint64_t days;
	struct policy_place place;
};

enum policy_why {
	POLICY_UNKNOWN = 1, /* the word is no rule */
	POLICY_MISSING,	    /* words are missing after it */
	POLICY_EXTRA,	    /* the word has no meaning here */
	POLICY_RANGE,	    /* it is no range FIRST-LAST */
	POLICY_NUMBER,	    /* it is no number, or too large */
	POLICY_NAME,	    /* it cannot be a name */
	POLICY_LONG,	    /* the line is too long */
	POLICY_CONTROL,	    /* the line has a control character */
	POLICY_LINES,	    /* there are too many lines */
	POLICY_TWICE,	    /* the pool of this name is there already: @other */
	POLICY_NO_POOL,	    /* there is no pool of this name */
	POLICY_MEETS,	    /* pools share ids: @other */
	POLICY_RESERVED,    /* ids of the pool are reserved: @other, or by the system */
	POLICY_SMALL,	    /* not all users fit into the pool: @fits of @wanted */
	POLICY_UNSIZED,	    /* by-uid, but no count */
	POLICY_BELOW,	    /* uids begin below by-uid */
	POLICY_MIXED,	    /* another rule places users elsewise in the pool: @other */
	POLICY_RETIRED,	    /* there is another rule `retire`: @other */
};

struct policy_error {
	int why; /* an enum policy_why */
	struct policy_place place;
	struct policy_word word;
	const char *form;	   /* of such a rule, for people; or NULL */
	struct policy_place other; /* line 0: none */
	uint64_t fits;
	uint64_t wanted;
};

struct policy {
	struct policy_reserve *reserves;
	size_t n_reserves, allocated_reserves;
	struct policy_pool *pools;
	size_t n_pools, allocated_pools;
	struct policy_assign *assigns;
	size_t n_assigns, allocated_assigns;
	struct policy_share *shares;
	size_t n_shares, allocated_shares;
	struct policy_owner *owners;
	size_t n_owners, allocated_owners;
	struct policy_retire retire;
	bool retire_is_wrong;	     /* a rule `retire` has an error */
	struct policy_error *errors; /* in the order in which they were found */
	size_t n_errors, allocated_errors;
	uint32_t *unnamed; /* indices of rules `assign` with group= */
	size_t n_unnamed;
	uint32_t *by_start; /* indices of pools, ascending by their ids */
	struct hash pool_names;
	size_t lines;
};

/* Who is asked about. */
struct policy_user {
	uint64_t uid; /* ID_NONE: no account */
	/* The index of the first rule with user= or uids= that is about the user,
	 * n_assigns if there is none; NULL: each is asked about. */
	const size_t *named;
	/* Returns whether the user has this name. */
	bool (*is_named)(void *context, struct policy_word name);
	/* Returns 1 if the user is a member, 0 if not, or -errno. */
	int (*is_member)(void *context, struct policy_word group);
	void *context;
};

/* Which names of rules mean a user or an owner. */
struct policy_name {
	bool (*is_named)(void *context, struct policy_word name);
	void *context;
};

enum {
	POLICY_NONE = 1, /* no rule assigns a pool */
	POLICY_OUTSIDE,	 /* the place of this uid is not in the pool */
};

int policy_add_text(struct policy *policy, uint32_t file, const char *text, size_t len);
int policy_close(struct policy *policy);
int policy_resolve(const struct policy *policy, const struct policy_user *user,
		   const struct policy_assign **ret_assign);
int policy_place_by_uid(const struct policy *policy, const struct policy_assign *assign,
			uint64_t uid, struct range *ret_range);
int policy_find_uids(const struct policy *policy, size_t pool, struct range_set *uids);
bool policy_gives_at_login(const struct policy *policy,
			   const struct policy_assign *assign, uint64_t uid,
			   struct range uids);
const struct policy_pool *policy_pool_in(const struct policy *policy, struct range range);
const struct policy_reserve *policy_reserve_next(const struct policy *policy, bool group,
						 struct range range,
						 const struct policy_reserve *previous,
						 struct range *ret_common);
size_t policy_share_end(const struct policy *policy, size_t first);
bool policy_may_share(const struct policy *policy, const struct policy_name *a,
		      const struct policy_name *b);
void policy_cleanup(struct policy *policy);

/* Returns whether there is no rule about who gets ids, and no error. */
static inline bool policy_is_empty(const struct policy *policy)
{
	return policy->n_reserves + policy->n_pools + policy->n_assigns +
		       policy->n_shares + policy->n_owners + policy->n_errors ==
	       0;
}

/*
 * Returns whether ids that are taken from a user are retired; also if the rule is wrong,
 * since that loses nothing.
 */
static inline bool policy_retires(const struct policy *policy)
{
	return policy->retire.how >= POLICY_RETIRE_FOREVER || policy->retire_is_wrong;
}

/* Copies a name of a rule; all are at most LIMIT_OWNER_BYTES long. */
static inline void policy_word_copy(struct policy_word word,
				    char ret_name[static LIMIT_OWNER_BYTES + 1])
{
	__builtin_memcpy(ret_name, word.text, word.len);
	ret_name[word.len] = '\0';
}

static inline bool policy_word_is(struct policy_word word, const char *text, size_t len)
{
	return word.len == len && len > 0 && __builtin_memcmp(word.text, text, len) == 0;
}

/*
 * What the files of the parser share.
 */

int policy_fail(struct policy *policy, const struct policy_error *error);

#endif
