/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * identity: the ids and capabilities of programs other than the map writers.
 */
#ifndef SUBID_IDENTITY_H
#define SUBID_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

bool identity_is_elevated(void);
int identity_become(uid_t uid, gid_t gid);
int identity_drop(void);

#endif
