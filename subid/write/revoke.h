/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * revoke: shared by `subid revoke`, `subid retire` and `subid release`.
 */
#ifndef SUBID_REVOKE_H
#define SUBID_REVOKE_H

#include <stdbool.h>
#include <stddef.h>

#include "command/policy-report.h"
#include "libsubid/core/range.h"
#include "libsubid/store/retired.h"
#include "subid/verb/in-use.h"
#include "subid/write/change.h"

/* A user on the command line, or the owner of lines with ids of --range. */
struct revoke_user {
	const char *name;
	struct owner owner;
	struct in_use in_use;
	bool skipped; /* named before, or does not exist and need not */
	bool nothing; /* has none of the ids */
};

struct revoke {
	struct change_options change;
	const struct verb *verb;
	struct revoke_user *users;
	size_t n_users;
	size_t n_named; /* on the command line; 0: the owners of --range are found */
	bool all;
	bool as_name; /* an owner that is a uid and a login name is the login name */
	bool as_uid;  /* ... is the uid */
	bool if_held; /* succeed if there is nothing to revoke */
	bool in_use;  /* also revoke ids that processes use */
	bool frees;   /* whatever the policy says */
	bool retires; /* the ids are not free afterwards */
	char rule[POLICY_PLACE_BYTES]; /* which says so; "": none */
	bool takes_any;		       /* --range is enough, without a user */
	struct range_set ranges;       /* the ids to revoke */
	bool kinds[2];		       /* the databases to change */
	struct retired retired;
	struct edit edit;
};

extern const struct option_row revoke_rows[];

int revoke_run_verb(const struct verb *verb, bool retires, int argc, char **argv);
int revoke_take_range(void *target, const struct option_row *row, const char *argument);
void revoke_describe(const struct revoke *revoke, const char *word,
		     char text[static CHANGE_TEXT_BYTES]);

/*
 * retire-owners.c.
 */

int retire_by_policy(struct revoke *revoke);
bool retire_report_retired(const struct revoke *revoke, const struct revoke_user *user);
void retire_find_uid(const struct edit *edit, struct owner *owner);
int retire_find_owners(struct revoke *revoke);
int retire_put_free(struct revoke *revoke);
int retire_write_records(const struct edit *edit, const struct retired *retired);

#endif
