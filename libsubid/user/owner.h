/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owner: the names of a user, and the rule which lines belong to the user.
 *
 * A line belongs to a user if its owner field is the login name, the uid in its one
 * spelling, another login name of that uid in the local passwd file, the name that the
 * caller used for the user, or a name that has that uid in the name service. Digits are a
 * uid if an account has it.
 *
 *	owner_init, owner_find		with the names of the local files
 *	owner_add_name			a name that the name service has confirmed
 *	owner_is			the rule
 */
#ifndef SUBID_OWNER_H
#define SUBID_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/line-prefix.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/account.h"
#include "libsubid/user/lookup.h"

struct owner {
	struct account account; /* number only if `by_number` */
	bool by_name;		/* lines with the login name are the owner's */
	bool by_number;		/* lines with the uid are the owner's */
	/* Another account has the login name as its uid, or the uid as its login name. */
	bool ambiguous_name;
	bool ambiguous_number;
	bool name_is_own;      /* in the passwd file the owner has the login name */
	bool name_is_of_other; /* another user has it: do not use it in new lines */
	char **names;	       /* other names; none is digits */
	size_t n;
	size_t allocated;
	size_t checked; /* names checked by owner_init() */
};

enum {
	OWNER_INVALID = 1, /* no line can have this owner */
};

void owner_set(struct owner *owner, const struct account *account);
int owner_init(struct owner *owner, const struct account *account, int directory);
int owner_find(struct owner *owner, const char *word, const struct lookup *lookup,
	       bool or_uid);
int owner_add_name(struct owner *owner, const char *name, size_t len);
void owner_check_digits(struct owner *owner, const struct lookup *lookup);
bool owner_is_digits(const struct owner *owner, const char *text, size_t len);
void owner_choose_digits(struct owner *owner, bool as_uid, bool as_name);
bool owner_has_account(const struct owner *owner);
bool owner_is_number(const char *name, size_t len);
bool owner_is(const struct entry *entry, void *context);
bool owner_is_text(const struct owner *owner, const char *text, size_t len);
bool owner_begins(const char *line, size_t len, const void *context);
int owner_next_entry(struct owner *owner, struct scan *scan, struct entry *ret_entry);
bool owner_starts(const struct owner *owner, struct line_prefixes *ret_starts);
void owner_cleanup(struct owner *owner);

#endif
