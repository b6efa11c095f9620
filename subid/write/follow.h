/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * follow: shared by the source files of `subid follow`.
 */
#ifndef SUBID_FOLLOW_H
#define SUBID_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "command/known-owners.h"
#include "libsubid/store/retired.h"
#include "subid/write/change.h"

/* One look at accounts and lines, which may end in a change. */
struct follow_pass {
	const struct follow *follow;
	struct edit edit;
	struct follow_users users;
	struct owner_records known; /* owners when it last ran */
	struct owner_records now;   /* ... and now */
	struct retired retired;
	struct owner_set shown; /* owners whose lines changed */
	char *old_text;		/* of the file with the known owners */
	size_t old_len;
	char *text; /* the new one */
	size_t len;
	bool reports;	 /* report what is left to root, and change nothing */
	bool undecided;	 /* something is left to root */
	int silent;	 /* why the name service did not answer about a user, or 0 */
	bool knows_some; /* the name service knows an owner who is not in passwd(5) */
	bool doubtful;	 /* it knows none, and says that a user is gone */
};

struct follow {
	struct change_options change;
	bool network; /* also owners that are not in passwd(5) */
};

enum follow_state {
	FOLLOW_SAME,	/* name and uid are those of one account */
	FOLLOW_RENAMED, /* the uid has another name */
	FOLLOW_GONE,	/* there is certainly no such user */
	FOLLOW_UNCLEAR, /* it is left to root */
	FOLLOW_LEFT,	/* not asked about, or no answer */
};

/* What a known owner is now. */
struct follow_fate {
	enum follow_state state;
	const char *name; /* the owner as it was */
	uint32_t uid;
	bool has_lines;	 /* FOLLOW_UNCLEAR: by that name or uid */
	bool name_taken; /* FOLLOW_UNCLEAR: it was renamed, and another has its name */
	const char *new_name; /* FOLLOW_RENAMED, FOLLOW_UNCLEAR */
	uint32_t new_uid;     /* FOLLOW_UNCLEAR: of the login name; or ID_NONE */
};

int follow_judge(struct follow_pass *pass, const struct owner_record *record,
		 struct follow_fate *ret_fate);
int follow_change(struct follow_pass *pass);
int follow_record(struct follow_pass *pass);

#endif
