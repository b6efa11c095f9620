/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * local: users for whom the name service need not be asked, since it would find them in
 * the local passwd file.
 */
#ifndef SUBID_LOCAL_H
#define SUBID_LOCAL_H

#include <sys/types.h>

#include "libsubid/sys/account.h"

enum {
	LOCAL_UNSURE = 1, /* the name service is to be asked */
};

int local_user(const char *name, struct account *ret_account);
int local_uid(uid_t uid, struct account *ret_account);
int local_user_in(const char *path, const char *name, struct account *ret_account);
int local_uid_in(const char *path, uid_t uid, struct account *ret_account);

#endif
