/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * known-users: names that are found without the name service.
 */
#ifndef SUBID_KNOWN_USERS_H
#define SUBID_KNOWN_USERS_H

#include <stddef.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/kind.h"

/* The directory of the files is open at @directory. */
typedef void (*known_name_fn)(void *context, const char *name, size_t len);
typedef void (*known_line_fn)(void *context, const struct entry *entry);

void known_accounts_each(int directory, const struct kind *kind, known_name_fn take,
			 void *context);
void known_lines_each(int directory, const struct kind *kind, known_line_fn take,
		      void *context);
void known_users_suggest(const char *program, int directory, const char *name);

#endif
