/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * renamed: which account the owner of old lines has become.
 */
#ifndef SUBID_RENAMED_H
#define SUBID_RENAMED_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"

enum {
	RENAMED_NONE = 1, /* nothing shows that the owner has become another account */
};

int renamed_find(int directory, const struct accounts *users, const char *owner,
		 uint32_t *ret_uid, bool *ret_by_home);

#endif
