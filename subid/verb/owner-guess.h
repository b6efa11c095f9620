/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * owner-guess: guesses which user an owner without an account means: one who was renamed,
 * or one whose login name is written wrongly.
 */
#ifndef SUBID_OWNER_GUESS_H
#define SUBID_OWNER_GUESS_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"

enum {
	OWNER_GUESS_NONE =
		1, /* nothing shows that the owner has become another account */
};

int owner_guess_renamed(int directory, const struct accounts *users, const char *owner,
			uint32_t *ret_uid, bool *ret_by_home);
bool owner_guess_alike(const char *owner, const char *login);
const char *owner_guess_likely(const struct accounts *users, const char *owner);

#endif
