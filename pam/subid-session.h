/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * subid-session: the program that gives a range at a login, and its exit statuses.
 */
#ifndef SUBID_SESSION_H
#define SUBID_SESSION_H

#define SESSION_PROGRAM "subid-session"

enum session_status {
	SESSION_DONE = 0,     /* the user has ranges now */
	SESSION_FAILED = 1,   /* stderr says why not */
	SESSION_NO_USER = 2,  /* there is no such user */
	SESSION_NOT_FOR = 3,  /* a login gives no ids to this user */
	SESSION_NOT_RUN = 64, /* the program could not be started; the errno is lost */
};

#endif
