/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owner: a user by all the names that a database may have for it.
 */
#ifndef SUBID_OWNER_H
#define SUBID_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/entry.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/scan.h"

struct owner {
	struct account account;
	char **aliases; /* other login names with the same uid */
	size_t n;
};

/* Who knows accounts by name. */
enum owner_where {
	OWNER_SERVICE,	   /* the name service */
	OWNER_FILES_FIRST, /* the same; it looks into the passwd file of the folder first
			    */
	OWNER_FILE,	   /* that file alone: a system that is not running */
};

enum {
	OWNER_INVALID = 1, /* no line can have this owner */
};

int owner_init(struct owner *owner, const struct account *account, int folder);
int owner_init_here(struct owner *owner, const struct account *account);
bool owner_is_number(const char *name, size_t len);
int owner_account(const char *name, int folder, enum owner_where where,
		  struct account *ret_account);
int owner_find(struct owner *owner, const char *name, int folder, enum owner_where where);
bool owner_has_account(const struct owner *owner);
bool owner_begins(const char *line, size_t len, const void *context);
bool owner_is(const struct entry *entry, void *context);
int owner_next_entry(struct owner *owner, struct scan *scan, struct entry *ret_entry);
void owner_cleanup(struct owner *owner);

#endif
