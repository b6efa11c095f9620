/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * login-check: who gets a range at a login, as far as files say.
 */
#ifndef SUBID_LOGIN_CHECK_H
#define SUBID_LOGIN_CHECK_H

#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/policy-files.h"
#include "libsubid/sys/settings.h"
#include "libsubid/user/owner.h"

enum login_answer {
	LOGIN_HAS_RANGES = 1, /* of both kinds */
	LOGIN_NOT_FOR,	      /* a login gives no ids to this user */
	LOGIN_NO_USER,	      /* there is certainly no such user */
	LOGIN_NOT_FILES,      /* nsswitch.conf does not name the files */
	LOGIN_ASK,	      /* the files do not say, or a range is missing */
};

int login_check(const char *login);
int login_may_get(const struct owner *owner, const struct lookup *lookup,
		  const struct nsswitch *nsswitch, const struct policy *policy,
		  const struct settings *settings);

#endif
