/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * likely-user: guesses the user that is meant by an owner that no login can have.
 */
#ifndef SUBID_LIKELY_USER_H
#define SUBID_LIKELY_USER_H

#include "libsubid/core/accounts.h"

const char *likely_user(const struct accounts *users, const char *owner);

#endif
